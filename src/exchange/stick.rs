//! Files on a stick, or in any folder that somebody else can write to.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

/// Most names of a folder that are looked at.
pub const MAX_LISTED: usize = 200_000;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The operating system said no.
    #[error("{} cannot be {action}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// A link, device, pipe or folder where a file is expected.
    #[error("{} is not a regular file: {actual}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        actual: &'static str,
    },
    /// More bytes than are read.
    #[error("{} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// More names than anybody looks at.
    #[error("{} holds more than {MAX_LISTED} files", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// Something else is there already.
    #[error("{} exists already, with other content", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A name that would leave the folder.
    #[error("{name:?} is not a plain file name")]
    Name {
        /// The name.
        name: OsString,
    },
}

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

/// Writes `name` into `folder`, whole or not at all: a temporary file, synced, then renamed. A
/// file that is there already with the same content is left alone.
///
/// # Errors
/// [`ExchangeError`] where the name is not plain, other content is there, or the medium is full
/// or gone; nothing is left behind.
pub fn write(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, ExchangeError> {
    if Path::new(name).file_name() != Some(OsStr::new(name)) {
        return Err(ExchangeError::Name { name: name.into() });
    }
    let path = folder.join(name);
    match read(folder, OsStr::new(name), content.len()) {
        Ok(there) if there == content => return Ok(path),
        Ok(_) | Err(ExchangeError::TooLong { .. } | ExchangeError::NotAFile { .. }) => {
            return Err(ExchangeError::Exists { path });
        }
        Err(ExchangeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    put(folder, &path, content, Replace::Never)?;
    sync_folder(folder)?;
    Ok(path)
}

/// Writes a file at `path`, whole or not at all, in place of what was there.
///
/// # Errors
/// [`ExchangeError`] where the medium is full, gone or not writable; what was there stays.
pub fn write_path(path: &Path, content: &[u8]) -> Result<(), ExchangeError> {
    let folder = folder_of(path);
    put(folder, path, content, Replace::Whole)?;
    sync_folder(folder)
}

/// Tries whether a file could be written at `path`, by writing another one beside it.
///
/// # Errors
/// [`ExchangeError`] where the folder is missing or not writable.
pub fn try_folder_of(path: &Path) -> Result<(), ExchangeError> {
    let folder = folder_of(path);
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "written", source };
    tempfile::Builder::new()
        .prefix(".countersign-")
        .tempfile_in(folder)
        .map_err(plain)
        .map_err(error)?;
    Ok(())
}

/// The system's error alone: the temporary file's name means nothing to anybody.
fn plain(error: io::Error) -> io::Error {
    error
        .raw_os_error()
        .or_else(|| inner_os_error(&error))
        .map_or(error, io::Error::from_raw_os_error)
}

fn inner_os_error(error: &io::Error) -> Option<i32> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(code) = cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(code);
        }
        source = cause.source();
    }
    None
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// As [`write_path`], for one of many files in a folder: its content is on the medium, its name
/// only after the next [`sync_folder`].
///
/// # Errors
/// See [`write_path`].
pub fn write_many(path: &Path, content: &[u8]) -> Result<(), ExchangeError> {
    put(folder_of(path), path, content, Replace::Whole)
}

/// As [`write_path`], for content that need not fit in memory.
///
/// # Errors
/// See [`write_path`]; where reading fails, too.
pub fn write_from(path: &Path, content: &mut dyn io::Read) -> Result<(), ExchangeError> {
    let folder = folder_of(path);
    put_from(folder, path, content, Replace::Whole)?;
    sync_folder(folder)
}

/// Waits until the names in `folder` are on the medium.
///
/// # Errors
/// [`ExchangeError`] where the medium is gone.
pub fn sync_folder(folder: &Path) -> Result<(), ExchangeError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|source| ExchangeError::Io {
        path: folder.to_owned(),
        action: "synced",
        source,
    })
}

#[derive(Clone, Copy)]
enum Replace {
    Never,
    Whole,
}

fn put(folder: &Path, path: &Path, content: &[u8], replace: Replace) -> Result<(), ExchangeError> {
    put_from(folder, path, &mut io::Cursor::new(content), replace)
}

fn put_from(
    folder: &Path,
    path: &Path,
    content: &mut dyn io::Read,
    replace: Replace,
) -> Result<(), ExchangeError> {
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "written", source };
    let mut file = tempfile::Builder::new()
        .prefix(".countersign-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(plain)
        .map_err(error)?;
    io::copy(content, &mut file).map_err(error)?;
    file.as_file().sync_all().map_err(error)?;
    match replace {
        Replace::Never => file.persist_noclobber(path).map_err(|e| error(e.error))?,
        Replace::Whole => file.persist(path).map_err(|e| error(e.error))?,
    };
    Ok(())
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

    #[test]
    fn other_content_is_not_overwritten_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().expect("folder");
        write(folder.path(), "a", b"one").expect("first");
        write(folder.path(), "a", b"one").expect("the same again");
        let other = write(folder.path(), "a", b"two");
        assert!(matches!(other, Err(ExchangeError::Exists { .. })));
        let names: Vec<_> = std::fs::read_dir(folder.path()).expect("list").collect();
        assert_eq!(names.len(), 1);
    }
}
