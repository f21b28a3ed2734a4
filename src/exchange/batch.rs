//! A batch of many messages in a folder: parted so that FAT32 holds it and a person can read it.
//!
//! ```text
//! recertify/INDEX.txt                     who is in it
//! recertify/001/00001-….request.asc       at most 1,000 to a folder, answers beside them
//! ```
//!
//! A folder of FAT32 has room for 65,536 entries, and a long name takes four or five.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use super::{ExchangeError, read, sweep, visit};
use crate::operation::OperationName;

/// Most messages that are put into one folder.
pub const PER_FOLDER: usize = 1_000;
/// Most folders of one batch that are looked into.
const MAX_FOLDERS: usize = 1_000;

/// The folder of a batch in which the message with this number, from 1, has its place.
pub fn batch_folder(operation: OperationName, number: usize) -> PathBuf {
    let folder = number.saturating_sub(1) / PER_FOLDER + 1;
    PathBuf::from(operation.as_str()).join(format!("{folder:03}"))
}

/// As [`visit`], in `folder` and in the batches in it: the folders named after an operation, and
/// the numbered folders in those. Other folders are left alone, and no link is followed. Each name
/// is given as its path from `folder` on.
///
/// # Errors
/// [`ExchangeError`] where a folder cannot be read, or a batch has too many of them.
pub fn visit_batches(
    folder: &Path,
    suffix: &str,
    most: usize,
    mut each: impl FnMut(PathBuf),
) -> Result<usize, ExchangeError> {
    let mut count = visit(folder, suffix, most, |name| each(name.into()))?;
    for operation in OperationName::ALL {
        let batch = PathBuf::from(operation.as_str());
        let mut places = vec![batch.clone()];
        if is_folder(&folder.join(&batch)) {
            places.extend(numbered(&folder.join(&batch))?.iter().map(|name| batch.join(name)));
        } else {
            continue;
        }
        for place in places {
            let left = most.saturating_sub(count);
            count += visit(&folder.join(&place), suffix, left, |name| each(place.join(name)))?;
            if count > most {
                return Ok(count);
            }
        }
    }
    Ok(count)
}

/// As [`sweep`], in `folder` and in the batches in it.
pub fn sweep_batches(folder: &Path) {
    sweep(folder);
    for operation in OperationName::ALL {
        let batch = folder.join(operation.as_str());
        if is_folder(&batch) {
            let places = numbered(&batch).unwrap_or_default();
            places.iter().for_each(|place| sweep(&batch.join(place)));
            sweep(&batch);
        }
    }
}

/// Reads the regular file at `path` in `folder`, at most `limit` bytes; no part of `path` may be a
/// link or lead out of `folder`.
///
/// # Errors
/// See [`read`].
pub fn read_beneath(folder: &Path, path: &Path, limit: usize) -> Result<Vec<u8>, ExchangeError> {
    let name = path.file_name().unwrap_or_default();
    read(&beneath(folder, path)?, name, limit)
}

/// Makes the folders in which `path` has its place in `folder`, and returns the whole path.
/// `folder` itself is never made: a stick that was pulled is not there.
///
/// # Errors
/// [`ExchangeError`] where a part of it is a link, leads elsewhere, or cannot be made.
pub fn make_place(folder: &Path, path: &Path) -> Result<PathBuf, ExchangeError> {
    let place = beneath(folder, path)?;
    let mut at = folder.to_owned();
    for part in path.parent().unwrap_or(Path::new("")).components() {
        at.push(part);
        match std::fs::create_dir(&at) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(ExchangeError::Io { path: at, action: "created", source });
            }
        }
    }
    Ok(place.join(path.file_name().unwrap_or_default()))
}

/// The folder of `path` in `folder`: plain names and no links all the way.
fn beneath(folder: &Path, path: &Path) -> Result<PathBuf, ExchangeError> {
    let mut at = folder.to_owned();
    for part in path.parent().unwrap_or(Path::new("")).components() {
        let Component::Normal(name) = part else {
            return Err(ExchangeError::Name { name: path.into() });
        };
        at.push(name);
        if at.is_symlink() {
            return Err(ExchangeError::NotAFile { path: at, actual: "a link" });
        }
    }
    Ok(at)
}

fn numbered(batch: &Path) -> Result<Vec<OsString>, ExchangeError> {
    let mut names = Vec::new();
    visit(batch, "", super::MAX_LISTED, |name| {
        if is_number(&name) && is_folder(&batch.join(&name)) && names.len() <= MAX_FOLDERS {
            names.push(name);
        }
    })?;
    if names.len() > MAX_FOLDERS {
        return Err(ExchangeError::TooMany { path: batch.to_owned() });
    }
    names.sort();
    Ok(names)
}

fn is_number(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    (1..=6).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|m| m.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        visit_batches(folder, ".x", 10, |path| names.push(path.display().to_string()))
            .expect("visited");
        names.sort();
        names
    }

    #[test]
    fn a_batch_is_looked_into_and_no_other_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "").expect("written");
        };
        for name in ["a.x", "recertify/b.x", "recertify/001/c.x", "recertify/001/deep/d.x"] {
            put(name);
        }
        for name in ["authority/requests/e.x", "blacklist/f.x", "recertify/new/g.x"] {
            put(name);
        }
        std::os::unix::fs::symlink(folder.path().join("blacklist"), folder.path().join("certify"))
            .expect("link");
        std::os::unix::fs::symlink("001", folder.path().join("recertify/002")).expect("link");
        assert_eq!(found(folder.path()), ["a.x", "recertify/001/c.x", "recertify/b.x"]);
    }

    #[test]
    fn no_more_is_looked_at_than_asked_for() {
        let folder = tempfile::tempdir().expect("folder");
        for number in 1..=30 {
            let path = folder.path().join(format!("recertify/{number:03}/a.x"));
            make_place(folder.path(), path.strip_prefix(folder.path()).expect("inside"))
                .expect("made");
            std::fs::write(path, "").expect("written");
        }
        assert_eq!(visit_batches(folder.path(), ".x", 10, |_| ()).expect("visited"), 11);
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_neither_read_nor_written() {
        let folder = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("/etc", folder.path().join("link")).expect("link");
        for path in ["link/passwd", "../x", "a/../../x"] {
            assert!(read_beneath(folder.path(), Path::new(path), 10).is_err(), "{path}");
            assert!(make_place(folder.path(), Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn a_stick_that_is_gone_is_not_made_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let gone = folder.path().join("stick");
        for path in ["a.x", "recertify/001/a.x"] {
            let made = make_place(&gone, Path::new(path));
            assert!(made.is_err() || path == "a.x", "{path}");
        }
        assert!(!gone.exists());
    }

    #[test]
    fn a_thousand_fit_into_a_folder() {
        let folder = |n| batch_folder(OperationName::Recertify, n).display().to_string();
        assert_eq!([folder(1), folder(1_000)], ["recertify/001", "recertify/001"]);
        assert_eq!([folder(1_001), folder(10_000)], ["recertify/002", "recertify/010"]);
    }
}
