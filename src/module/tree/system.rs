//! The files of a whole system: of this one, or of another whose files are under a folder.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2, readlinkat};

/// Names a place, and opens nothing that is there.
const NAME: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// A system's files.
#[derive(Debug)]
pub struct System {
    /// None for the system that runs us.
    root: Option<OwnedFd>,
}

impl System {
    /// The system whose files are under `root`.
    ///
    /// # Errors
    /// Where `root` cannot be opened, or is not `/` and the kernel is older than Linux 5.6.
    pub fn under(root: &Path) -> io::Result<Self> {
        if root == Path::new("/") {
            return Ok(Self { root: None });
        }
        let root = openat(CWD, root, NAME | OFlags::DIRECTORY, Mode::empty())?;
        openat2(&root, ".", NAME, Mode::empty(), ResolveFlags::IN_ROOT)?;
        Ok(Self { root: Some(root) })
    }

    /// The path, on the system that runs us, of what is at an absolute path of this system. A link
    /// on the way leads where it leads there. None where nothing is there.
    pub fn find(&self, path: &Path) -> Option<PathBuf> {
        let Some(root) = &self.root else { return Some(path.to_owned()) };
        let found = openat2(root, path, NAME, Mode::empty(), ResolveFlags::IN_ROOT).ok()?;
        let name = format!("/proc/self/fd/{}", found.as_raw_fd());
        let path = readlinkat(CWD, name, Vec::new()).ok()?;
        Some(OsString::from_vec(path.into_bytes()).into())
    }
}
