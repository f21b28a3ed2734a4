//! JPEG.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{Limits, Luma, PictureError};

/// Reads one JPEG, as cameras and scanners write it. One whose end is missing is read as far as
/// it goes.
pub fn jpeg(untrusted: &[u8], limits: &Limits) -> Result<Luma, PictureError> {
    let broken = |e| PictureError::broken("JPEG", e);
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::Luma)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(untrusted), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    limits.check(width, height)?;
    let pixels = decoder.decode().map_err(broken)?;
    Luma::new(width, height, pixels)
        .ok_or_else(|| PictureError::broken("JPEG", "not the size that it announces"))
}
