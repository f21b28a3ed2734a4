//! A package unpacked: all of it, verified, or nothing.
//!
//! What is unpacked stands in a folder of its own, closed to others, until the signature at the
//! package's end was seen; then it gets its name. Where the machine stops in between, a folder
//! `.countersign-…` remains, which nothing ever reads.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::RawName;
use super::archive::{self, ArchiveError, Contents, Demand, Executable, Kind, Limits};

/// How folders are opened: as folders only, never through a link.
const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A package that was unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The module's folder.
    pub folder: PathBuf,
    /// What it was.
    pub contents: Contents,
}

/// Why nothing was unpacked. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The package was refused.
    #[error("the package was not unpacked")]
    Archive(#[from] ArchiveError),
    /// There is something of that name.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
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
}

/// Unpacks a package (`.tgz` or `.tgz.gpg`) as the new folder `into`/raw name. Where `raw_name` is
/// given, it must be that module. Modes are 0644, 0755 for folders and programs, less the umask.
///
/// # Errors
/// [`UnpackError`] where the package is refused (see [`archive::read`]), where such a folder is
/// there, or where it cannot be written.
pub fn unpack(
    untrusted: impl Read + Send + Sync,
    into: &Path,
    raw_name: Option<&RawName>,
    demand: &Demand<'_>,
    limits: &Limits,
) -> Result<Unpacked, UnpackError> {
    let failed = |action| {
        let path = into.to_owned();
        move |source: io::Error| UnpackError::Io { path, action, source }
    };
    let absent = |name: &RawName| match into.join(name.as_str()).symlink_metadata() {
        Ok(_) => Err(UnpackError::Exists(into.join(name.as_str()))),
        Err(_) => Ok(()),
    };
    raw_name.map_or(Ok(()), absent)?;
    let temporary = tempfile::Builder::new().prefix(".countersign-").tempdir_in(into);
    let temporary = temporary.map_err(failed("written"))?;
    let made = temporary.path().join("module");
    let tree = Tree::new(&made).map_err(failed("written"))?;
    let contents =
        archive::read(untrusted, raw_name, demand, limits, |member| match &mut member.kind {
            Kind::Folder => tree.folder(member.path).map(drop),
            Kind::File { executable, content } => tree.file(member.path, *executable, content),
        })?;
    tree.sync().map_err(failed("written"))?;
    let folder = into.join(contents.raw_name.as_str());
    match rename_new(&made, &folder) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(UnpackError::Exists(folder)),
        Err(errno) => return Err(failed("written")(errno.into())),
    }
    File::open(into).and_then(|f| f.sync_all()).map_err(failed("synced"))?;
    Ok(Unpacked { folder, contents })
}

/// Gives a folder its name, unless something has it.
fn rename_new(from: &Path, to: &Path) -> Result<(), Errno> {
    let here = rustix::fs::CWD;
    rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE)
}

/// A new folder, and what is in it. No path leaves it: every part is opened from the one before,
/// and no link is followed.
struct Tree {
    root: OwnedFd,
}

impl Tree {
    fn new(path: &Path) -> io::Result<Self> {
        std::fs::create_dir(path)?;
        Ok(Self { root: rustix::fs::open(path, FOLDER, Mode::empty())? })
    }

    /// The folder of this path, made where it is not there.
    fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        let mut folder = self.root.try_clone()?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match rustix::fs::mkdirat(&folder, part, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
            folder = rustix::fs::openat(&folder, part, FOLDER, Mode::empty())?;
        }
        Ok(folder)
    }

    fn file(&self, path: &str, executable: Executable, content: &mut dyn Read) -> io::Result<()> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.folder(parent)?;
        let mode = match executable {
            Executable::Yes => Mode::from_raw_mode(0o755),
            Executable::No => Mode::from_raw_mode(0o644),
        };
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&folder, name, flags, mode)?);
        io::copy(content, &mut file).map(drop)
    }

    /// Waits until all of it is on the medium: one call for the whole file system, where a call
    /// for each of thousands of files would each wait for the disk.
    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.root)?)
    }
}

#[cfg(test)]
mod tests;
