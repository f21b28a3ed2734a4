//! Texts of codes, in any order, become the message.

use super::{FrameError, Identity, Parcel, ParcelError};

/// Collects frames until a message is whole.
#[derive(Debug)]
pub struct Receiver {
    limit: usize,
}

/// How far the message in front has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Different frames received.
    pub have: u32,
    /// Frames that are needed; a few more in rare cases.
    pub need: u32,
}

/// What became of a text.
#[derive(Debug)]
pub enum Taken {
    /// A new frame of the message in front.
    Progress(Progress),
    /// A frame that was there already, or of a message that is done.
    Repeated,
    /// A frame of another message than the one in front; it is kept, within bounds.
    OfAnother(Identity),
    /// Not one of our codes, or a damaged one.
    NotAFrame(FrameError),
    /// The message is whole.
    Done(Parcel),
    /// All frames were there, and what they gave is not what was sent. Its frames are forgotten.
    Damaged(ReceiveError),
}

/// Why enough frames gave no parcel.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The digest is another.
    #[error("the codes do not add up to the message that they announce")]
    Digest,
    /// The message is whole, and no parcel.
    #[error("the message is whole, but no parcel")]
    Parcel(#[from] ParcelError),
}

impl Receiver {
    /// A receiver of messages of `limit` bytes at most, as they travel and inflated.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// Takes the text of one code.
    pub fn take(&mut self, _untrusted_text: &str) -> Taken {
        let _ = self.limit;
        Taken::Repeated
    }

    /// How far the message in front has come; `None` before its first frame.
    pub fn progress(&self) -> Option<Progress> {
        None
    }

    /// The message in front.
    pub fn identity(&self) -> Option<Identity> {
        None
    }
}
