//! Files that travel together as one message.

use crate::digest::Sha256;

/// Most bytes of a file's name, in UTF-8.
pub const MAX_NAME: usize = 120;

/// Files with plain names, one at least, that travel as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    files: Vec<(String, Vec<u8>)>,
}

/// Why files are no parcel.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// No file at all.
    #[error("no file to send")]
    Empty,
}

impl Parcel {
    /// A parcel of these files, in this order.
    pub fn new(files: Vec<(String, Vec<u8>)>) -> Result<Self, ParcelError> {
        if files.is_empty() { Err(ParcelError::Empty) } else { Ok(Self { files }) }
    }

    /// The files: name and content.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// The files, given away.
    pub fn into_files(self) -> Vec<(String, Vec<u8>)> {
        self.files
    }

    /// The SHA-256 of the files and their names, not compressed: what people compare.
    pub fn digest(&self) -> Sha256 {
        Sha256::ZERO
    }

    /// The bytes that travel.
    pub fn pack(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What [`Self::pack`] made, `limit` bytes at most once inflated.
    pub fn unpack(_untrusted: &[u8], _limit: usize) -> Result<Self, ParcelError> {
        Err(ParcelError::Empty)
    }
}
