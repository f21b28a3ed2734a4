//! Walking a folder in the order of FreePBX's packaging tools.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::folder::{FOLDER, Identity, Opened};
use super::selection::Taken;
use super::{Found, MAX_DEPTH, MAX_ENTRIES, Place, Remark, Selection, Tree, TreeError, read};
use crate::exchange::not_a_file;
use crate::module::path::judge;

/// The name that is not listed, in the module's own folder.
const SIGNATURE: &[u8] = b"module.sig";
/// Most names that are looked at: those of folders, hidden files and links count, too.
const MAX_NAMES: usize = 2 * MAX_ENTRIES;

/// Fills the tree's files and remarks, on all processors.
pub(super) fn walk(tree: &mut Tree, selection: Selection) -> Result<(), TreeError> {
    let error = |source| TreeError::Io { path: tree.path.clone(), source };
    let folder = rustix::fs::openat(&tree.folder, ".", FOLDER, Mode::empty());
    let folder = folder.map_err(|errno| error(errno.into()))?;
    let walk = Walk { root: &tree.path, selection, names: AtomicUsize::new(0) };
    let branch = Branch::new(&walk, Vec::new(), Around::Listed);
    let Part { files, remarks } = branch.folder(folder, &[], Place::Inside)?;
    if files.len() > MAX_ENTRIES {
        return Err(walk.too_many());
    }
    tree.files = files;
    tree.remarks = remarks;
    Ok(())
}

/// What all branches share.
struct Walk<'a> {
    root: &'a Path,
    selection: Selection,
    /// How many were looked at so far.
    names: AtomicUsize,
}

impl Walk<'_> {
    fn too_many(&self) -> TreeError {
        TreeError::TooMany { path: self.root.to_owned() }
    }
}

/// One folder of the walk.
struct Branch<'a> {
    walk: &'a Walk<'a>,
    /// The folders that we are in.
    ancestors: Vec<Identity>,
    around: Around,
    found: Part,
    later: Vec<Later>,
}

/// What a folder has in it.
#[derive(Default)]
struct Part {
    files: Vec<Found>,
    remarks: Vec<Remark>,
}

/// A folder in the folder at hand, and where what is in it belongs.
struct Later {
    name: Vec<u8>,
    flags: OFlags,
    path: Vec<u8>,
    place: Place,
    around: Around,
    files: usize,
    remarks: usize,
}

/// What is around the folder that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Folders that are listed.
    Listed,
    /// A folder that the servers' rules leave out.
    LeftOut,
}

/// A name in the folder at hand.
#[derive(Clone)]
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

impl<'a> Branch<'a> {
    fn new(walk: &'a Walk<'a>, ancestors: Vec<Identity>, around: Around) -> Self {
        Self { walk, ancestors, around, found: Part::default(), later: Vec::new() }
    }

    fn folder(mut self, folder: OwnedFd, path: &[u8], place: Place) -> Result<Part, TreeError> {
        if self.ancestors.len() > MAX_DEPTH {
            return Err(TreeError::TooDeep { path: self.walk.root.to_owned() });
        }
        let Opened { dir, identity, names } = match self.read(folder)? {
            Ok(opened) => opened,
            Err(errno) => return Ok(self.unreadable(path, errno).found),
        };
        self.ancestors.push(identity);
        let folder = match dir.fd() {
            Ok(folder) => folder,
            Err(errno) => return Ok(self.unreadable(path, errno).found),
        };
        for (name, kind) in &names {
            let path = if path.is_empty() { name.clone() } else { [path, b"/", name].concat() };
            self.item(Item { folder, name, path, place }, *kind);
        }
        self.folders(folder)
    }

    /// The names in a folder, by their bytes.
    fn read(&self, folder: OwnedFd) -> Result<Result<Opened, Errno>, TreeError> {
        let most = MAX_NAMES.saturating_sub(self.walk.names.load(Ordering::Relaxed));
        let opened = Opened::read(folder, most);
        let count = opened.as_ref().map_or(0, |opened| opened.names.len());
        match self.walk.names.fetch_add(count, Ordering::Relaxed) + count {
            0..=MAX_NAMES => Ok(opened),
            _ => Err(self.walk.too_many()),
        }
    }

    /// Looks into the folders that were found, several at once, and puts what is in each where its
    /// name stands.
    fn folders(self, folder: BorrowedFd<'_>) -> Result<Part, TreeError> {
        let Self { walk, ancestors, found, later, .. } = self;
        let look = |later: &Later| {
            let branch = Branch::new(walk, ancestors.clone(), later.around);
            match rustix::fs::openat(folder, &*later.name, FOLDER | later.flags, Mode::empty()) {
                Ok(opened) => branch.folder(opened, &later.path, later.place),
                Err(errno) => Ok(branch.unreadable(&later.path, errno).found),
            }
        };
        let parts: Vec<Part> = later.par_iter().map(look).collect::<Result<_, _>>()?;
        let mut all = Part::default();
        let (mut files, mut remarks) = (found.files.into_iter(), found.remarks.into_iter());
        let (mut files_taken, mut remarks_taken) = (0, 0);
        for (later, part) in later.iter().zip(parts) {
            all.files.extend(files.by_ref().take(later.files - files_taken));
            all.remarks.extend(remarks.by_ref().take(later.remarks - remarks_taken));
            (files_taken, remarks_taken) = (later.files, later.remarks);
            all.files.extend(part.files);
            all.remarks.extend(part.remarks);
        }
        all.files.extend(files);
        all.remarks.extend(remarks);
        Ok(all)
    }

    fn item(&mut self, item: Item<'_>, kind: FileType) {
        if item.path == SIGNATURE {
            return;
        }
        if self.around == Around::LeftOut {
            return self.left_out(&item, kind);
        }
        match self.walk.selection.takes(item.name) {
            Taken::Yes => {}
            Taken::Hidden => return self.remark(Remark::Hidden { path: item.shown() }),
            Taken::LeftOut => return self.left_out(&item, kind),
        }
        let kind = match kind {
            FileType::Unknown => {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                match rustix::fs::statat(item.folder, item.name, flags) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(errno) => return self.tell_unreadable(&item.path, errno),
                }
            }
            known => known,
        };
        match kind {
            FileType::RegularFile => self.file(&item),
            FileType::Symlink => self.link(item),
            FileType::Directory => self.enter(item, OFlags::NOFOLLOW, Around::Listed),
            other => {
                let actual = not_a_file(other).unwrap_or("something else");
                self.remark(Remark::NotAFile { path: item.shown(), actual });
            }
        }
    }

    /// Nobody signs it. Translations and texts run nothing; whatever else is there is told apart.
    fn left_out(&mut self, item: &Item<'_>, kind: FileType) {
        const HARMLESS: [&[u8]; 4] = [b".mo", b".po", b".pot", b".txt"];
        let path = item.shown();
        match kind {
            FileType::Directory => self.enter(item.clone(), OFlags::NOFOLLOW, Around::LeftOut),
            FileType::RegularFile if HARMLESS.iter().any(|end| item.name.ends_with(end)) => {
                self.remark(Remark::LeftOut { path });
            }
            _ => self.remark(Remark::Stray { path }),
        }
    }

    fn enter(&mut self, item: Item<'_>, flags: OFlags, around: Around) {
        let (files, remarks) = (self.found.files.len(), self.found.remarks.len());
        let Item { name, path, place, .. } = item;
        let name = name.to_vec();
        self.later.push(Later { name, flags, path, place, around, files, remarks });
    }

    fn link(&mut self, mut item: Item<'_>) {
        let to = rustix::fs::readlinkat(item.folder, item.name, Vec::new());
        let to = to.map(|to| to.to_string_lossy().into_owned()).unwrap_or_default();
        let stat = match rustix::fs::statat(item.folder, item.name, AtFlags::empty()) {
            Ok(stat) => stat,
            Err(Errno::LOOP) => return self.remark(Remark::Loop { path: item.shown() }),
            Err(_) => return self.remark(Remark::Dangling { path: item.shown(), to }),
        };
        if item.place == Place::Inside {
            item.place = self.place(&item.path);
        }
        let path = item.shown();
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if self.ancestors.contains(&Identity(stat.st_dev, stat.st_ino)) => {
                self.remark(Remark::Loop { path });
            }
            kind => {
                self.remark(Remark::Link { path: path.clone(), to, place: item.place });
                match (kind, not_a_file(kind)) {
                    (FileType::Directory, _) => {
                        self.enter(item, OFlags::empty(), Around::Listed);
                    }
                    (_, None) => self.file(&item),
                    (_, Some(actual)) => self.remark(Remark::NotAFile { path, actual }),
                }
            }
        }
    }

    /// Where a link ends; what cannot be found out is not inside.
    fn place(&self, path: &[u8]) -> Place {
        use std::os::unix::ffi::OsStrExt as _;
        let path = self.walk.root.join(std::ffi::OsStr::from_bytes(path));
        path.canonicalize().map_or(Place::Outside, |target| read::place(self.walk.root, &target))
    }

    fn file(&mut self, item: &Item<'_>) {
        match judge(&item.path) {
            Ok(path) => {
                self.found.files.push(Found { path: path.to_owned(), place: item.place });
            }
            Err(reason) => self.remark(Remark::BadName { path: item.shown(), reason }),
        }
    }

    fn tell_unreadable(&mut self, path: &[u8], errno: Errno) {
        let path = String::from_utf8_lossy(path).into_owned();
        let reason = std::io::Error::from(errno).to_string();
        self.remark(Remark::Unreadable { path, reason });
    }

    /// A branch that ends here.
    fn unreadable(mut self, path: &[u8], errno: Errno) -> Self {
        self.tell_unreadable(path, errno);
        self
    }

    fn remark(&mut self, remark: Remark) {
        self.found.remarks.push(remark);
    }
}
