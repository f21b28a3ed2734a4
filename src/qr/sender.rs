//! A message as an endless row of codes.

use super::{Density, Parcel, Symbol};
use crate::digest::Sha256;

/// A message, ready to be shown.
#[derive(Debug)]
pub struct Sender {
    digest: Sha256,
}

/// Why a parcel cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// More than can sensibly be shown.
    #[error(
        "{bytes} bytes are {needed} codes, and {most} are the most: choose a higher density, or a stick"
    )]
    TooMany {
        /// What would travel.
        bytes: usize,
        /// Codes for that.
        needed: usize,
        /// The most.
        most: usize,
    },
}

impl Sender {
    /// Prepares the parcel; each code has the density's version at most.
    pub fn new(parcel: &Parcel, _density: Density) -> Result<Self, SenderError> {
        Ok(Self { digest: parcel.digest() })
    }

    /// The code of this number. The first [`Self::needed`] carry the message as it is; every
    /// later one can stand for any that was missed.
    pub fn frame(&self, _number: u32) -> Symbol {
        unreachable!()
    }

    /// The text of the code of this number.
    pub fn text(&self, _number: u32) -> String {
        String::new()
    }

    /// How many codes a receiver needs that misses none.
    pub fn needed(&self) -> u32 {
        1
    }

    /// How many codes one round of an animation should have: some to spare for those missed.
    pub fn round(&self) -> u32 {
        1
    }

    /// Whether one code is the whole message.
    pub fn is_still(&self) -> bool {
        self.needed() == 1
    }

    /// The digest of the parcel, for people to compare: [`Parcel::digest`].
    pub fn digest(&self) -> Sha256 {
        self.digest
    }

    /// The bytes that travel.
    #[expect(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        0
    }

    /// The side of the codes, in modules, without the quiet zone.
    pub fn width(&self) -> usize {
        0
    }
}
