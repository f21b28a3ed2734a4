//! Y4M and MJPEG, frame by frame, as `ffmpeg` and cameras write them.

use std::io::Read;

use super::{Flow, Limits, Luma, PictureError};

/// Hands every picture of the stream to `each`, until that says stop or the stream ends. Returns
/// how many there were.
pub fn stream(
    _untrusted: impl Read,
    _limits: &Limits,
    _each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    Err(PictureError::Unknown)
}
