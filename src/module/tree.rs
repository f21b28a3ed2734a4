//! The files of a module's folder: which belong in a list, what they hash to, and how they stand
//! against a list. The only part of this module that touches a disk.
//!
//! A file is opened by one call that follows no link anywhere on the way; only where that meets a
//! link, the link is followed, and the file is known to be inside or outside of the module. What
//! is opened is examined before it is read, so that a pipe or device cannot stop or answer us.
//! Each file is read once, to its end; a file whose size or time of change differs afterwards from
//! what it was before is not believed (two changes within one tick of the file system's clock that
//! keep the size go unnoticed).

mod compare;
mod folder;
mod read;
mod selection;
mod system;
mod walk;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::{Mode, OFlags};

use super::manifest::{Entry, MAX_ENTRIES};
use super::path::BadName;

pub use compare::Where;
pub use read::{Progress, ReadError};
pub use system::System;

/// Deepest folder that is looked into.
pub const MAX_DEPTH: usize = 64;

/// Which files belong in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// As the public tool does: no name that begins with a dot, links are followed.
    Public,
    /// As the project's own servers do: `.htaccess` too, but nothing under a folder `i18n`, and no
    /// `*.txt`.
    Official,
}

/// A module's folder and the files in it that belong in a list, in the list's order: the names of
/// each folder by their bytes, files and folders mixed.
#[derive(Debug)]
pub struct Tree {
    folder: OwnedFd,
    path: PathBuf,
    files: Vec<Found>,
    remarks: Vec<Remark>,
}

/// A file that belongs in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path within the module.
    pub path: String,
    /// Whether its content is within the module.
    pub place: Place,
}

/// Where a file is that a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the module's folder.
    Inside,
    /// Elsewhere: a link leads out.
    Outside,
}

/// Something in the folder that a person should know of. Paths are lossy, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A file or folder whose name begins with a dot: it is not listed.
    Hidden {
        /// Where.
        path: String,
    },
    /// A translation or text that the servers' rules leave out.
    LeftOut {
        /// Where.
        path: String,
    },
    /// Something else than a translation or a text where the servers' rules leave everything out:
    /// nobody signs it, and it may run.
    Stray {
        /// Where.
        path: String,
    },
    /// A link. What it leads to is listed.
    Link {
        /// Where.
        path: String,
        /// What it says.
        to: String,
        /// Where it ends.
        place: Place,
    },
    /// A link to nothing: it cannot be listed.
    Dangling {
        /// Where.
        path: String,
        /// What it says.
        to: String,
    },
    /// A link to a folder that it is in, or to itself. The public tool would run in circles.
    Loop {
        /// Where.
        path: String,
    },
    /// A pipe, device or socket: it cannot be listed.
    NotAFile {
        /// Where.
        path: String,
        /// What it is.
        actual: &'static str,
    },
    /// A folder that cannot be read.
    Unreadable {
        /// Where.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A file whose name cannot stand in a list.
    BadName {
        /// Where.
        path: String,
        /// Why.
        reason: BadName,
    },
}

/// Why a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The operating system said no.
    #[error("{} cannot be listed", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// More files than a list may have, or so many folders, hidden files and links.
    #[error("{} holds more than {MAX_ENTRIES} files", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// Folders in folders without end.
    #[error("{} holds folders more than {MAX_DEPTH} deep", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
}

/// A file that could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be hashed")]
pub struct HashError {
    /// Its path within the module.
    pub path: String,
    /// Why.
    pub source: ReadError,
}

impl Tree {
    /// Lists a module's folder. `module.sig` in it is not among its files.
    ///
    /// # Errors
    /// [`TreeError`] where it cannot be read or is beyond all bounds. What is odd about single
    /// files is in [`Tree::remarks`].
    pub fn list(folder: &Path, selection: Selection) -> Result<Self, TreeError> {
        let error = |source| TreeError::Io { path: folder.to_owned(), source };
        let path = folder.canonicalize().map_err(error)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, Mode::empty());
        let fd = fd.map_err(|errno| error(errno.into()))?;
        let mut tree = Self { folder: fd, path, files: Vec::new(), remarks: Vec::new() };
        walk::walk(&mut tree, selection)?;
        Ok(tree)
    }

    /// The files that belong in a list, in its order.
    pub fn files(&self) -> &[Found] {
        &self.files
    }

    /// What is odd about the folder, in the same order.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Hashes all files, on all processors, and tells `progress` of each piece that was read.
    ///
    /// # Errors
    /// Every file that cannot be hashed.
    pub fn hash(&self, progress: &Progress<'_>) -> Result<Vec<Entry>, Vec<HashError>> {
        let hash = |file: &Found| {
            let digest = self.open(&file.path).and_then(|(fd, _)| read::digest(&fd, progress));
            match digest {
                Ok(sha256) => Ok(Entry { path: file.path.clone(), sha256 }),
                Err(source) => Err(HashError { path: file.path.clone(), source }),
            }
        };
        let all: Vec<_> = self.files.par_iter().map(hash).collect();
        let mut entries = Vec::with_capacity(all.len());
        let mut errors = Vec::new();
        for result in all {
            match result {
                Ok(entry) => entries.push(entry),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(entries) } else { Err(errors) }
    }

    /// Opens a file of the folder; what it is was not examined.
    pub(super) fn open(&self, path: &str) -> Result<(OwnedFd, Place), ReadError> {
        read::open(&self.folder, &self.path, path)
    }
}

#[cfg(test)]
mod tests;
