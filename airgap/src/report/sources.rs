//! The files of the machine, without trust: each has a limit, and what cannot be read is nothing.

use std::path::PathBuf;

use countersign::exchange;

/// Longest file that is read whole, in bytes, but for the lists below.
const SHORT: usize = 64 << 10;
/// Longest list: of processors or packages, in bytes.
const LONG: usize = 64 << 20;
/// Most names of a folder that are reported.
pub(super) const MOST_NAMES: usize = 64;

/// Where the machine's files are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder that has `/proc`, `/sys`, `/etc` and `/var` in it.
    pub root: PathBuf,
}

impl Sources {
    /// This machine's own.
    pub fn of_this_machine() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// The bytes of a short file.
    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        exchange::read_path(&self.root.join(path), SHORT).ok()
    }

    /// What a file says in one line; none where it says nothing.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        let bytes = self.bytes(path)?;
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The text of a file that may be long.
    pub(super) fn list(&self, path: &str) -> Option<String> {
        let bytes = exchange::read_path(&self.root.join(path), LONG).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The value of the first line `name: value`.
    pub(super) fn field(&self, path: &str, name: &str) -> Option<String> {
        let text = self.list(path)?;
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(there, _)| there.trim() == name)?;
        Some(value.trim().to_owned())
    }

    /// The names in a folder, sorted; of more than [`MOST_NAMES`] just one more than that.
    pub(super) fn names(&self, folder: &str) -> Option<Vec<String>> {
        let names = exchange::list(&self.root.join(folder), "", MOST_NAMES).ok()?;
        Some(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// Whether there is such a folder.
    pub(super) fn has(&self, folder: &str) -> bool {
        self.root.join(folder).is_dir()
    }
}
