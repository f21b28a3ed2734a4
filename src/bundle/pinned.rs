//! What a consumer goes by: the masters that it pinned, and the newest bundle that it saw.

use super::head::Serial;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::time::Timestamp;

/// Whom a consumer trusts before it looks at a bundle.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// The authority; none before the first bundle.
    pub authority: Option<String>,
    /// The masters that were pinned, or that a pinned one handed over to.
    pub masters: Vec<Certificate>,
    /// The newest bundle that was seen.
    pub seen: Option<Seen>,
}

/// A bundle that a consumer saw: there is no way back to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its serial number.
    pub serial: Serial,
    /// The digest of its head.
    pub digest: Sha256,
    /// When it was made.
    pub made: Timestamp,
}

impl Pinned {
    /// Pins these masters; nothing was seen yet.
    pub fn first(masters: Vec<Certificate>) -> Self {
        Self { authority: None, masters, seen: None }
    }
}
