//! A list against the files that are there.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rayon::prelude::*;

use super::read::{self, Progress, ReadError};
use super::{Place, Remark, Tree};
use crate::module::comparison::{Comparison, FileState};
use crate::module::manifest::Entry;

/// Where the file of an entry is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the module's folder.
    Here,
    /// At another path of this machine, as FreePBX maps those of its framework. Links are followed.
    At(PathBuf),
    /// At a path where nothing is.
    Missing,
    /// Nowhere: it is not checked, and not in the comparison.
    Nowhere,
}

impl Tree {
    /// Holds the folder against a list, on all processors; `place` says where each path is looked
    /// for, `progress` is told of each piece that was read.
    ///
    /// Unlisted are the files that belong in a list by this tree's selection; what the selection
    /// leaves out is in [`Tree::remarks`].
    pub fn compare(
        &self,
        entries: &[Entry],
        place: &(dyn Fn(&str) -> Where + Sync),
        progress: &Progress<'_>,
    ) -> Comparison {
        let state = |entry: &Entry| {
            let opened = match place(&entry.path) {
                Where::Here => self.open_listed(&entry.path),
                Where::At(path) => read::open_at(&path).map(|fd| (fd, Place::Inside)),
                Where::Missing => Err(ReadError::Missing),
                Where::Nowhere => return None,
            };
            Some((entry.path.clone(), state(opened, entry, progress)))
        };
        let listed = entries.par_iter().filter_map(state).collect();
        let names: HashSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        Comparison { listed, unlisted: self.unlisted(&names) }
    }

    /// A path that leads out by its own words is not followed.
    fn open_listed(&self, path: &str) -> Result<(OwnedFd, Place), ReadError> {
        let inside = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        if inside && !path.contains('\0') { self.open(path) } else { Err(ReadError::Outside) }
    }

    fn unlisted(&self, listed: &HashSet<&str>) -> Vec<String> {
        let files = self.files.iter().map(|file| &file.path);
        let unnameable = self.remarks.iter().filter_map(|remark| match remark {
            Remark::BadName { path, .. } => Some(path),
            _ => None,
        });
        let unlisted = files.chain(unnameable).filter(|path| !listed.contains(path.as_str()));
        let mut unlisted: Vec<String> = unlisted.cloned().collect();
        unlisted.sort_unstable();
        unlisted
    }
}

fn state(
    opened: Result<(OwnedFd, Place), ReadError>,
    entry: &Entry,
    progress: &Progress<'_>,
) -> FileState {
    let read = opened.and_then(|(fd, place)| Ok((read::digest(&fd, progress)?, place)));
    match read {
        Ok((actual, Place::Inside)) if actual == entry.sha256 => FileState::Same,
        Ok((actual, Place::Outside)) if actual == entry.sha256 => FileState::SameOutside,
        Ok((actual, _)) => FileState::Altered { actual },
        Err(ReadError::Missing) => FileState::Missing,
        Err(error) => FileState::Unreadable { reason: crate::safe::chain(&error) },
    }
}
