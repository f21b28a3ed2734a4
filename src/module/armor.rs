//! ASCII armor as GnuPG takes it: a checksum that is there must be right (RFC 4880 §6; RFC 9580
//! lets readers ignore it, and sequoia does).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::lines::{Line, Lines};

/// Why armor cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmorError {
    /// A line with something else than base64.
    #[error("line {0} of the file is not base64")]
    Line(usize),
    /// Other data than the checksum says.
    #[error("the checksum of its armor is wrong")]
    Checksum,
}

/// Decodes the lines after an armor's first one, up to its last line, which is taken too; returns
/// the data and whether all was as armor is.
pub(super) fn decode(lines: &mut Lines<'_>) -> Result<(Vec<u8>, Footer), ArmorError> {
    let mut data = Vec::new();
    let mut carry = Vec::new();
    let mut checksum = None;
    let mut in_headers = true;
    let mut footer = Footer::There;
    for line in lines {
        let text = line.trimmed();
        if text.starts_with(b"-----") {
            check(&carry, checksum, &data, &line)?;
            return Ok((data, if ENDS.contains(&text) { footer } else { Footer::Odd }));
        }
        // Headers end with an empty line (RFC 9580 §6.2).
        if in_headers {
            in_headers = !text.is_empty();
            if in_headers && !text.windows(2).any(|pair| pair == b": ") {
                footer = Footer::Odd;
            }
        } else if let Some(encoded) = text.strip_prefix(b"=").filter(|rest| rest.len() == 4) {
            checksum = Some(STANDARD.decode(encoded).map_err(|_| ArmorError::Line(line.number))?);
        } else if checksum.is_none() {
            carry.extend_from_slice(text);
            let whole = carry.len() / 4 * 4;
            STANDARD
                .decode_vec(&carry[..whole], &mut data)
                .map_err(|_| ArmorError::Line(line.number))?;
            carry.drain(..whole);
        } else if !text.is_empty() {
            footer = Footer::Odd;
        }
    }
    let end = Line { number: 0, bytes: b"" };
    check(&carry, checksum, &data, &end)?;
    Ok((data, Footer::Odd))
}

/// The lines that armor ends with.
const ENDS: [&[u8]; 2] = [b"-----END PGP SIGNATURE-----", b"-----END PGP MESSAGE-----"];

/// Whether armor ends with the line that says so and has nothing in it that is no armor. GnuPG
/// does not mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Footer {
    There,
    Odd,
}

fn check(
    carry: &[u8],
    checksum: Option<Vec<u8>>,
    data: &[u8],
    line: &Line<'_>,
) -> Result<(), ArmorError> {
    if !carry.is_empty() {
        return Err(ArmorError::Line(line.number));
    }
    match checksum {
        Some(stated) if stated != crc24(data) => Err(ArmorError::Checksum),
        _ => Ok(()),
    }
}

/// RFC 4880 §6.1.
fn crc24(data: &[u8]) -> [u8; 3] {
    let mut crc: u32 = 0x00b7_04ce;
    for byte in data {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    let [_, high, middle, low] = crc.to_be_bytes();
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<u8>, Footer), ArmorError> {
        decode(&mut Lines::new(text.as_bytes()))
    }

    #[test]
    fn a_checksum_that_is_there_must_be_right() {
        // `printf abc | gpg --enarmor`
        let good = "\nYWJj\n=uhx7\n-----END PGP MESSAGE-----\n";
        assert_eq!(read(good), Ok((b"abc".to_vec(), Footer::There)));
        assert_eq!(read(&good.replace("=uhx7\n", "")), Ok((b"abc".to_vec(), Footer::There)));
        assert_eq!(read(&good.replace("uhx7", "uhx8")), Err(ArmorError::Checksum));
        assert_eq!(read(&good.replace("YWJj", "YW!j")), Err(ArmorError::Line(2)));
        assert_eq!(read(&good.replace("YWJj", "YWJ")), Err(ArmorError::Line(4)));
        assert_eq!(read("\nYWJj\n"), Ok((b"abc".to_vec(), Footer::Odd)));
        assert_eq!(read("\nYW\nJj\n"), Ok((b"abc".to_vec(), Footer::Odd)));
    }

    #[test]
    fn what_is_no_armor_within_armor_is_told() {
        let good = "Version: x\n\nYWJj\n=uhx7\n-----END PGP SIGNATURE-----\n";
        assert_eq!(read(good), Ok((b"abc".to_vec(), Footer::There)));
        for (from, to) in [
            ("=uhx7\n", "=uhx7\n<?php system($_GET[0]); ?>\n"),
            ("Version: x", "anything at all"),
            ("SIGNATURE-----", "SIGNATURE----- <?php"),
        ] {
            assert_eq!(read(&good.replace(from, to)), Ok((b"abc".to_vec(), Footer::Odd)), "{to}");
        }
    }
}
