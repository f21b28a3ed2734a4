//! Reading files on a stick, or in any folder that somebody else can write to: without trust.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};

use super::ExchangeError;

/// Most names of a folder that are looked at.
pub const MAX_LISTED: usize = 200_000;

/// The names in `folder` that end in `suffix`, sorted; at most `most` + 1 of them.
///
/// # Errors
/// See [`visit`].
pub fn list(folder: &Path, suffix: &str, most: usize) -> Result<Vec<OsString>, ExchangeError> {
    let mut names = Vec::new();
    visit(folder, suffix, most, |name| names.push(name))?;
    names.sort();
    Ok(names)
}

/// Hands each name in `folder` that ends in `suffix` to `each`, in no order, and stops looking
/// after `most` + 1 of them. Returns how many there were. Hidden files (the dust that desktops
/// leave on sticks) do not count.
///
/// # Errors
/// [`ExchangeError`] where the folder cannot be read.
pub fn visit(
    folder: &Path,
    suffix: &str,
    most: usize,
    mut each: impl FnMut(OsString),
) -> Result<usize, ExchangeError> {
    let error = |source| ExchangeError::Io { path: folder.to_owned(), action: "listed", source };
    let mut count = 0;
    for (at, entry) in std::fs::read_dir(folder).map_err(error)?.enumerate() {
        if at == MAX_LISTED {
            return Err(ExchangeError::TooMany { path: folder.to_owned() });
        }
        let name = entry.map_err(error)?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b".") || !bytes.ends_with(suffix.as_bytes()) {
            continue;
        }
        each(name);
        count += 1;
        if count > most {
            break;
        }
    }
    Ok(count)
}

/// Reads the regular file `name` in `folder`, at most `limit` bytes, following no link.
///
/// # Errors
/// [`ExchangeError`] where the name is not plain, the file is no regular file, is too long, or
/// cannot be read.
pub fn read(folder: &Path, name: &OsStr, limit: usize) -> Result<Vec<u8>, ExchangeError> {
    read_limited(open(folder, name)?, &folder.join(name), limit)
}

/// Opens the regular file `name` in `folder`, following no link, for a reader with limits of its
/// own.
///
/// # Errors
/// See [`read`].
pub(super) fn open(folder: &Path, name: &OsStr) -> Result<File, ExchangeError> {
    if Path::new(name).file_name() != Some(name) {
        return Err(ExchangeError::Name { name: name.to_owned() });
    }
    open_regular(&folder.join(name), OFlags::NOFOLLOW)
}

/// Reads the regular file at a path that a person gave: links are followed, nothing else differs
/// from [`read`].
///
/// # Errors
/// See [`read`].
pub fn read_path(path: &Path, limit: usize) -> Result<Vec<u8>, ExchangeError> {
    open_regular(path, OFlags::empty()).and_then(|file| read_limited(file, path, limit))
}

/// Opens the regular file at a path that a person gave, for a reader that has limits of its own.
///
/// # Errors
/// See [`read`].
pub fn open_path(path: &Path) -> Result<File, ExchangeError> {
    open_regular(path, OFlags::empty())
}

/// Opens without waiting for a pipe's other end and without touching a device, then looks at what
/// was opened rather than at what the name meant a moment before.
fn open_regular(path: &Path, flags: OFlags) -> Result<File, ExchangeError> {
    let fd: OwnedFd = match rustix::fs::open(path, READ_FLAGS | flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::LOOP) => {
            return Err(ExchangeError::NotAFile { path: path.to_owned(), actual: "a link" });
        }
        Err(rustix::io::Errno::NXIO) => {
            return Err(ExchangeError::NotAFile { path: path.to_owned(), actual: "a socket" });
        }
        Err(errno) => {
            let source = errno.into();
            return Err(ExchangeError::Io { path: path.to_owned(), action: "opened", source });
        }
    };
    let stat = rustix::fs::fstat(&fd).map_err(|errno| ExchangeError::Io {
        path: path.to_owned(),
        action: "examined",
        source: errno.into(),
    })?;
    match not_a_file(FileType::from_raw_mode(stat.st_mode)) {
        None => Ok(File::from(fd)),
        Some(actual) => Err(ExchangeError::NotAFile { path: path.to_owned(), actual }),
    }
}

/// How files from outside are opened: no pipe is waited for, no terminal taken over.
pub(crate) const READ_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// What it is, where it is no regular file.
pub(crate) fn not_a_file(kind: FileType) -> Option<&'static str> {
    match kind {
        FileType::RegularFile => None,
        FileType::Directory => Some("a folder"),
        FileType::Fifo => Some("a pipe"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        FileType::Socket => Some("a socket"),
        FileType::Symlink => Some("a link"),
        FileType::Unknown => Some("something else"),
    }
}

fn read_limited(file: File, path: &Path, limit: usize) -> Result<Vec<u8>, ExchangeError> {
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "read", source };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() > limit {
        return Err(ExchangeError::TooLong { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_regular_file_is_never_opened_for_reading() {
        let folder = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("link");
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), Mode::RUSR)
            .expect("pipe");
        for (name, what) in [("link", "a link"), ("pipe", "a pipe")] {
            match read(folder.path(), OsStr::new(name), 10) {
                Err(ExchangeError::NotAFile { actual, .. }) => assert_eq!(actual, what),
                other => panic!("{name}: {other:?}"),
            }
        }
        let device = read(Path::new("/dev"), OsStr::new("zero"), 10);
        assert!(matches!(device, Err(ExchangeError::NotAFile { actual: "a device", .. })));
        let outside = read(folder.path(), OsStr::new("../x"), 10);
        assert!(matches!(outside, Err(ExchangeError::Name { .. })));
    }
}
