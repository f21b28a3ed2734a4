//! The message that the frames carry: a digest, and the packed parcel that it is of.

use raptorq::ObjectTransmissionInformation;

use super::Identity;
use crate::digest::Sha256;

/// Bytes of the digest in front of the packed parcel.
const DIGEST: usize = 32;

/// Most symbols of a message: more codes than anybody can film. RaptorQ itself has 56403 in one
/// block (RFC 6330 §5.1.2).
pub(super) const MAX_SYMBOLS: usize = 8192;

/// Symbols are a multiple of this many bytes (RFC 6330 §4.3).
pub(super) const ALIGNMENT: usize = 4;

/// Puts the digest in front.
pub(super) fn seal(packed: &[u8]) -> Vec<u8> {
    [Sha256::of(packed).as_bytes(), packed].concat()
}

/// The packed parcel; `None` if the digest in front is of something else.
pub(super) fn open(untrusted: &[u8]) -> Option<&[u8]> {
    let (digest, packed) = untrusted.split_first_chunk::<DIGEST>()?;
    (Sha256::of(packed).as_bytes() == digest).then_some(packed)
}

/// The identity of a message: how its digest begins.
pub(super) fn identity(message: &[u8]) -> Identity {
    Identity(*message.first_chunk().expect("a message begins with its digest"))
}

/// The longest message that can come of a parcel of `limit` bytes. Deflate makes no more of what
/// it cannot compress than five bytes for each block of it.
pub(super) fn longest(limit: usize) -> usize {
    limit.saturating_add(limit / 256).saturating_add(DIGEST + 64)
}

/// The shortest: a digest, and something deflated.
pub(super) const SHORTEST: usize = DIGEST + 1;

/// A message of `length` bytes in symbols of `symbol` bytes: one block, not interleaved.
pub(super) fn transmission(length: usize, symbol: u16) -> ObjectTransmissionInformation {
    let alignment = u8::try_from(ALIGNMENT).expect("small");
    ObjectTransmissionInformation::new(length as u64, symbol, 1, 1, alignment)
}
