//! A message as an endless row of codes.

use raptorq::{EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockEncoder};

use super::frame::OVERHEAD;
use super::message::{ALIGNMENT, MAX_SYMBOLS, identity, seal, transmission};
use super::symbol::capacity;
use super::{Density, Frame, Parcel, QrVersion, Symbol};
use crate::digest::Sha256;

/// Encoding symbol ids have 24 bits (RFC 6330 §3.2).
const IDS: u32 = 1 << 24;

/// A message, ready to be shown.
#[derive(Debug)]
pub struct Sender {
    digest: Sha256,
    message: Vec<u8>,
    transmission: ObjectTransmissionInformation,
    encoder: SourceBlockEncoder,
    needed: u32,
    version: QrVersion,
}

/// Why a parcel cannot be shown.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// More than can sensibly be shown.
    #[error("{bytes} bytes are {needed} codes of version {version}, and {most} are the most")]
    TooMany {
        /// What would travel.
        bytes: usize,
        /// Codes for that.
        needed: usize,
        /// The QR version of the density that was asked for.
        version: u8,
        /// The most codes.
        most: usize,
    },
}

impl Sender {
    /// Prepares the parcel. Each code has the density's version at most, and a smaller one if
    /// the message is cut into as many codes with it.
    pub fn new(parcel: &Parcel, density: Density) -> Result<Self, SenderError> {
        let message = seal(&parcel.pack());
        let (symbol, needed) = cut(message.len(), density.version())?;
        let transmission = transmission(message.len(), symbol);
        let mut padded = message.clone();
        padded.resize(usize::from(symbol) * needed, 0);
        Ok(Self {
            digest: parcel.digest(),
            transmission,
            encoder: SourceBlockEncoder::new(0, &transmission, &padded),
            message,
            needed: u32::try_from(needed).expect("at most MAX_SYMBOLS"),
            version: smallest(OVERHEAD + usize::from(symbol)).expect("`cut` made it fit"),
        })
    }

    /// The code of this number. The first [`Self::needed`] carry the message as it is; every
    /// later one can stand for any that was missed.
    pub fn frame(&self, number: u32) -> Symbol {
        Symbol::new(&self.text(number), self.version)
    }

    /// The text of the code of this number.
    pub fn text(&self, number: u32) -> String {
        let packet = self.packet(number % IDS);
        Frame::new(self.identity(), self.transmission, packet).text()
    }

    /// How many codes a receiver needs; a few more in rare cases.
    pub fn needed(&self) -> u32 {
        self.needed
    }

    /// How many codes one round of an animation should have: a third more than needed, so that
    /// those missed need no second round.
    pub fn round(&self) -> u32 {
        if self.is_still() { 1 } else { self.needed + self.needed.div_ceil(3).max(2) }
    }

    /// Whether one code is the whole message.
    pub fn is_still(&self) -> bool {
        self.needed == 1
    }

    /// The digest of the parcel, for people to compare: [`Parcel::digest`].
    pub fn digest(&self) -> Sha256 {
        self.digest
    }

    /// Tells the message from others; every code carries it.
    pub fn identity(&self) -> super::Identity {
        identity(&self.message)
    }

    /// The bytes that travel, without what each code adds.
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        self.message.len()
    }

    /// The version of the codes.
    pub fn version(&self) -> QrVersion {
        self.version
    }

    /// The side of the codes, in modules, without the quiet zone.
    pub fn width(&self) -> usize {
        self.version.width()
    }

    fn packet(&self, id: u32) -> EncodingPacket {
        if id < self.needed {
            let size = usize::from(self.transmission.symbol_size());
            let mut symbol: Vec<u8> =
                self.message.iter().skip(id as usize * size).take(size).copied().collect();
            symbol.resize(size, 0);
            return EncodingPacket::new(PayloadId::new(0, id), symbol);
        }
        self.encoder.repair_packets(id - self.needed, 1).pop().expect("one was asked for")
    }
}

/// Into how many symbols of which size a message is cut: as few as the version has room for, and
/// then as small as so many can be.
fn cut(length: usize, version: QrVersion) -> Result<(u16, usize), SenderError> {
    let most = (capacity(version) - OVERHEAD) / ALIGNMENT * ALIGNMENT;
    let needed = length.div_ceil(most);
    if needed > MAX_SYMBOLS {
        let (version, most) = (version.number(), MAX_SYMBOLS);
        return Err(SenderError::TooMany { bytes: length, needed, version, most });
    }
    let symbol = length.div_ceil(needed).next_multiple_of(ALIGNMENT);
    let symbol_size = u16::try_from(symbol).expect("no code has room for more than 3000 bytes");
    Ok((symbol_size, length.div_ceil(symbol)))
}

/// The smallest version that has room for so many bytes.
fn smallest(bytes: usize) -> Option<QrVersion> {
    (QrVersion::SMALLEST.number()..=QrVersion::LARGEST.number())
        .filter_map(QrVersion::new)
        .find(|version| capacity(*version) >= bytes)
}
