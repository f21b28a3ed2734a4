//! Opening a file without surprises, and hashing it.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, ResolveFlags, Stat};
use rustix::io::Errno;
use sha2::Digest as _;

use super::Place;
use crate::digest::Sha256;
use crate::exchange::{READ_FLAGS, not_a_file};

/// Told of each piece that was read: how many bytes. Called from several threads.
pub type Progress<'a> = dyn Fn(u64) + Sync + 'a;

/// Bytes that are read at once; 128 and 256 KiB were no faster (docs/developing.md, Benchmarks).
const BUFFER: usize = 64 << 10;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or a link leads to none.
    #[error("it does not exist")]
    Missing,
    /// Something else than a file.
    #[error("it is {0}")]
    NotAFile(&'static str),
    /// A path that leads out of the module by its own words.
    #[error("its path names no file within the module")]
    Outside,
    /// It changed while it was read.
    #[error("it changed while it was read")]
    Changed,
    /// The operating system said no.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Self::Missing,
            Errno::NXIO => Self::NotAFile("a socket"),
            other => Self::Io(other.into()),
        }
    }
}

/// Opens the file at a path within `folder`, whose canonical path is `root`.
pub(super) fn open(
    folder: &OwnedFd,
    root: &Path,
    path: &str,
) -> Result<(OwnedFd, Place), ReadError> {
    let resolve = ResolveFlags::NO_SYMLINKS;
    match rustix::fs::openat2(folder, path, READ_FLAGS, Mode::empty(), resolve) {
        Ok(fd) => Ok((fd, Place::Inside)),
        // A link; or a kernel before 5.6, or a filter of system calls that knows none since.
        Err(Errno::LOOP | Errno::NOSYS | Errno::PERM) => {
            let target = root.join(path).canonicalize().map_err(of_io)?;
            let fd = open_at(&target)?;
            Ok((fd, place(root, &target)))
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Opens the file at a path of this machine, links followed.
pub(super) fn open_at(path: &Path) -> Result<OwnedFd, ReadError> {
    Ok(rustix::fs::openat(CWD, path, READ_FLAGS, Mode::empty())?)
}

/// Where a canonical path is.
pub(super) fn place(root: &Path, target: &Path) -> Place {
    if target.starts_with(root) { Place::Inside } else { Place::Outside }
}

fn of_io(error: io::Error) -> ReadError {
    match error.raw_os_error() {
        Some(code) => Errno::from_raw_os_error(code).into(),
        None => ReadError::Io(error),
    }
}

/// Hashes a file to its end. A small one costs five system calls: open, examine, read, examine
/// again, close.
pub(super) fn digest(file: &OwnedFd, progress: &Progress<'_>) -> Result<Sha256, ReadError> {
    thread_local! {
        static BYTES: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
    }
    BYTES.with_borrow_mut(|bytes| digest_with(file, bytes, progress))
}

fn digest_with(
    file: &OwnedFd,
    bytes: &mut [u8],
    progress: &Progress<'_>,
) -> Result<Sha256, ReadError> {
    let before = rustix::fs::fstat(file)?;
    if let Some(actual) = not_a_file(FileType::from_raw_mode(before.st_mode)) {
        return Err(ReadError::NotAFile(actual));
    }
    let mut hash = sha2::Sha256::new();
    let mut length: u64 = 0;
    loop {
        let count = match rustix::io::read(file, &mut *bytes) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        hash.update(&bytes[..count]);
        length += count as u64;
        if count > 0 {
            progress(count as u64);
        }
        // A short read at the expected end is the end: that it still is, is asked below.
        if count == 0 || (count < bytes.len() && length == size(&before)) {
            break;
        }
    }
    let after = rustix::fs::fstat(file)?;
    if length != size(&after) || changed(&before) != changed(&after) {
        return Err(ReadError::Changed);
    }
    Ok(Sha256::from_bytes(hash.finalize().into()))
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// When the content changed last, and its size.
fn changed(stat: &Stat) -> (i64, i64, u64) {
    (stat.st_mtime, stat.st_mtime_nsec as i64, size(stat))
}
