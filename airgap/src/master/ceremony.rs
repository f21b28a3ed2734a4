//! One key, several cards, and a backup: made in memory, which forgets it before the end.
//!
//! ```text
//! key in memory → card 1, which signs the certificate → backup sealed, its words typed back
//!               → further cards, each gives the same self-signature
//!               → memory forgets the key → last card, from the backup and the words as typed
//! ```
//!
//! So the backup has been restored once when the ceremony ends. Without a backup the last card is
//! written from memory like the others.

use std::io;
use std::path::PathBuf;

use countersign::certificate::Certificate;
use countersign::exchange::{self, ExchangeError};
use countersign::time::Timestamp;

use super::row::Row;
use super::{Identity, KnownAnswer, MasterError, MemoryKey, restore, words};
use crate::backup::{self, Passphrase, SealError, ShareError, Split};
use crate::card::{Card, CardError, Delivery};
use crate::console::Ceremony;

/// What a ceremony is to make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The master's name and end.
    pub identity: Identity,
    /// The date of the key.
    pub created: Timestamp,
    /// How many cards get it, at least 2.
    pub copies: usize,
    /// What became of the cards before.
    pub delivery: Delivery,
    /// Where the backup goes, if there is to be one.
    pub backup: Option<BackupPlan>,
}

/// A backup that is to be made.
#[derive(Clone, Debug)]
pub struct BackupPlan {
    /// Its file.
    pub file: PathBuf,
    /// Into how many shares its words are split; all words on one sheet where none.
    pub split: Option<Split>,
}

/// What a ceremony made.
#[derive(Debug)]
pub struct Made {
    /// The master's certificate.
    pub certificate: Certificate,
    /// The cards that have its key.
    pub cards: Vec<CardMade>,
}

/// A card that has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardMade {
    /// Which one, `MANUFACTURER:SERIAL`.
    pub ident: String,
    /// Its signature counter: 1, and more only where its set-up had to be done again.
    pub counter: u32,
}

/// Why a ceremony stopped.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The key or its certificate.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// A person ended it, or is gone.
    #[error("the ceremony was stopped{}", cards(done))]
    Stopped {
        /// The cards that have the key.
        done: Vec<CardMade>,
        /// What the last card said.
        source: Option<CardError>,
    },
    /// The words were shown, and nobody proved to have them.
    #[error(
        "the words of the backup were not typed back: the backup does not count and is removed"
    )]
    NotTypedBack,
    /// Not enough words to open a backup.
    #[error("nobody typed {}", missing_words(*missing))]
    NoWords {
        /// How many shares are missing, where some were given.
        missing: Option<u8>,
    },
    /// Shares.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The backup.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The backup holds another key than the one that was made.
    #[error("the backup restores another key than the one that was sealed: do not trust it")]
    OtherKey,
    /// A file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// The terminal.
    #[error("the console failed")]
    Console(#[source] io::Error),
}

fn cards(done: &[CardMade]) -> String {
    if done.is_empty() {
        return String::new();
    }
    let done = done.iter().map(|card| card.ident.as_str()).collect::<Vec<_>>().join(", ");
    format!(": the cards that have the key without a certificate must be reset: {done}")
}

fn missing_words(missing: Option<u8>) -> String {
    match missing {
        None => "the words of the backup".into(),
        Some(1) => "the words of one more share, which it takes".into(),
        Some(n) => format!("the words of {n} more shares, which it takes"),
    }
}

/// Makes a master in memory and puts it on cards. `open` opens the card with that number, from 1.
///
/// # Errors
/// [`CeremonyError`]. Whatever it is: no certificate exists, so the key is nobody's master; cards
/// that have it are named, and a backup that was begun is removed.
pub fn run<C, O>(plan: &Plan, console: &mut C, open: O) -> Result<Made, CeremonyError>
where
    C: Ceremony,
    O: FnMut(usize) -> Result<Card, CardError>,
{
    console.show("The key is made in this machine's memory.\n");
    let key = MemoryKey::generate(plan.created)?;
    let mut row = Row::new(console, plan.copies, plan.delivery, open);
    let certificate = row.next(|card, pins, delivery| {
        card.import(key.secret(), pins, delivery)?;
        super::certify(card, pins.pin.clone(), key.public(), &plan.identity)
    })?;
    let answer = KnownAnswer::of(&certificate)?;
    let Some(wanted) = &plan.backup else {
        while row.done().len() < plan.copies {
            copy(&mut row, &key, &answer)?;
        }
        return Ok(Made { certificate, cards: row.done().to_vec() });
    };
    let result = back_up(&mut row, key, &certificate, wanted, plan.copies);
    if result.is_err() {
        // Best effort: without the words it opens for nobody.
        let _ = std::fs::remove_file(&wanted.file);
    }
    result?;
    Ok(Made { certificate, cards: row.into_done() })
}

/// Seals the key, writes it to the cards but the last, forgets it, and restores it onto the last.
fn back_up<C, O>(
    row: &mut Row<'_, C, O>,
    key: MemoryKey,
    certificate: &Certificate,
    wanted: &BackupPlan,
    copies: usize,
) -> Result<(), CeremonyError>
where
    C: Ceremony,
    O: FnMut(usize) -> Result<Card, CardError>,
{
    let answer = KnownAnswer::of(certificate)?;
    let passphrase = Passphrase::generate()?;
    let sealed = backup::seal(&key.with_certificate(certificate)?, &passphrase)?;
    exchange::write_path(&wanted.file, &sealed)?;
    let typed = words::hand_out(row.console(), &passphrase, wanted.split)?;
    drop(passphrase);
    while row.done().len() + 1 < copies {
        copy(row, &key, &answer)?;
    }
    drop(key);
    row.console()
        .show("\nThis machine has forgotten the key: the last card gets it from the backup.\n");
    let (restored, again) = restore::open(&wanted.file, &typed)?;
    drop(typed);
    if again.to_bytes() != certificate.to_bytes() {
        return Err(CeremonyError::OtherKey);
    }
    copy(row, &restored, &answer)
}

/// Puts the key on the next card, which must then give the known answer.
pub(super) fn copy<C, O>(
    row: &mut Row<'_, C, O>,
    key: &MemoryKey,
    answer: &KnownAnswer,
) -> Result<(), CeremonyError>
where
    C: Ceremony,
    O: FnMut(usize) -> Result<Card, CardError>,
{
    let ident = row.next(|card, pins, delivery| {
        card.import(key.secret(), pins, delivery)?;
        let before = card.before_unlocking()?;
        card.unlock(pins.pin.clone(), &before)?;
        answer.ask(card)?;
        Ok(before.ident)
    })?;
    row.console().show(&format!("Card {ident} has the key: its signature is the same.\n"));
    Ok(())
}
