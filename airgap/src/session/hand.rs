//! The unlocked card, and what it made in this session.

use countersign::certificate::Certificate;

use super::SessionError;
use crate::card::{self, CardError};

/// A card that was unlocked for this session's signatures.
pub(super) struct Hand<'c, 'k> {
    /// The card.
    pub(super) card: &'c mut card::Session<'k>,
    /// The master that is asked.
    pub(super) asked: &'c Certificate,
    /// The master on the card: another one in a rehearsal.
    pub(super) master: &'c Certificate,
    /// Its identity.
    pub(super) ident: &'c str,
    /// Its counter before the first signature.
    before: u32,
    /// Signatures that were asked for, and made.
    pub(super) done: usize,
    /// Records that were signed.
    pub(super) records: u32,
}

impl<'c, 'k> Hand<'c, 'k> {
    /// A card that counted `before` signatures until now, and the masters: asked, and on it.
    pub(super) fn new(
        card: &'c mut card::Session<'k>,
        (asked, master): (&'c Certificate, &'c Certificate),
        ident: &'c str,
        before: u32,
    ) -> Self {
        Self { card, asked, master, ident, before, done: 0, records: 0 }
    }

    /// Has a digest signed.
    pub(super) fn sign(&mut self, digest: &[u8; 64]) -> Result<Vec<u8>, CardError> {
        self.card.sign(digest)
    }

    /// Reads the counter, which must have grown by just the signatures that were made here.
    pub(super) fn counted(&mut self) -> Result<u32, SessionError> {
        let actual = self.card.counter()?;
        let made = u32::try_from(self.done).ok().and_then(|done| done.checked_add(self.records));
        let expected = made.and_then(|made| self.before.checked_add(made));
        match expected {
            Some(expected) if expected == actual => Ok(actual),
            // Not written down as the new count: it stays unexplained until a person explains it.
            _ => {
                let (card, expected) = (self.ident.to_owned(), expected.unwrap_or(self.before));
                Err(SessionError::Counter { card, actual, expected, since: None })
            }
        }
    }
}
