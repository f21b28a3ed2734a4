//! One frame: the text of one QR code.

use std::fmt;

/// Which message a frame belongs to: the first four bytes of its digest. Tells messages apart,
/// never proves one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 4]);

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    identity: Identity,
}

/// Why a text is no frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Some other QR code.
    #[error("not a code of this program")]
    Foreign,
}

impl Frame {
    /// Reads the text of a code; its numbers are within bounds afterwards.
    pub fn parse(_untrusted_text: &str, _limit: usize) -> Result<Self, FrameError> {
        Err(FrameError::Foreign)
    }

    /// The message that it belongs to.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
