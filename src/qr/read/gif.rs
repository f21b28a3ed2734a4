//! GIF, animated or not.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, DisposalMethod, MemoryLimit};

use super::canvas::{Canvas, Disposal, Part, brightness};
use super::{Flow, Limits, Luma, PictureError};

pub(super) const MAGIC: &[u8] = b"GIF8";

/// Hands each picture of the file to `each`.
pub(super) fn pictures(
    untrusted: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let broken = |e: DecodingError| PictureError::broken("GIF", e);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let most = NonZeroU64::new(4 * limits.pixels as u64).unwrap_or(NonZeroU64::MIN);
    options.set_memory_limit(MemoryLimit::Bytes(most));
    let mut decoder = options.read_info(untrusted).map_err(broken)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    if limits.check(width, height)? == 0 {
        return Err(PictureError::broken("GIF", "no pixels"));
    }
    let mut canvas = Canvas::new(width, height);
    let mut count = 0;
    loop {
        let frame = match decoder.read_next_frame() {
            Ok(Some(frame)) => frame,
            // One that was cut shows what it has.
            Err(error) if count == 0 => return Err(broken(error)),
            Ok(None) | Err(_) => return Ok(count),
        };
        limits.check_count(count)?;
        let part = Part {
            x: frame.left.into(),
            y: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
        };
        let disposal = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Background,
            DisposalMethod::Previous => Disposal::Previous,
        };
        let pixels = frame.buffer.chunks_exact(4).map(|p| (brightness(p[0], p[1], p[2]), p[3]));
        count += 1;
        if each(&canvas.draw(part, disposal, pixels)).is_break() {
            return Ok(count);
        }
    }
}
