//! What changed between two lists of the same module.

use std::collections::BTreeMap;

use super::{Entry, Manifest};
use crate::digest::Sha256;

/// The paths by which one list differs from an earlier one, each sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Only in the later list.
    pub added: Vec<String>,
    /// Only in the earlier list.
    pub removed: Vec<String>,
    /// In both, with different content.
    pub altered: Vec<String>,
}

impl Changes {
    /// Compares `later` with `earlier`.
    pub fn between(earlier: &Manifest, later: &Manifest) -> Self {
        let mut before = by_path(&earlier.entries);
        let mut changes = Self::default();
        for (path, sha256) in by_path(&later.entries) {
            match before.remove(path) {
                None => changes.added.push(path.to_owned()),
                Some(earlier) if earlier != sha256 => changes.altered.push(path.to_owned()),
                Some(_) => {}
            }
        }
        changes.removed = before.into_keys().map(str::to_owned).collect();
        changes
    }
}

impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (added, removed) = (self.added.len(), self.removed.len());
        let s = if added == 1 { "" } else { "s" };
        write!(f, "{added} file{s} added, {removed} removed, {} changed", self.altered.len())
    }
}

fn by_path(entries: &[Entry]) -> BTreeMap<&str, Sha256> {
    entries.iter().map(|entry| (entry.path.as_str(), entry.sha256)).collect()
}
