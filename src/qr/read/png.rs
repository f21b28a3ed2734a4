//! PNG, animated (APNG) or not.

use std::io::Cursor;

use png::{BlendOp, ColorType, DecodingError, DisposeOp, Transformations};

use super::canvas::{Canvas, Disposal, Part, Pixel, brightness};
use super::{Flow, Limits, Luma, PictureError};

pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Hands each picture of the file to `each`.
pub(super) fn pictures(
    untrusted: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let broken = |e: DecodingError| PictureError::broken("PNG", e);
    // Four bytes a pixel, and rows that are filtered.
    let most = png::Limits { bytes: limits.pixels.saturating_mul(8) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(untrusted), most);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height) = (header.width as usize, header.height as usize);
    limits.check(width, height)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let mut bytes = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let mut canvas = Canvas::new(width, height);
    let pictures = reader.info().animation_control().map_or(1, |a| a.num_frames as usize);
    for count in 0..pictures {
        limits.check_count(count)?;
        let info = match reader.next_frame(&mut bytes) {
            Ok(info) => info,
            // One that was cut shows what it has.
            Err(_) if count > 0 => return Ok(count),
            Err(error) => return Err(broken(error)),
        };
        let (part, disposal, over) = place(&reader, (width, height));
        let pixels =
            greys(&bytes[..info.buffer_size()], info.color_type).map(
                |(grey, opacity)| match over {
                    Over::Blend => (grey, opacity),
                    Over::Replace => (on_paper(grey, opacity), 0xff),
                },
            );
        let luma = canvas.draw(part, disposal, pixels);
        let luma = if pictures == 1 { luma.the_only_one() } else { luma };
        if each(&luma).is_break() {
            return Ok(count + 1);
        }
    }
    Ok(pictures)
}

/// How a picture is laid over the one before.
#[derive(Clone, Copy)]
enum Over {
    Blend,
    Replace,
}

/// Where the current picture belongs, and what becomes of it.
fn place<R: std::io::BufRead + std::io::Seek>(
    reader: &png::Reader<R>,
    (width, height): (usize, usize),
) -> (Part, Disposal, Over) {
    let Some(control) = reader.info().frame_control() else {
        return (Part { x: 0, y: 0, width, height }, Disposal::Keep, Over::Replace);
    };
    let part = Part {
        x: control.x_offset as usize,
        y: control.y_offset as usize,
        width: control.width as usize,
        height: control.height as usize,
    };
    let disposal = match control.dispose_op {
        DisposeOp::None => Disposal::Keep,
        DisposeOp::Background => Disposal::Background,
        DisposeOp::Previous => Disposal::Previous,
    };
    let over = match control.blend_op {
        BlendOp::Source => Over::Replace,
        BlendOp::Over => Over::Blend,
    };
    (part, disposal, over)
}

fn on_paper(grey: u8, opacity: u8) -> u8 {
    let (grey, opacity) = (u16::from(grey), u16::from(opacity));
    u8::try_from((grey * opacity + 0xff * (0xff - opacity)) / 0xff).expect("between grey and white")
}

/// The pixels, which are of eight bits a sample after the decoder's transformations.
fn greys(bytes: &[u8], color: ColorType) -> impl Iterator<Item = Pixel> {
    let samples = color.samples();
    bytes.chunks_exact(samples).map(move |p| match color {
        ColorType::Grayscale | ColorType::Indexed => (p[0], 0xff),
        ColorType::GrayscaleAlpha => (p[0], p[1]),
        ColorType::Rgb => (brightness(p[0], p[1], p[2]), 0xff),
        ColorType::Rgba => (brightness(p[0], p[1], p[2]), p[3]),
    })
}
