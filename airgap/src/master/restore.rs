//! A backup put on a fresh card.

use std::path::Path;

use countersign::certificate::Certificate;
use countersign::exchange;

use super::ceremony::{CardMade, copy};
use super::row::Row;
use super::{CeremonyError, KnownAnswer, MemoryKey, words};
use crate::backup::{self, Passphrase};
use crate::card::{Card, CardError, Delivery};
use crate::console::Ceremony;

/// A master that was put on another card.
#[derive(Debug)]
pub struct Restored {
    /// Its certificate, as it was when the backup was made.
    pub certificate: Certificate,
    /// The card that has its key now: one.
    pub cards: Vec<CardMade>,
}

/// Asks for a backup's words, and puts the key that it holds on a card. The card must give the
/// self-signature that the certificate in the backup has.
///
/// # Errors
/// [`CeremonyError`] where the words do not open it, it is damaged, or the card fails.
pub fn restore<C, O>(
    file: &Path,
    delivery: Delivery,
    console: &mut C,
    mut open_card: O,
) -> Result<Restored, CeremonyError>
where
    C: Ceremony,
    O: FnMut() -> Result<Card, CardError>,
{
    // Before anybody types 22 words.
    backup::looks_right(&exchange::read_path(file, backup::MAX_BYTES)?)?;
    let passphrase = words::ask(console)?;
    let (key, certificate) = open(file, &passphrase)?;
    drop(passphrase);
    let answer = KnownAnswer::of(&certificate)?;
    console.show(&format!("\nThe backup holds the master {}.\n", answer.key().spaced()));
    let mut row = Row::new(console, 1, delivery, |_| open_card());
    copy(&mut row, &key, &answer)?;
    Ok(Restored { certificate, cards: row.into_done() })
}

/// Opens a backup.
pub(super) fn open(
    file: &Path,
    passphrase: &Passphrase,
) -> Result<(MemoryKey, Certificate), CeremonyError> {
    let untrusted = exchange::read_path(file, backup::MAX_BYTES)?;
    Ok(MemoryKey::read(&backup::open(&untrusted, passphrase)?)?)
}
