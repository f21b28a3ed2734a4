//! Codes as a moving picture.

use super::{Rate, Scale, bits, is_dark, side};
use crate::qr::{Sender, Symbol};

const MEMORY: &str = "memory takes everything";
const SIZE: &str = "a few thousand pixels";

/// One round of the message as an animated GIF that repeats for ever. GIF counts time in 1/100 s.
pub fn gif(sender: &Sender, scale: Scale, rate: Rate) -> Vec<u8> {
    const WHITE_BLACK: [u8; 6] = [0xff, 0xff, 0xff, 0, 0, 0];
    let mut out = Vec::new();
    let side = u16::try_from(side(&sender.frame(0), scale)).expect(SIZE);
    let mut encoder = gif::Encoder::new(&mut out, side, side, &WHITE_BLACK).expect(MEMORY);
    encoder.set_repeat(gif::Repeat::Infinite).expect(MEMORY);
    for number in 0..sender.round() {
        let pixels = indexed(&sender.frame(number), scale);
        let mut frame = gif::Frame::from_indexed_pixels(side, side, pixels, None);
        frame.delay = 100 / u16::from(rate.per_second());
        encoder.write_frame(&frame).expect(MEMORY);
    }
    drop(encoder);
    out
}

/// One round of the message as an animated PNG that repeats for ever.
pub fn apng(sender: &Sender, scale: Scale, rate: Rate) -> Vec<u8> {
    const FOR_EVER: u32 = 0;
    let mut out = Vec::new();
    let side = u32::try_from(side(&sender.frame(0), scale)).expect(SIZE);
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_animated(sender.round(), FOR_EVER).expect("a round has one frame at least");
    encoder.set_frame_delay(1, rate.per_second().into()).expect("it is animated");
    let mut writer = encoder.write_header().expect(MEMORY);
    for number in 0..sender.round() {
        writer.write_image_data(&bits(&sender.frame(number), scale)).expect(MEMORY);
    }
    writer.finish().expect(MEMORY);
    out
}

/// The picture with one byte a pixel: 1 is dark.
fn indexed(symbol: &Symbol, scale: Scale) -> Vec<u8> {
    let side = side(symbol, scale);
    (0..side).flat_map(|y| (0..side).map(move |x| is_dark(symbol, scale, x, y).into())).collect()
}
