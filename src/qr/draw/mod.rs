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
