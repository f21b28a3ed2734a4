//! The trust bundle that consumers get last, as far as a rotation depends on it.

use crate::authority::{Authority, AuthorityError};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// What a rotation needs to know of the newest bundle on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its serial number.
    pub serial: u32,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it is good, its grace included.
    pub last_day: Timestamp,
    /// The masters in it.
    pub masters: Vec<Fingerprint>,
}

/// The newest bundle on record, if there is one. No bundle can be on record yet: this is the one
/// place that has to learn of them.
///
/// # Errors
/// [`AuthorityError`] where the record cannot be read.
pub fn published(_: &Authority) -> Result<Option<Published>, AuthorityError> {
    Ok(None)
}
