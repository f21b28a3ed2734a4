//! The sealed backup of a master's key: an OpenPGP message under a passphrase of words, and that
//! passphrase split among people.
//!
//! ```text
//! words       bytes as words for paper, with a checksum: a wrong word is said
//! passphrase  what opens the backup: 128 random bits
//! share       the same, split so that any m of n shares give it back
//! sealed      the file: gpg opens it too
//! ```
//!
//! Nothing in here prints, asks, or writes a file.

mod passphrase;
mod sealed;
mod share;
mod words;

pub use passphrase::Passphrase;
pub(crate) use sealed::{MAX_BYTES, looks_right};
pub use sealed::{SealError, open, seal};
pub use share::{Collected, Collection, Share, ShareError, Split, SplitError};
pub use words::{Mark, WordError};

/// What a person typed: the words of a backup's passphrase, or those of one share of it.
#[derive(Debug)]
pub enum Typed {
    /// The whole passphrase.
    Passphrase(Passphrase),
    /// One share.
    Share(Share),
}

impl Typed {
    /// Reads the words of a passphrase or of a share; the first word tells which.
    ///
    /// # Errors
    /// [`WordError`] that says which word is wrong, as far as that can be told.
    pub fn read(text: &str) -> Result<Self, WordError> {
        let bytes = words::read(text, &[passphrase::LENGTH, share::LENGTH])?;
        if bytes.len() == passphrase::LENGTH {
            Passphrase::from_bytes(&bytes).map(Self::Passphrase)
        } else {
            Share::from_bytes(&bytes).map(Self::Share)
        }
    }
}

#[cfg(test)]
mod tests;
