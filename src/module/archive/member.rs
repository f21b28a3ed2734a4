//! A member of a package's tar, and what none may be.

use std::collections::HashMap;
use std::io::Read;

use super::ArchiveError;
use crate::module::RawName;
use crate::module::tree::MAX_DEPTH;

/// Longest path, in bytes.
pub(super) const MAX_PATH: usize = 1024;
/// Longest name of a file or folder, in bytes (NAME_MAX of Linux).
const MAX_NAME: usize = 255;

/// A file or folder of a package.
pub struct Member<'a> {
    /// Its path within the module, `/` between its parts; empty for the module's folder itself.
    pub path: &'a str,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a member is.
pub enum Kind<'a> {
    /// A folder.
    Folder,
    /// A file.
    File {
        /// Whether it is a program.
        executable: Executable,
        /// Its bytes.
        content: &'a mut dyn Read,
    },
}

/// Whether a file is a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executable {
    /// Its owner may run it.
    Yes,
    /// Nobody should.
    No,
}

/// Why a member is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMember {
    /// A symbolic or hard link.
    #[error("a link: a package holds files and folders only")]
    Link,
    /// A device or pipe.
    #[error("a device or pipe: a package holds files and folders only")]
    Special,
    /// A sparse file, a volume label and the like.
    #[error("a member of tar's type {0:?}: a package holds plain files and folders only")]
    Type(char),
    /// A name in another encoding than UTF-8.
    #[error("a name that is not UTF-8")]
    NotUtf8,
    /// A line break or another control character.
    #[error("a name with the control character U+{0:04X}")]
    Control(u32),
    /// Begins with `/`.
    #[error("an absolute path")]
    Absolute,
    /// `..`, `.` or nothing between two `/`.
    #[error("a path with the part {0:?}, which names no file")]
    Part(String),
    /// Longer than any module's.
    #[error("a path that is longer than {MAX_PATH} bytes")]
    TooLong,
    /// Not in the module's folder.
    #[error("the folder {actual:?} beside {expected}: a package holds one folder")]
    Top {
        /// The first part of its path.
        actual: String,
        /// The name of the one folder.
        expected: RawName,
    },
    /// The one folder has a name that no module has.
    #[error("the folder {0:?}, which is no module's name")]
    TopName(String),
    /// The module's folder is a file.
    #[error("a file in place of the module's folder")]
    TopFile,
    /// Folders in folders without end.
    #[error("a path of more than {MAX_DEPTH} folders")]
    TooDeep,
    /// There before.
    #[error("a path that is there twice")]
    Twice,
    /// In a folder that is a file.
    #[error("a path under a file")]
    UnderAFile,
    /// A folder with content.
    #[error("a folder with content")]
    Content,
    /// An extension header without, or with another than, what it belongs to.
    #[error("an extension header that cannot be read: {0}")]
    Extension(&'static str),
}

/// What is known of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    File,
    Folder,
    /// A folder of which only what is in it was there.
    Implied,
}

/// Judges the paths of a package, one after the other.
pub(super) struct Paths<'a> {
    expected: Option<&'a RawName>,
    top: Option<RawName>,
    seen: HashMap<String, Seen>,
}

/// What a path is the path of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    File,
    Folder,
}

impl<'a> Paths<'a> {
    pub(super) fn new(expected: Option<&'a RawName>) -> Self {
        Self { expected, top: None, seen: HashMap::new() }
    }

    /// The name of the one folder, if anything was there.
    pub(super) fn into_top(self) -> Option<RawName> {
        self.top
    }

    /// How many files and folders there are, folders that are only implied among them.
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }

    /// The path within the module.
    pub(super) fn judge(&mut self, path: &[u8], what: What) -> Result<String, ArchiveError> {
        self.place(path, what).map_err(|reason| ArchiveError::member(path, reason))
    }

    fn place(&mut self, path: &[u8], what: What) -> Result<String, BadMember> {
        let text = plain(path, what)?;
        let (top, rest) = text.split_once('/').unwrap_or((text, ""));
        self.check_top(top)?;
        if rest.is_empty() && what == What::File {
            return Err(BadMember::TopFile);
        }
        if rest.matches('/').count() > MAX_DEPTH {
            return Err(BadMember::TooDeep);
        }
        for (end, _) in rest.match_indices('/') {
            let parent = rest.get(..end).unwrap_or_default();
            match self.seen.get(parent) {
                Some(Seen::File) => return Err(BadMember::UnderAFile),
                Some(Seen::Folder | Seen::Implied) => {}
                None => {
                    self.seen.insert(parent.to_owned(), Seen::Implied);
                }
            }
        }
        let seen = match what {
            What::File => Seen::File,
            What::Folder => Seen::Folder,
        };
        match (self.seen.insert(rest.to_owned(), seen), what) {
            (None, _) | (Some(Seen::Implied), What::Folder) => Ok(rest.to_owned()),
            (Some(Seen::File | Seen::Folder | Seen::Implied), _) => Err(BadMember::Twice),
        }
    }

    fn check_top(&mut self, top: &str) -> Result<(), BadMember> {
        match self.expected.or(self.top.as_ref()) {
            Some(expected) if expected.as_str() != top => {
                return Err(ArchiveError::top(top, expected));
            }
            Some(_) | None => {}
        }
        if self.top.is_none() {
            let name = top.parse().map_err(|_| BadMember::TopName(top.to_owned()))?;
            self.top = Some(name);
        }
        Ok(())
    }
}

/// The path, of which every part names something. GNU tar writes `./` in front where it was told
/// to pack `./demo`, and `/` after a folder.
fn plain(path: &[u8], what: What) -> Result<&str, BadMember> {
    if path.len() > MAX_PATH {
        return Err(BadMember::TooLong);
    }
    let text = str::from_utf8(path).map_err(|_| BadMember::NotUtf8)?;
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(BadMember::Control(c.into()));
    }
    if text.starts_with('/') {
        return Err(BadMember::Absolute);
    }
    let text = text.strip_prefix("./").unwrap_or(text);
    let text = match what {
        What::Folder => text.strip_suffix('/').unwrap_or(text),
        What::File => text,
    };
    for part in text.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err(BadMember::Part(part.to_owned()));
        }
        if part.len() > MAX_NAME {
            return Err(BadMember::TooLong);
        }
    }
    Ok(text)
}
