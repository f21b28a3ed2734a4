//! Codes as pictures.

use super::Symbol;

mod animation;
mod pdf;
mod still;
mod terminal;

pub use animation::{apng, gif};
pub use pdf::{Sheet, pdf};
pub use still::{png, svg};
pub use terminal::terminal;

/// Light modules around a code (ISO/IEC 18004 §9.1).
pub const QUIET: usize = 4;

/// Pixels for one module, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale(u8);

impl Scale {
    /// So many pixels; `None` outside of 1 to 64.
    pub fn new(pixels: u8) -> Option<Self> {
        (1..=64).contains(&pixels).then_some(Self(pixels))
    }

    /// The scale at which the picture of such a code is close to `pixels` wide, and not wider
    /// unless it must be.
    pub fn for_width(symbol: &Symbol, pixels: usize) -> Self {
        let scale = pixels / (symbol.width() + 2 * QUIET);
        Self(u8::try_from(scale.clamp(1, 64)).expect("at most 64"))
    }
}

/// Pictures in a second, 1 to 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u8);

impl Scale {
    fn pixels(self) -> usize {
        self.0.into()
    }
}

impl Rate {
    /// So many in a second; `None` outside of 1 to 50.
    pub fn new(per_second: u8) -> Option<Self> {
        (1..=50).contains(&per_second).then_some(Self(per_second))
    }

    /// How many in a second.
    pub fn per_second(self) -> u8 {
        self.0
    }
}

/// The side of a code's picture in pixels, quiet zone included.
fn side(symbol: &Symbol, scale: Scale) -> usize {
    (symbol.width() + 2 * QUIET) * scale.pixels()
}

/// Whether a pixel of that picture is dark.
fn is_dark(symbol: &Symbol, scale: Scale, x: usize, y: usize) -> bool {
    let module = |pixel: usize| (pixel / scale.pixels()).checked_sub(QUIET);
    matches!((module(x), module(y)), (Some(x), Some(y)) if symbol.is_dark(x, y))
}

/// The picture with one bit a pixel, eight of them in a byte, each row from a new byte; a dark
/// pixel is 0 (PNG and PDF: grey of one bit).
fn bits(symbol: &Symbol, scale: Scale) -> Vec<u8> {
    let side = side(symbol, scale);
    let mut rows = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        let mut row = vec![0xff; side.div_ceil(8)];
        for x in (0..side).filter(|x| is_dark(symbol, scale, *x, y)) {
            row[x / 8] &= !(0x80 >> (x % 8));
        }
        rows.extend(row);
    }
    rows
}
