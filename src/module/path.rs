//! Which names of files can stand in a list, so that FreePBX reads of the list what we wrote.
//!
//! FreePBX reads the list with PHP's `parse_ini_string`. What that does to a name is in
//! [`super::ini`]; the rules here follow from it, and a test holds them against PHP.

/// Longest path, in bytes (PATH_MAX of Linux).
const MAX_PATH: usize = 4096;
/// Longest name of a file or folder, in bytes (NAME_MAX of Linux).
const MAX_NAME: usize = 255;

/// Why a name cannot stand in a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// PHP fails on the whole list, and FreePBX checks no file of the module at all.
    #[error("FreePBX could not read the list: {0:?} in a name breaks its parser")]
    Breaks(char),
    /// The same, by a name that is a word of INI.
    #[error("FreePBX could not read the list: the name {0:?} is a reserved word of its parser")]
    Reserved(String),
    /// `;` begins a comment, so FreePBX never checks the file.
    #[error("FreePBX would not see it: \";\" begins a comment")]
    Dropped,
    /// FreePBX would look for a file of another name.
    #[error("FreePBX would look for another file: spaces at the ends of a name are lost")]
    Trimmed,
    /// A line break or another control character.
    #[error("it has the control character U+{0:04X}")]
    Control(u32),
    /// Bytes that are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It begins with `/`.
    #[error("it is absolute")]
    Absolute,
    /// Empty, or with an empty part, `.` or `..`: it names no file within the module.
    #[error("it has the part {0:?}, which names no file within the module")]
    Part(String),
    /// Longer than a path can be.
    #[error("it is longer than a path can be")]
    TooLong,
}

/// Characters that end PHP's reading with an error, wherever they are in a name.
const BREAKING: &[char] = &['(', ')', '{', '}', '[', '!', '&', '|', '^', '~', '=', '"', '$'];
/// Names that are values to PHP, in any case.
const RESERVED: [&str; 8] = ["yes", "no", "true", "false", "on", "off", "null", "none"];

/// Whether a path within a module can stand in a list.
///
/// # Errors
/// [`BadName`] with the first reason why not.
pub fn judge(path: &[u8]) -> Result<&str, BadName> {
    let text = str::from_utf8(path).map_err(|_| BadName::NotUtf8)?;
    if text.starts_with('/') {
        return Err(BadName::Absolute);
    }
    judge_text(text)?;
    parts(text)?;
    Ok(text)
}

/// The same for the system form, whose paths are absolute.
///
/// # Errors
/// [`BadName`] with the first reason why not.
pub(super) fn judge_absolute(path: &[u8]) -> Result<&str, BadName> {
    let text = str::from_utf8(path).map_err(|_| BadName::NotUtf8)?;
    judge_text(text)?;
    parts(text.strip_prefix('/').ok_or_else(|| BadName::Part(String::new()))?)?;
    Ok(text)
}

fn judge_text(text: &str) -> Result<(), BadName> {
    if text.len() > MAX_PATH {
        return Err(BadName::TooLong);
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(BadName::Control(c.into()));
    }
    if let Some(c) = text.chars().find(|c| BREAKING.contains(c)) {
        return Err(BadName::Breaks(c));
    }
    if RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Err(BadName::Reserved(text.to_owned()));
    }
    if text.contains(';') {
        return Err(BadName::Dropped);
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(BadName::Trimmed);
    }
    Ok(())
}

fn parts(text: &str) -> Result<(), BadName> {
    for part in text.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err(BadName::Part(part.to_owned()));
        }
        if part.len() > MAX_NAME {
            return Err(BadName::TooLong);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_freepbx_reads_as_written_are_good() {
        let good =
            ["a", ".htaccess", "-x", "a b/c d", "é/ü", "a@+#%*,:<>?'`\\]b", "yes.php", "a/no"];
        for name in good {
            assert_eq!(judge(name.as_bytes()), Ok(name));
        }
    }

    #[test]
    fn every_other_name_is_refused_with_its_reason() {
        for c in BREAKING {
            assert_eq!(judge(format!("a{c}b").as_bytes()), Err(BadName::Breaks(*c)));
        }
        for word in ["yes", "No", "NULL"] {
            assert_eq!(judge(word.as_bytes()), Err(BadName::Reserved(word.to_owned())));
        }
        let long = "a".repeat(256);
        let longer = "a/".repeat(2048) + "a";
        let cases: [(&[u8], BadName); 13] = [
            (b"a;b", BadName::Dropped),
            (b" a", BadName::Trimmed),
            (b"a ", BadName::Trimmed),
            (b"a\nb", BadName::Control(10)),
            (b"a\0b", BadName::Control(0)),
            (b"\xe9", BadName::NotUtf8),
            (b"/etc/passwd", BadName::Absolute),
            (b"a/../b", BadName::Part("..".to_owned())),
            (b"./a", BadName::Part(".".to_owned())),
            (b"a//b", BadName::Part(String::new())),
            (b"", BadName::Part(String::new())),
            (long.as_bytes(), BadName::TooLong),
            (longer.as_bytes(), BadName::TooLong),
        ];
        for (name, reason) in cases {
            assert_eq!(judge(name), Err(reason), "{}", name.escape_ascii());
        }
    }
}
