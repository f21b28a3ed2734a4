//! A code as a picture that does not move.

use std::fmt::Write as _;

use super::{QUIET, Scale, bits, side};
use crate::qr::Symbol;

/// The code as SVG, with its quiet zone: one unit a module.
pub fn svg(symbol: &Symbol) -> String {
    let outer = symbol.width() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..symbol.width() {
        let mut x = 0;
        while x < symbol.width() {
            let run = (x..symbol.width()).take_while(|x| symbol.is_dark(*x, y)).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {outer} {outer}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{outer}v{outer}h-{outer}z\"/>\
         <path d=\"{path}\"/></svg>\n"
    )
}

/// The code as PNG, with its quiet zone.
pub fn png(symbol: &Symbol, scale: Scale) -> Vec<u8> {
    const MEMORY: &str = "memory takes everything";
    let mut out = Vec::new();
    let side = u32::try_from(side(symbol, scale)).expect("a few thousand pixels");
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect(MEMORY);
    writer.write_image_data(&bits(symbol, scale)).expect(MEMORY);
    writer.finish().expect(MEMORY);
    out
}
