//! A folder that gets its name when everything is in it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::exchange::{self, ExchangeError};

/// A folder being written, beside its place.
pub(super) struct Folder {
    root: TempDir,
    made: BTreeSet<PathBuf>,
    files: usize,
}

/// Who may run a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nobody: it is read.
    Data,
    /// Everybody.
    Program,
}

impl Folder {
    /// Begins a folder that will be `into`, which is not there yet, or is empty.
    pub(super) fn beside(into: &Path) -> Result<Self, ExchangeError> {
        let error = |action| {
            let path = into.to_owned();
            move |source| ExchangeError::Io { path, action, source }
        };
        match fs::read_dir(into).map(|mut names| names.next().is_none()) {
            Ok(true) => {}
            Ok(false) => return Err(ExchangeError::Exists { path: into.to_owned() }),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(error("listed")(source)),
        }
        let parent = match into.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let root = tempfile::Builder::new().prefix(".countersign-").tempdir_in(parent);
        let root = root.map_err(error("created"))?;
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(root.path(), open).map_err(error("created"))?;
        Ok(Self { root, made: BTreeSet::new(), files: 0 })
    }

    /// Writes a file, and the folders above it.
    pub(super) fn put(
        &mut self,
        name: &str,
        content: &[u8],
        mode: Mode,
    ) -> Result<(), ExchangeError> {
        let path = self.root.path().join(name);
        let error = |source| ExchangeError::Io { path: path.clone(), action: "written", source };
        if let Some(parent) = path.parent().filter(|parent| !self.made.contains(*parent)) {
            fs::create_dir_all(parent).map_err(error)?;
            self.made.insert(parent.to_owned());
        }
        exchange::write_many(&path, content)?;
        if mode == Mode::Program {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(error)?;
        }
        self.files += 1;
        Ok(())
    }

    /// Gives it its name, and tells how many files are in it.
    pub(super) fn finish(self, into: &Path) -> Result<usize, ExchangeError> {
        for folder in &self.made {
            exchange::sync_folder(folder)?;
        }
        let made = self.root.keep();
        // An empty folder is replaced, and one with anything in it is not.
        if let Err(source) = fs::rename(&made, into) {
            let _ = fs::remove_dir_all(&made);
            let path = into.to_owned();
            return Err(ExchangeError::Io { path, action: "written", source });
        }
        Ok(self.files)
    }
}
