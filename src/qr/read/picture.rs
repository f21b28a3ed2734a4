//! Files with pictures: told apart by their first bytes.

use super::{Flow, Limits, Luma, PictureError, gif, jpeg, mjpeg, pdf, png};

/// Hands every picture in a PNG, JPEG, GIF or PDF to `each`, until that says stop. Returns how
/// many there were.
pub fn picture(
    untrusted: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    if untrusted.starts_with(png::MAGIC) {
        png::pictures(untrusted, limits, each)
    } else if untrusted.starts_with(gif::MAGIC) {
        gif::pictures(untrusted, limits, each)
    } else if untrusted.starts_with(mjpeg::MAGIC) {
        let _ = each(&jpeg(untrusted, limits)?.the_only_one());
        Ok(1)
    } else if pdf::is_pdf(untrusted) {
        pdf::pictures(untrusted, limits, each)
    } else {
        Err(PictureError::Unknown)
    }
}
