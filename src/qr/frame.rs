//! One frame: the text of one QR code.
//!
//! Layout before base45 (RFC 9285), numbers big-endian (docs/exchange-format.md):
//!
//! | bytes | what |
//! |---|---|
//! | 2 | `CS` |
//! | 1 | version: 1 |
//! | 4 | identity: how the message's digest begins |
//! | 12 | transmission information (RFC 6330 §3.3.2, §3.3.3): length, symbol size, 1 block, 1 sub-block, alignment 4 |
//! | 4 | payload id (RFC 6330 §3.2): block 0, encoding symbol id |
//! | T | one symbol |
//! | 4 | check: how the SHA-256 of everything before begins |

use std::fmt;

use raptorq::{EncodingPacket, ObjectTransmissionInformation, PayloadId};

use super::message::{ALIGNMENT, MAX_SYMBOLS, SHORTEST, longest, transmission};
use crate::digest::Sha256;

const MAGIC: [u8; 2] = *b"CS";
/// How the text of every frame begins: [`MAGIC`] in base45.
const PREFIX: &str = "0N8";
const VERSION: u8 = 1;
const HEAD: usize = 2 + 1 + 4 + 12 + 4;
const CHECK: usize = 4;
/// Characters that the largest code has room for (ISO/IEC 18004, version 40-L).
const MAX_TEXT: usize = 4296;

/// Bytes of a frame that are not the symbol.
pub(super) const OVERHEAD: usize = HEAD + CHECK;

/// Which message a frame belongs to: how its digest begins. Tells messages apart, never proves
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub(super) [u8; 4]);

/// One frame. What [`Self::parse`] gave is within bounds: it is safe to begin to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    identity: Identity,
    transmission: ObjectTransmissionInformation,
    packet: EncodingPacket,
}

/// Why a text is no frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Some other QR code.
    #[error("a code of something else")]
    Foreign,
    /// A later version of the format.
    #[error("made in version {0} of the format: this program knows version {VERSION}")]
    Version(u8),
    /// The base45, the length or the check is wrong.
    #[error("a damaged code: {0}")]
    Damaged(&'static str),
    /// Numbers that no sender of this format writes.
    #[error("a code that no sender writes: {0}")]
    Numbers(&'static str),
    /// A message longer than the receiver takes.
    #[error("a code of a message of {length} bytes: at most {most} are taken")]
    TooLong {
        /// Bytes of the message.
        length: u64,
        /// The most.
        most: usize,
    },
}

impl Frame {
    pub(super) fn new(
        identity: Identity,
        transmission: ObjectTransmissionInformation,
        packet: EncodingPacket,
    ) -> Self {
        Self { identity, transmission, packet }
    }

    /// Reads the text of a code. `limit` is the size of a parcel, in bytes, that its message may
    /// have.
    pub fn parse(untrusted_text: &str, limit: usize) -> Result<Self, FrameError> {
        if !untrusted_text.starts_with(PREFIX) {
            return Err(FrameError::Foreign);
        }
        if untrusted_text.len() > MAX_TEXT {
            return Err(FrameError::Damaged("longer than any code"));
        }
        let untrusted = base45::decode(untrusted_text)
            .ok()
            .filter(|bytes| base45::encode(bytes) == untrusted_text)
            .ok_or(FrameError::Damaged("not base45"))?;
        match untrusted.get(MAGIC.len()) {
            Some(&VERSION) => Self::parse_bytes(&untrusted, limit),
            Some(&other) => Err(FrameError::Version(other)),
            None => Err(FrameError::Damaged("too short")),
        }
    }

    fn parse_bytes(untrusted: &[u8], limit: usize) -> Result<Self, FrameError> {
        const SHORT: FrameError = FrameError::Damaged("too short");
        let (body, check) = untrusted.split_last_chunk::<CHECK>().ok_or(SHORT)?;
        if check != checksum(body).as_slice() {
            return Err(FrameError::Damaged("its check is of something else"));
        }
        let (head, symbol) = body.split_first_chunk::<HEAD>().ok_or(SHORT)?;
        let identity = Identity(head[3..7].try_into().expect("four bytes"));
        let transmission = head[7..19].try_into().expect("twelve bytes");
        let transmission = bounded(transmission, symbol.len(), limit)?;
        let id = PayloadId::deserialize(head[19..].try_into().expect("four bytes"));
        if id.source_block_number() != 0 {
            return Err(FrameError::Numbers("more than one block"));
        }
        Ok(Self::new(identity, transmission, EncodingPacket::new(id, symbol.to_vec())))
    }

    /// The text of the code.
    pub fn text(&self) -> String {
        let packet = self.packet.serialize();
        let mut bytes = Vec::with_capacity(HEAD + packet.len() + CHECK);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.extend(self.identity.0);
        bytes.extend(self.transmission.serialize());
        bytes.extend(packet);
        bytes.extend(checksum(&bytes));
        base45::encode(bytes)
    }

    /// The message that it belongs to.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn transmission(&self) -> ObjectTransmissionInformation {
        self.transmission
    }

    pub(super) fn into_packet(self) -> EncodingPacket {
        self.packet
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The transmission information, if it is what a sender writes for its length and symbol size,
/// and not more than a receiver takes.
fn bounded(
    untrusted: &[u8; 12],
    symbol: usize,
    limit: usize,
) -> Result<ObjectTransmissionInformation, FrameError> {
    let read = ObjectTransmissionInformation::deserialize(untrusted);
    let most = longest(limit);
    if read.transfer_length() > most as u64 {
        return Err(FrameError::TooLong { length: read.transfer_length(), most });
    }
    let length = usize::try_from(read.transfer_length()).expect("at most `most`");
    if length < SHORTEST {
        return Err(FrameError::Numbers("a message without content"));
    }
    if symbol == 0 || symbol != usize::from(read.symbol_size()) || symbol % ALIGNMENT != 0 {
        return Err(FrameError::Numbers("a symbol of another size than announced"));
    }
    if length.div_ceil(symbol) > MAX_SYMBOLS {
        return Err(FrameError::Numbers("more codes than anybody can film"));
    }
    let written = transmission(length, read.symbol_size());
    if written.serialize() == *untrusted {
        Ok(written)
    } else {
        Err(FrameError::Numbers("another way to cut the message than this format's"))
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    *Sha256::of(bytes).as_bytes().first_chunk().expect("a digest is longer")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 10_000;

    /// A good frame's bytes without its check: a message of 90 bytes in symbols of 32.
    fn good() -> Vec<u8> {
        let transmission = transmission(90, 32);
        let packet = EncodingPacket::new(PayloadId::new(0, 2), vec![0xab; 32]);
        let text = Frame::new(Identity([1, 2, 3, 4]), transmission, packet).text();
        let bytes = base45::decode(text).expect("base45");
        bytes[..bytes.len() - CHECK].to_vec()
    }

    /// The bytes with their check, as a text.
    fn text(body: &[u8]) -> String {
        base45::encode([body, &checksum(body)].concat())
    }

    /// What becomes of the good frame when the bytes from `at` on are others.
    fn changed(at: usize, bytes: &[u8]) -> FrameError {
        let mut body = good();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        Frame::parse(&text(&body), LIMIT).expect_err("refused")
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let head = "4353 01 01020304 000000005a 00 0020 01 0001 04 00 000002".replace(' ', "");
        assert_eq!(hex::encode(&good()[..HEAD]), head);
        let frame = Frame::parse(&text(&good()), LIMIT).expect("a frame");
        assert_eq!(
            (frame.identity().to_string().as_str(), frame.text()),
            ("01020304", text(&good()))
        );
    }

    #[test]
    fn codes_of_something_else_are_told_apart() {
        for foreign in ["", "https://example.org", "WIFI:S:net;;", "0N", "HC1:NCF", "UR:BYTES/"] {
            assert_eq!(Frame::parse(foreign, LIMIT), Err(FrameError::Foreign), "{foreign}");
        }
        assert_eq!(changed(2, &[2]), FrameError::Version(2));
    }

    #[test]
    fn damaged_texts_are_refused() {
        let good = text(&good());
        let damaged = |text: &str| {
            let error = Frame::parse(text, LIMIT).expect_err("refused");
            assert!(matches!(error, FrameError::Damaged(_)), "{text}: {error}");
        };
        damaged("0N8");
        damaged(&good[..good.len() - 1]);
        damaged(&good[..good.len() - 3]);
        damaged(&format!("0N8{}", good[3..].to_lowercase()));
        damaged(&format!("{good}0"));
        damaged(&"0N8".repeat(MAX_TEXT));
        // 45² and more in two characters, 65536 and more in three (RFC 9285 §4.2).
        damaged(&format!("{}::", &good[..good.len() - 2]));
        damaged(&format!("{}:::{}", &good[..30], &good[33..]));
        let other = if good.as_bytes()[40] == b'A' { "B" } else { "A" };
        damaged(&format!("{}{other}{}", &good[..40], &good[41..]));
    }

    #[test]
    fn numbers_that_no_sender_writes_are_refused() {
        let numbers = |at, bytes: &[u8]| {
            let error = changed(at, bytes);
            assert!(matches!(error, FrameError::Numbers(_)), "{at}: {error}");
        };
        // Transfer length: none, less than a digest.
        numbers(7, &[0, 0, 0, 0, 0]);
        numbers(7, &[0, 0, 0, 0, 32]);
        // Reserved byte; symbol size: none, another, not aligned; blocks, sub-blocks, alignment.
        numbers(12, &[1]);
        for size in [0, 31, 33, 36, 0xffff] {
            numbers(13, &u16::to_be_bytes(size));
        }
        for (at, wrong) in [(15, 0), (15, 2), (16, 1), (17, 0), (17, 2), (18, 0), (18, 1), (18, 8)]
        {
            numbers(at, &[wrong]);
        }
        // Block number.
        numbers(19, &[1]);
        let mut short = good();
        short.truncate(HEAD);
        assert!(matches!(Frame::parse(&text(&short), LIMIT), Err(FrameError::Numbers(_))));
        short.truncate(HEAD - 1);
        assert!(matches!(Frame::parse(&text(&short), LIMIT), Err(FrameError::Damaged(_))));
    }

    #[test]
    fn lengths_beyond_the_limit_are_refused_before_anything_is_allocated() {
        let most = longest(LIMIT);
        for length in [most as u64 + 1, 1 << 32, (1 << 40) - 1] {
            let error = changed(7, &length.to_be_bytes()[3..]);
            assert_eq!(error, FrameError::TooLong { length, most });
        }
        // Within the limit, and still more symbols than there may be.
        let mut body = good();
        body[7..12].copy_from_slice(&[0, 0, 0x10, 0, 0]);
        body[13..15].copy_from_slice(&[0, 4]);
        body.truncate(HEAD + 4);
        let error = Frame::parse(&text(&body), usize::MAX).expect_err("refused");
        assert_eq!(error, FrameError::Numbers("more codes than anybody can film"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_frame_of_one_spelling_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..80), prefix in 0usize..60
        ) {
            let mut body = good();
            body.truncate(prefix);
            body.extend(bytes);
            for text in [text(&body), base45::encode(&body)] {
                if let Ok(frame) = Frame::parse(&text, LIMIT) {
                    prop_assert_eq!(frame.text(), text);
                }
            }
        }
    }
}
