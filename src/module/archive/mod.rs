//! What a package holds, read in one stream and without trust: a `.tgz`, or a `.tgz.gpg`, which is
//! the same in an OpenPGP signed message.
//!
//! Nothing is written here. What is met on the way is handed to a visitor; it may be believed only
//! when [`read`] has returned, because the signature comes last.

mod compare;
mod error;
mod gzip;
mod limits;
mod list;
mod member;
mod message;
mod signature;
mod tar;

use std::io::{BufRead as _, BufReader, Read};

pub use compare::compare;
pub use error::ArchiveError;
pub use limits::{Exceeded, Limits};
pub use list::{Listed, list};
pub use member::{BadMember, Executable, Kind, Member};
pub use message::MessageError;
pub use signature::{Demand, PackageSignature, Standing};

use super::RawName;
use super::sums::Sums;

/// What a package was, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The name of its one folder.
    pub raw_name: RawName,
    /// How many files there are.
    pub files: u64,
    /// The sums of the `.tgz`.
    pub tgz: Sums,
    /// The signatures over the `.tgz`; none in a bare `.tgz`.
    pub signatures: Vec<PackageSignature>,
}

/// Reads a package to its end, and hands each member to `visit`.
///
/// Where `raw_name` is given, the package's one folder must be called so.
///
/// # Errors
/// [`ArchiveError`] where it is no package, is damaged, holds what no package should hold (see
/// [`BadMember`]), exceeds a limit, has anything after its end, or is not signed as `demand` says.
pub fn read(
    untrusted: impl Read + Send + Sync,
    raw_name: Option<&RawName>,
    demand: &Demand<'_>,
    limits: &Limits,
    visit: impl FnMut(&mut Member<'_>) -> std::io::Result<()>,
) -> Result<Contents, ArchiveError> {
    let mut input = BufReader::with_capacity(64 << 10, untrusted);
    let first = input.fill_buf().map_err(ArchiveError::Damaged)?.first().copied();
    let (inside, signatures) = match first {
        // RFC 1952 §2.3.1: gzip begins with 1f 8b; RFC 9580 §4.2: a packet with its first bit set.
        Some(0x1f) => (gzip::read(&mut input, raw_name, limits, visit)?, Vec::new()),
        Some(0x80..) => {
            message::read(&mut input, |content| gzip::read(content, raw_name, limits, visit))?
        }
        Some(_) | None => return Err(ArchiveError::NotAPackage),
    };
    let signatures = signature::judge(&signatures, demand)?;
    let gzip::Inside { raw_name, files, tgz } = inside;
    Ok(Contents { raw_name, files, tgz, signatures })
}

/// Whether anything is left to read.
fn is_at_end(reader: &mut (impl Read + ?Sized)) -> std::io::Result<bool> {
    let mut byte = [0];
    loop {
        match reader.read(&mut byte) {
            Ok(length) => return Ok(length == 0),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
