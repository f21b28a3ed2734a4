//! A grey picture, and the codes on it.

use super::finder::{self, Effort};

/// A grey picture: one byte a pixel, row by row.
#[derive(Clone)]
pub struct Luma {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    effort: Effort,
}

impl Luma {
    /// A picture of these pixels; `None` unless there are just as many as width × height, and
    /// one at least.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let count = width.checked_mul(height)?;
        (count > 0 && pixels.len() == count).then_some(Self {
            width,
            height,
            pixels,
            effort: Effort::Quick,
        })
    }

    /// A picture from a camera's YUYV (YUV 4:2:2 packed), `stride` bytes a row.
    pub fn from_yuyv(width: usize, height: usize, stride: usize, bytes: &[u8]) -> Option<Self> {
        if stride < width.checked_mul(2)? {
            return None;
        }
        let rows = bytes.chunks(stride).take(height);
        let pixels = rows.flat_map(|row| row.iter().take(2 * width).step_by(2).copied()).collect();
        Self::new(width, height, pixels)
    }

    /// Width and height, in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The texts of all codes on the picture.
    pub fn codes(&self) -> Vec<String> {
        finder::codes(self.size(), &self.pixels, self.effort)
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The same picture, to be looked at in every way: there is no other of the same codes.
    pub(super) fn the_only_one(self) -> Self {
        Self { effort: Effort::Thorough, ..self }
    }

    /// Black and white exchanged.
    pub(super) fn inverted(self) -> Self {
        self.map(|pixel| 0xff - pixel)
    }

    /// Every pixel replaced.
    pub(super) fn map(mut self, replace: impl Fn(u8) -> u8) -> Self {
        self.pixels.iter_mut().for_each(|pixel| *pixel = replace(*pixel));
        self
    }
}
