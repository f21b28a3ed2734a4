//! What an animation shows: each of its pictures changes a part of the one before.

use super::Luma;

/// A part of an animation's picture.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// What becomes of a part before the next picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposal {
    Keep,
    Background,
    Previous,
}

/// Grey and opacity of one pixel.
pub(super) type Pixel = (u8, u8);

/// The whole picture. What nobody drew is white, like paper.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    shown: Vec<u8>,
    /// What the last picture asked to have done.
    pending: Option<(Part, Undo)>,
}

enum Undo {
    Clear,
    Restore(Vec<u8>),
}

const WHITE: u8 = 0xff;

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, shown: vec![WHITE; width * height], pending: None }
    }

    /// Draws the next picture, and returns what is to be seen then. What is outside of the canvas
    /// is cut off.
    pub(super) fn draw(
        &mut self,
        part: Part,
        disposal: Disposal,
        pixels: impl Iterator<Item = Pixel>,
    ) -> Luma {
        match self.pending.take() {
            Some((part, Undo::Clear)) => self.fill(part, std::iter::repeat((WHITE, 0xff))),
            Some((_, Undo::Restore(before))) => self.shown = before,
            None => {}
        }
        self.pending = match disposal {
            Disposal::Keep => None,
            Disposal::Background => Some((part, Undo::Clear)),
            Disposal::Previous => Some((part, Undo::Restore(self.shown.clone()))),
        };
        self.fill(part, pixels);
        Luma::new(self.width, self.height, self.shown.clone()).expect("a canvas has its size")
    }

    fn fill(&mut self, part: Part, mut pixels: impl Iterator<Item = Pixel>) {
        for y in part.y..part.y + part.height {
            for x in part.x..part.x + part.width {
                let Some((grey, opacity)) = pixels.next() else { return };
                if x < self.width && y < self.height {
                    let shown = &mut self.shown[y * self.width + x];
                    *shown = blend(grey, opacity, *shown);
                }
            }
        }
    }
}

/// A pixel over another.
fn blend(grey: u8, opacity: u8, below: u8) -> u8 {
    let (grey, opacity, below) = (u32::from(grey), u32::from(opacity), u32::from(below));
    let mixed = (grey * opacity + below * (0xff - opacity)) / 0xff;
    u8::try_from(mixed).expect("between the two")
}

/// The brightness of a colour (ITU-R BT.601).
pub(super) fn brightness(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from(sum / 1000).expect("a mean of bytes")
}
