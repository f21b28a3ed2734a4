//! Reading one folder.

use std::os::fd::OwnedFd;

use rustix::fs::{Dir, FileType, OFlags};
use rustix::io::Errno;

/// How folders are opened.
pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A folder by which it is known again: device and inode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(pub u64, pub u64);

/// A folder that is being read.
pub(super) struct Opened {
    pub dir: Dir,
    pub identity: Identity,
    /// By their bytes, each with what the folder says that it is.
    pub names: Vec<(Vec<u8>, FileType)>,
}

impl Opened {
    /// Reads a folder; one name more than `most` at most.
    pub fn read(folder: OwnedFd, most: usize) -> Result<Self, Errno> {
        let stat = rustix::fs::fstat(&folder)?;
        let mut dir = Dir::new(folder)?;
        let mut names = Vec::new();
        for entry in dir.by_ref() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push((name.to_vec(), entry.file_type()));
            }
            if names.len() > most {
                break;
            }
        }
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { dir, identity: Identity(stat.st_dev, stat.st_ino), names })
    }
}
