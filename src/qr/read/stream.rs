//! A row of pictures that comes bit by bit.

use std::io::{BufRead as _, BufReader, Read};

use super::{Flow, Limits, Luma, PictureError, mjpeg, y4m};

/// Hands every picture of a Y4M or MJPEG stream to `each`, until that says stop or the stream
/// ends. Returns how many there were.
pub fn stream(
    untrusted: impl Read,
    limits: &Limits,
    each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let mut reader = BufReader::with_capacity(1 << 16, untrusted);
    match reader.fill_buf()? {
        [] => Ok(0),
        // The first bytes may come one by one; the first alone tells the two apart.
        [first, ..] if *first == y4m::MAGIC[0] => y4m::pictures(reader, limits, each),
        // A JPEG, or the boundary of a multipart stream.
        [first, ..] if [mjpeg::MAGIC[0], b'-', b'\r', b'\n'].contains(first) => {
            mjpeg::pictures(reader, limits, each)
        }
        _ => Err(PictureError::Unknown),
    }
}
