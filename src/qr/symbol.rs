//! A QR code as its modules.

use qrcode::bits::Bits;
use qrcode::types::Mode;
use qrcode::{Color, EcLevel, QrCode, Version};

use super::QrVersion;

/// A QR code: modules, dark or light, without the quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    width: usize,
    modules: Vec<Color>,
}

impl Symbol {
    /// The code for a text in base45, with the most error correction that the version has room
    /// for. The text fits: [`capacity`].
    pub(super) fn new(text: &str, version: QrVersion) -> Self {
        let code = [EcLevel::H, EcLevel::Q, EcLevel::M, EcLevel::L]
            .into_iter()
            .find_map(|level| encode(text, version, level))
            .expect("the text fits the version");
        Self { width: code.width(), modules: code.into_colors() }
    }

    /// The side, in modules, without the quiet zone.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the module is dark. Everything outside is light: the quiet zone.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.width && self.modules[y * self.width + x] == Color::Dark
    }
}

/// The code in alphanumeric mode from end to end: where the crate chooses modes by itself, a text
/// that just fits may become too long. `None` if it does not fit.
fn encode(text: &str, version: QrVersion, level: EcLevel) -> Option<QrCode> {
    let mut bits = Bits::new(qr(version));
    bits.push_alphanumeric_data(text.as_bytes()).ok()?;
    bits.push_terminator(level).ok()?;
    QrCode::with_bits(bits, level).ok()
}

/// How many bytes a code of this version carries in base45, at error correction L.
pub(super) fn capacity(version: QrVersion) -> usize {
    const MODE_INDICATOR: usize = 4;
    let bits = Bits::new(qr(version)).max_len(EcLevel::L).expect("versions up to 40 have a size");
    let head = MODE_INDICATOR + Mode::Alphanumeric.length_bits_count(qr(version));
    // Two characters are 11 bits, a single one at the end is 6 (ISO/IEC 18004 §7.4.4).
    let (pairs, left) = ((bits - head) / 11, (bits - head) % 11);
    let characters = 2 * pairs + usize::from(left >= 6);
    characters / 3 * 2 + usize::from(characters % 3 == 2)
}

fn qr(version: QrVersion) -> Version {
    Version::Normal(version.number().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_are_those_of_the_standard() {
        // ISO/IEC 18004 table 7: 395, 1249 and 4296 characters at level L.
        for (number, characters) in [(10, 395), (20, 1249), (40, 4296)] {
            let version = QrVersion::new(number).expect("a version");
            assert_eq!(capacity(version), characters / 3 * 2 + usize::from(characters % 3 == 2));
        }
    }

    #[test]
    fn every_version_holds_its_capacity_and_no_byte_more() {
        for number in QrVersion::SMALLEST.number()..=QrVersion::LARGEST.number() {
            let version = QrVersion::new(number).expect("a version");
            // Letters, digits, and all of them mixed.
            for mix in [1, 0, 0x9e37_79b9u32] {
                let byte =
                    |n: usize| (u32::try_from(n).expect("small").wrapping_mul(mix) >> 24) as u8;
                let bytes: Vec<u8> = (0..capacity(version)).map(byte).collect();
                let text = base45::encode(&bytes);
                assert_eq!(Symbol::new(&text, version).width(), version.width());
                let more = base45::encode([&bytes[..], &[0]].concat());
                assert!(encode(&more, version, EcLevel::L).is_none(), "{number}");
            }
        }
    }
}
