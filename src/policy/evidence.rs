//! What stands beside a request, gathered by whoever has it judged.

use crate::module::{Comparison, Manifest};

/// What stands beside a request. Nothing of it is needed for a request about a key.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The module's files, hashed here and held against the request's list.
    pub files: Files,
    /// The list that was signed last for the same module.
    pub previous: Option<Manifest>,
}

/// A module's files, as they were found.
#[derive(Debug, Default)]
pub enum Files {
    /// Only the list came.
    #[default]
    Absent,
    /// They are there and were hashed.
    Hashed(Comparison),
    /// They are there and cannot be read.
    Unreadable(String),
}
