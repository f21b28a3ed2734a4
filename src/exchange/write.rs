//! Writing files on a stick, or anywhere else: whole or not at all.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{ExchangeError, MAX_LISTED, read};

/// How the name of a file begins that is not whole yet; then come [`RANDOM`] letters and digits.
const TEMPORARY: &str = ".countersign-";
const RANDOM: usize = 6;

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

/// Makes `folder`, and those that it is in, where they are not there.
///
/// # Errors
/// [`ExchangeError`] where it cannot be made.
pub fn make_folder(folder: &Path) -> Result<(), ExchangeError> {
    std::fs::create_dir_all(folder).map_err(|source| ExchangeError::Io {
        path: folder.to_owned(),
        action: "created",
        source,
    })
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

/// Removes the temporary files in `folder` of writers that were killed before they came to their
/// end. What cannot be removed stays; it is in nobody's way. A writer that is at work there at the
/// same moment fails, as on a stick that was pulled.
pub fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MAX_LISTED);
    for entry in entries.filter_map(Result::ok) {
        if is_temporary(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether it is a name as [`put`] gives to what is not whole yet.
fn is_temporary(name: &OsStr) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(TEMPORARY.as_bytes());
    random.is_some_and(|r| r.len() == RANDOM && r.iter().all(u8::is_ascii_alphanumeric))
}

/// Tries whether a file could be written at `path`, by writing another one beside it.
///
/// # Errors
/// [`ExchangeError`] where the folder is missing or not writable.
pub fn try_folder_of(path: &Path) -> Result<(), ExchangeError> {
    let folder = folder_of(path);
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "written", source };
    temporary(folder).map_err(error)?;
    Ok(())
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
    let mut file = temporary(folder).map_err(error)?;
    io::copy(content, &mut file).map_err(error)?;
    file.as_file().sync_all().map_err(error)?;
    match replace {
        Replace::Never => file.persist_noclobber(path).map_err(|e| error(e.error))?,
        Replace::Whole => file.persist(path).map_err(|e| error(e.error))?,
    };
    Ok(())
}

/// A file that is not whole yet, and is gone again where nobody renames it.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .rand_bytes(RANDOM)
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(plain)
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_what_a_killed_writer_left_is_swept() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        let others = ["a", ".countersign-notes", ".countersign-abc", ".other-abcdef"];
        for name in others.iter().chain(&[".countersign-a1B2c3"]) {
            std::fs::write(at(name), "").expect("written");
        }
        std::fs::create_dir(at(".countersign-folder")).expect("made");
        std::os::unix::fs::symlink("a", at(".countersign-linked")).expect("link");
        sweep(folder.path());
        sweep(&at("missing"));
        assert!(!at(".countersign-a1B2c3").exists());
        assert!(others.iter().all(|name| at(name).exists()));
        assert!(at(".countersign-folder").exists() && at(".countersign-linked").exists());
    }

    #[test]
    fn what_is_swept_is_what_is_written() {
        let folder = tempfile::tempdir().expect("folder");
        let file = temporary(folder.path()).expect("made").keep().expect("kept");
        sweep(folder.path());
        assert!(!file.1.exists());
    }
}
