//! A list of files against the files that are there.

use crate::digest::Sha256;

/// What the files of a folder are, held against a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Each file of the list, in its order.
    pub listed: Vec<(String, FileState)>,
    /// Files that are there and not in the list, sorted, as they are named (lossily, for people);
    /// `module.sig` itself is not among them.
    pub unlisted: Vec<String>,
}

/// What became of a listed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// As listed.
    Same,
    /// Other content.
    Altered {
        /// What it hashes to now.
        actual: Sha256,
    },
    /// Not there, or a link to nothing.
    Missing,
    /// As listed, but read through a link that leads out of the module.
    SameOutside,
    /// Not a file, or a file that cannot be read.
    Unreadable {
        /// What is in the way.
        reason: String,
    },
}
