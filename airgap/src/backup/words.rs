//! Secret bytes as words of the PGP word list, with a checksum at their end.
//!
//! Words for even and odd places are different ones, so a missing, doubled or swapped word is
//! noticed at its place. A word that was taken for another of the same kind is noticed by the
//! checksum, three bytes of SHA-256: which of the words it is can then be told by trying, because
//! among some 6,000 changes of one word hardly ever a second one fits.

use std::fmt;

use countersign::digest::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// Bytes of the checksum.
pub(super) const CHECK: usize = 3;

/// Which backup words belong to: drawn anew for each backup, and written on all that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub(super) [u8; 2]);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", hex::encode(self.0))
    }
}

/// What is wrong with words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Not as many as a passphrase or a share has.
    #[error("{actual} words: a passphrase has {passphrase}, a share {share}")]
    Count {
        /// How many there are.
        actual: usize,
        /// How many a passphrase has.
        passphrase: usize,
        /// How many a share has.
        share: usize,
    },
    /// Not on the list.
    #[error("word {place} ({word:?}) is not on the word list")]
    Unknown {
        /// Its place, from 1.
        place: usize,
        /// The word.
        word: String,
    },
    /// On the list, at another kind of place.
    #[error("word {place} ({word:?}) cannot stand there: one before it is missing or doubled")]
    Place {
        /// Its place, from 1.
        place: usize,
        /// The word.
        word: String,
    },
    /// The checksum does not fit, and one changed word would explain it.
    #[error("word {place} is wrong: every other one fits")]
    Wrong {
        /// Its place, from 1.
        place: usize,
    },
    /// The checksum does not fit.
    #[error("the words do not fit together: more than one is wrong")]
    Mixed,
    /// The checksum fits, and what it covers makes no sense.
    #[error("these words belong to another version of this program")]
    Version,
}

/// The words of `bytes` and their checksum.
pub(super) fn write(bytes: &[u8]) -> Zeroizing<String> {
    let whole = Zeroizing::new([bytes, &checksum(bytes)].concat());
    Zeroizing::new(pgp_words::to_words(&whole).join(" "))
}

/// The bytes that `text`'s words stand for, without the checksum; as many as one of `lengths`
/// (passphrase, share).
///
/// # Errors
/// [`WordError`] that says which word is wrong.
pub(super) fn read(text: &str, lengths: &[usize; 2]) -> Result<Zeroizing<Vec<u8>>, WordError> {
    let words: Vec<Zeroizing<String>> =
        text.split_whitespace().map(|w| Zeroizing::new(w.to_lowercase())).collect();
    let mut bytes = Zeroizing::new(Vec::with_capacity(words.len().min(64)));
    // Which word is unknown is of more help than how many there are: said first.
    for (at, word) in words.iter().take(64).enumerate() {
        bytes.push(byte(at, word)?);
    }
    let [passphrase, share] = lengths.map(|length| length + CHECK);
    if words.len() != passphrase && words.len() != share {
        return Err(WordError::Count { actual: words.len(), passphrase, share });
    }
    if fits(&bytes) {
        bytes.truncate(words.len() - CHECK);
        return Ok(bytes);
    }
    Err(wrong_place(&mut bytes).map_or(WordError::Mixed, |place| WordError::Wrong { place }))
}

fn byte(at: usize, word: &str) -> Result<u8, WordError> {
    let as_even = || pgp_words::to_bytes(&[word]).and_then(|b| b.last().copied());
    let as_odd = || pgp_words::to_bytes(&["aardvark", word]).and_then(|b| b.last().copied());
    let (here, elsewhere) =
        if at.is_multiple_of(2) { (as_even(), as_odd()) } else { (as_odd(), as_even()) };
    let place = at + 1;
    here.ok_or_else(|| {
        let word = countersign::safe::clip(word);
        match elsewhere {
            Some(_) => WordError::Place { place, word },
            None => WordError::Unknown { place, word },
        }
    })
}

/// The place, from 1, of the only word whose change makes the checksum fit.
fn wrong_place(bytes: &mut [u8]) -> Option<usize> {
    let mut found = None;
    for at in 0..bytes.len() {
        let mut typed = bytes[at];
        for other in (0..=u8::MAX).filter(|other| *other != typed) {
            bytes[at] = other;
            if fits(bytes) {
                if found.is_some_and(|place| place != at + 1) {
                    return None;
                }
                found = Some(at + 1);
            }
        }
        bytes[at] = typed;
        typed.zeroize();
    }
    found
}

fn fits(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<CHECK>().is_some_and(|(body, check)| checksum(body) == *check)
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    let whole = Zeroizing::new([b"countersign backup words\0".as_slice(), bytes].concat());
    let digest = Sha256::of(whole.as_slice());
    let [a, b, c, ..] = *digest.as_bytes();
    [a, b, c]
}
