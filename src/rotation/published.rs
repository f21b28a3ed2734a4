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

/// The newest bundle on record, if there is one.
///
/// # Errors
/// [`AuthorityError`] where the record cannot be read.
pub fn published(authority: &Authority) -> Result<Option<Published>, AuthorityError> {
    let bundle = authority.last_bundle()?;
    Ok(bundle.map(|bundle| {
        let head = bundle.head();
        Published {
            serial: head.serial.0,
            made: head.made,
            last_day: head.last_day(),
            masters: head.masters.iter().map(|master| master.fingerprint).collect(),
        }
    }))
}
