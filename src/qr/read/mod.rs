//! Pictures become the texts of the codes on them.
//!
//! Everything here comes from outside: sizes are limited before memory is taken for them.

use crate::safe::clip;

mod canvas;
mod finder;
mod gif;
mod jpeg;
mod luma;
mod mjpeg;
mod pdf;
mod picture;
mod png;
mod stream;
mod y4m;

pub use jpeg::jpeg;
pub use luma::Luma;
pub use picture::picture;
pub use stream::stream;

/// What a picture or a stream may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one picture.
    pub pixels: usize,
    /// Pictures of one animation, or images of one PDF. Streams have no end.
    pub pictures: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: 80_000_000, pictures: 4000 }
    }
}

/// Whether to go on.
pub type Flow = std::ops::ControlFlow<()>;

/// Why a picture or a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// No format that is known here.
    #[error("neither PNG, JPEG, GIF nor PDF, nor a Y4M or MJPEG stream")]
    Unknown,
    /// Larger than the limits.
    #[error("{what}: {actual} is more than {most}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// How large it may be.
        most: usize,
    },
    /// Broken.
    #[error("not a readable {format}: {reason}")]
    Broken {
        /// The format that it begins like.
        format: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// The stream ended with an error.
    #[error("the stream cannot be read")]
    Read(#[from] std::io::Error),
}

impl Limits {
    /// The number of pixels, if it is within the limit.
    fn check(&self, width: usize, height: usize) -> Result<usize, PictureError> {
        let actual = width.saturating_mul(height);
        if actual > self.pixels {
            return Err(PictureError::TooLarge { what: "pixels", actual, most: self.pixels });
        }
        Ok(actual)
    }

    /// Fails when one more picture is too many.
    fn check_count(&self, pictures: usize) -> Result<(), PictureError> {
        if pictures >= self.pictures {
            let (actual, most) = (pictures + 1, self.pictures);
            return Err(PictureError::TooLarge { what: "pictures", actual, most });
        }
        Ok(())
    }
}

impl PictureError {
    fn broken(format: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Broken { format, reason: clip(&reason.to_string()) }
    }
}
