//! The gzip around a package's tar: one stream of it, within the limits, and nothing after it.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{ArchiveError, Exceeded, Limits, Member, tar};
use crate::module::RawName;
use crate::module::sums::{Summing, Sums};

/// The unit of a tar, in bytes.
const BLOCK: usize = 512;

/// What was in the `.tgz`.
pub(super) struct Inside {
    pub(super) raw_name: RawName,
    pub(super) files: u64,
    pub(super) tgz: Sums,
}

/// Reads a `.tgz` to its end.
pub(super) fn read(
    tgz: &mut dyn Read,
    raw_name: Option<&RawName>,
    limits: &Limits,
    visit: impl FnMut(&mut Member<'_>) -> io::Result<()>,
) -> Result<Inside, ArchiveError> {
    let summing = Summing::new(tgz).map_err(ArchiveError::Sums)?;
    let decoder = GzDecoder::new(BufReader::with_capacity(64 << 10, summing));
    let mut metered = Metered { decoder, limits: *limits, inflated: 0, exceeded: None };
    let walked = tar::walk(&mut metered, raw_name, limits, visit).and_then(|walked| {
        padding(&mut metered)?;
        Ok(walked)
    });
    if let Some(exceeded) = metered.exceeded {
        return Err(exceeded.into());
    }
    let (raw_name, files) = walked?;
    let mut rest = metered.decoder.into_inner();
    if !rest.fill_buf().map_err(ArchiveError::Damaged)?.is_empty() {
        return Err(ArchiveError::Trailing("gzip stream"));
    }
    let (_, sums) = rest.into_inner().finish().map_err(ArchiveError::Sums)?;
    Ok(Inside { raw_name, files, tgz: sums })
}

/// An archive ends with two blocks of zeros, of which the first was read (POSIX.1-2017, pax), and
/// may be padded with more. Without them it was cut.
fn padding(reader: &mut impl Read) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) if total < BLOCK => {
                return Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(0) => return Ok(()),
            Ok(length) if buffer.iter().take(length).all(|b| *b == 0) => total += length,
            Ok(_) => return Err(ArchiveError::Trailing("tar archive")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ArchiveError::Damaged(error)),
        }
    }
}

/// Inflates, and stops at the limits.
struct Metered<R: Read> {
    decoder: GzDecoder<BufReader<Summing<R>>>,
    limits: Limits,
    inflated: u64,
    exceeded: Option<Exceeded>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.decoder.read(buffer)?;
        self.inflated += length as u64;
        let deflated = self.decoder.get_ref().get_ref().bytes();
        if let Err(exceeded) = self.limits.check(self.inflated, deflated) {
            self.exceeded = Some(exceeded);
            return Err(io::Error::other(exceeded));
        }
        Ok(length)
    }
}
