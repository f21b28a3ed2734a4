//! How much one code carries, and how large it is for that.

use std::fmt;
use std::str::FromStr;

/// A QR version (ISO/IEC 18004), [`QrVersion::SMALLEST`] to 40: its side has 17 + 4 × version
/// modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QrVersion(u8);

/// A text that is no density.
#[derive(Debug, thiserror::Error)]
#[error("density {0:?} is none of low, medium, high, or a QR version from 5 to 40")]
pub struct NotADensity(String);

/// How much one code carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Density {
    /// For poor cameras and small screens.
    Low,
    /// For a screen and a camera in front of it.
    #[default]
    Medium,
    /// For good cameras and sheets of paper.
    High,
    /// Just this version.
    Version(QrVersion),
}

impl QrVersion {
    /// The smallest that is used: below it, a frame's head takes most of the room.
    pub const SMALLEST: Self = Self(5);
    /// The largest that there is.
    pub const LARGEST: Self = Self(40);

    /// The version of this number; `None` outside of [`Self::SMALLEST`] to [`Self::LARGEST`].
    pub fn new(number: u8) -> Option<Self> {
        (Self::SMALLEST.0..=Self::LARGEST.0).contains(&number).then_some(Self(number))
    }

    /// The largest version whose code, with the quiet zone around it, is at most `modules` wide.
    pub fn fitting(modules: usize) -> Option<Self> {
        (Self::SMALLEST.0..=Self::LARGEST.0).rev().map(Self).find(|v| v.outer_width() <= modules)
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The side of the code, in modules, without the quiet zone.
    pub fn width(self) -> usize {
        17 + 4 * usize::from(self.0)
    }

    /// The side of the code, in modules, with the quiet zone.
    pub fn outer_width(self) -> usize {
        self.width() + 2 * super::draw::QUIET
    }
}

impl Density {
    /// The version that codes of this density have at most.
    pub fn version(self) -> QrVersion {
        match self {
            Self::Low => QrVersion(10),
            Self::Medium => QrVersion(20),
            Self::High => QrVersion(25),
            Self::Version(version) => version,
        }
    }
}

impl fmt::Display for Density {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Low => f.write_str("low"),
            Self::Medium => f.write_str("medium"),
            Self::High => f.write_str("high"),
            Self::Version(version) => write!(f, "{}", version.0),
        }
    }
}

impl FromStr for Density {
    type Err = NotADensity;

    fn from_str(text: &str) -> Result<Self, NotADensity> {
        match text {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            number => number
                .parse()
                .ok()
                .and_then(QrVersion::new)
                .map(Self::Version)
                .ok_or_else(|| NotADensity(crate::safe::clip(text))),
        }
    }
}
