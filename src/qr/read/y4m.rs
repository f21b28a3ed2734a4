//! YUV4MPEG2: raw pictures, as `ffmpeg -f yuv4mpegpipe` writes them.

use std::io::{BufRead, Read};

use y4m::{Decoder, Error};

use super::{Flow, Limits, Luma, PictureError};

pub(super) const MAGIC: &[u8] = b"YUV4MPEG2 ";
/// Longest header; the crate knows no longer one either.
const MAX_HEADER: u64 = 1024;

/// Hands each picture of the stream to `each`.
pub(super) fn pictures(
    mut untrusted: impl BufRead,
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let mut header = Vec::new();
    (&mut untrusted).take(MAX_HEADER).read_until(b'\n', &mut header)?;
    check_header(&header, limits)?;
    let most = y4m::Limits { bytes: limits.pixels.saturating_mul(6) };
    let mut decoder = Decoder::new_with_limits(header.chain(untrusted), most).map_err(broken)?;
    let (width, height) = (decoder.get_width(), decoder.get_height());
    let sample = decoder.get_bytes_per_sample();
    let shift = decoder.get_bit_depth() - 8;
    for count in 0.. {
        let frame = match decoder.read_frame() {
            Ok(frame) => frame,
            // The end, or the last picture was cut.
            Err(Error::EOF) => return Ok(count),
            Err(Error::IoError(error)) => return Err(error.into()),
            Err(error) => return Err(broken(error)),
        };
        let pixels = match frame.get_y_plane() {
            bytes if sample == 1 => bytes.to_vec(),
            // Little-endian, ten or twelve bits.
            words => words.chunks_exact(2).map(|w| eight_bits([w[0], w[1]], shift)).collect(),
        };
        let luma = Luma::new(width, height, pixels).ok_or_else(|| broken("no pixels"))?;
        if each(&luma).is_break() {
            return Ok(count + 1);
        }
    }
    unreachable!("the stream ends before the numbers do")
}

/// Looks at width and height before the crate multiplies them.
fn check_header(header: &[u8], limits: &Limits) -> Result<(), PictureError> {
    let number = |name: u8| {
        let value =
            header.split(|b| b.is_ascii_whitespace()).skip(1).find(|p| p.first() == Some(&name));
        value.and_then(|v| str::from_utf8(&v[1..]).ok()?.parse::<usize>().ok())
    };
    match (number(b'W'), number(b'H')) {
        (Some(width), Some(height)) => limits.check(width, height).map(drop),
        _ => Err(broken("no width or height")),
    }
}

fn eight_bits(word: [u8; 2], shift: usize) -> u8 {
    u8::try_from(u16::from_le_bytes(word) >> shift).unwrap_or(u8::MAX)
}

fn broken(reason: impl std::fmt::Display) -> PictureError {
    PictureError::broken("Y4M stream", reason)
}
