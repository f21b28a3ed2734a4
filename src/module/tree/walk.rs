//! Walking a folder in the order of FreePBX's packaging tools.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Found, MAX_DEPTH, MAX_ENTRIES, Place, Remark, Selection, Tree, TreeError, read};
use crate::exchange::not_a_file;
use crate::module::path::judge;

/// The name that is not listed, in the module's own folder.
const SIGNATURE: &[u8] = b"module.sig";
/// Most names that are looked at: those of folders, hidden files and links count, too.
const MAX_NAMES: usize = 2 * MAX_ENTRIES;

/// Fills the tree's files and remarks.
pub(super) fn walk(tree: &mut Tree, selection: Selection) -> Result<(), TreeError> {
    let path = tree.path.clone();
    let folder = rustix::fs::openat(&tree.folder, ".", FOLDER, Mode::empty());
    let folder = folder.map_err(|errno| TreeError::Io { path, source: errno.into() })?;
    let mut walk =
        Walk { tree, selection, ancestors: Vec::new(), names: 0, around: Around::Listed };
    walk.folder(folder, &[], Place::Inside)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

struct Walk<'a> {
    tree: &'a mut Tree,
    selection: Selection,
    /// The folders that we are in.
    ancestors: Vec<Identity>,
    names: usize,
    around: Around,
}

/// What is around the folder that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Folders that are listed.
    Listed,
    /// A folder that the servers' rules leave out.
    LeftOut,
}

/// A folder by which it is known again: device and inode.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

/// A folder that is being read.
struct Opened {
    dir: Dir,
    identity: Identity,
    /// By their bytes, each with what the folder says that it is.
    names: Vec<(Vec<u8>, FileType)>,
}

/// A name in the folder at hand.
struct Item<'a> {
    folder: BorrowedFd<'a>,
    name: &'a [u8],
    /// Within the module.
    path: Vec<u8>,
    place: Place,
}

impl Item<'_> {
    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

impl Walk<'_> {
    fn folder(&mut self, folder: OwnedFd, path: &[u8], place: Place) -> Result<(), TreeError> {
        if self.ancestors.len() > MAX_DEPTH {
            return Err(TreeError::TooDeep { path: self.tree.path.clone() });
        }
        let Opened { dir, identity, names } = match self.read(folder) {
            Ok(read) => read,
            Err(errno) => {
                self.unreadable(path, errno);
                return Ok(());
            }
        };
        if names.len() > MAX_NAMES - self.names {
            return Err(TreeError::TooMany { path: self.tree.path.clone() });
        }
        self.names += names.len();
        self.ancestors.push(identity);
        for (name, kind) in &names {
            let path = if path.is_empty() { name.clone() } else { [path, b"/", name].concat() };
            let folder = match dir.fd() {
                Ok(folder) => folder,
                Err(errno) => {
                    self.unreadable(&path, errno);
                    continue;
                }
            };
            self.item(Item { folder, name, path, place }, *kind)?;
        }
        self.ancestors.pop();
        Ok(())
    }

    /// The names in a folder, by their bytes; one more than may come at most.
    fn read(&self, folder: OwnedFd) -> Result<Opened, Errno> {
        let stat = rustix::fs::fstat(&folder)?;
        let mut dir = Dir::new(folder)?;
        let mut names = Vec::new();
        for entry in dir.by_ref() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push((name.to_vec(), entry.file_type()));
            }
            if names.len() > MAX_NAMES - self.names {
                break;
            }
        }
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Opened { dir, identity: Identity(stat.st_dev, stat.st_ino), names })
    }

    fn item(&mut self, item: Item<'_>, kind: FileType) -> Result<(), TreeError> {
        if item.path == SIGNATURE {
            return Ok(());
        }
        if self.around == Around::LeftOut {
            return self.left_out(&item, kind);
        }
        match self.selection.takes(item.name) {
            Taken::Yes => {}
            Taken::Hidden => {
                self.remark(Remark::Hidden { path: item.shown() });
                return Ok(());
            }
            Taken::LeftOut => {
                self.around = Around::LeftOut;
                let walked = self.left_out(&item, kind);
                self.around = Around::Listed;
                return walked;
            }
        }
        let kind = match kind {
            FileType::Unknown => {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                match rustix::fs::statat(item.folder, item.name, flags) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(errno) => {
                        self.unreadable(&item.path, errno);
                        return Ok(());
                    }
                }
            }
            known => known,
        };
        match kind {
            FileType::RegularFile => self.file(&item),
            FileType::Symlink => self.link(item),
            FileType::Directory => self.enter(&item, OFlags::NOFOLLOW),
            other => {
                let actual = not_a_file(other).unwrap_or("something else");
                self.remark(Remark::NotAFile { path: item.shown(), actual });
                Ok(())
            }
        }
    }

    /// Nobody signs it. Translations and texts run nothing; whatever else is there is told apart.
    fn left_out(&mut self, item: &Item<'_>, kind: FileType) -> Result<(), TreeError> {
        const HARMLESS: [&[u8]; 4] = [b".mo", b".po", b".pot", b".txt"];
        let path = item.shown();
        match kind {
            FileType::Directory => return self.enter(item, OFlags::NOFOLLOW),
            FileType::RegularFile if HARMLESS.iter().any(|end| item.name.ends_with(end)) => {
                self.remark(Remark::LeftOut { path });
            }
            _ => self.remark(Remark::Stray { path }),
        }
        Ok(())
    }

    fn enter(&mut self, item: &Item<'_>, flags: OFlags) -> Result<(), TreeError> {
        match rustix::fs::openat(item.folder, item.name, FOLDER | flags, Mode::empty()) {
            Ok(folder) => self.folder(folder, &item.path, item.place),
            Err(errno) => {
                self.unreadable(&item.path, errno);
                Ok(())
            }
        }
    }

    fn link(&mut self, mut item: Item<'_>) -> Result<(), TreeError> {
        let to = rustix::fs::readlinkat(item.folder, item.name, Vec::new());
        let to = to.map(|to| to.to_string_lossy().into_owned()).unwrap_or_default();
        let stat = match rustix::fs::statat(item.folder, item.name, AtFlags::empty()) {
            Ok(stat) => stat,
            Err(Errno::LOOP) => {
                self.remark(Remark::Loop { path: item.shown() });
                return Ok(());
            }
            Err(_) => {
                self.remark(Remark::Dangling { path: item.shown(), to });
                return Ok(());
            }
        };
        if item.place == Place::Inside {
            item.place = self.place(&item.path);
        }
        let path = item.shown();
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if self.ancestors.contains(&Identity(stat.st_dev, stat.st_ino)) => {
                self.remark(Remark::Loop { path });
                Ok(())
            }
            kind => {
                self.remark(Remark::Link { path: path.clone(), to, place: item.place });
                match (kind, not_a_file(kind)) {
                    (FileType::Directory, _) => self.enter(&item, OFlags::empty()),
                    (_, None) => self.file(&item),
                    (_, Some(actual)) => {
                        self.remark(Remark::NotAFile { path, actual });
                        Ok(())
                    }
                }
            }
        }
    }

    /// Where a link ends; what cannot be found out is not inside.
    fn place(&self, path: &[u8]) -> Place {
        use std::os::unix::ffi::OsStrExt as _;
        let path = self.tree.path.join(std::ffi::OsStr::from_bytes(path));
        path.canonicalize().map_or(Place::Outside, |target| read::place(&self.tree.path, &target))
    }

    fn file(&mut self, item: &Item<'_>) -> Result<(), TreeError> {
        match judge(&item.path) {
            Ok(path) => {
                if self.tree.files.len() == MAX_ENTRIES {
                    return Err(TreeError::TooMany { path: self.tree.path.clone() });
                }
                self.tree.files.push(Found { path: path.to_owned(), place: item.place });
            }
            Err(reason) => self.remark(Remark::BadName { path: item.shown(), reason }),
        }
        Ok(())
    }

    fn unreadable(&mut self, path: &[u8], errno: Errno) {
        let path = String::from_utf8_lossy(path).into_owned();
        let reason = std::io::Error::from(errno).to_string();
        self.remark(Remark::Unreadable { path, reason });
    }

    fn remark(&mut self, remark: Remark) {
        self.tree.remarks.push(remark);
    }
}

/// Whether a name belongs in a list.
enum Taken {
    Yes,
    Hidden,
    LeftOut,
}

impl Selection {
    /// Whether a file or folder of this name is listed.
    pub(in crate::module) fn lists(self, name: &[u8]) -> bool {
        match self.takes(name) {
            Taken::Yes => true,
            Taken::Hidden | Taken::LeftOut => false,
        }
    }

    fn takes(self, name: &[u8]) -> Taken {
        match self {
            Self::Official if name == b".htaccess" => Taken::Yes,
            _ if name.starts_with(b".") => Taken::Hidden,
            Self::Official if name == b"i18n" || name.ends_with(b".txt") => Taken::LeftOut,
            Self::Public | Self::Official => Taken::Yes,
        }
    }
}
