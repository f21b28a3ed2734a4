//! A passphrase split among people: any m of n shares give it back, fewer say nothing about it.
//!
//! The splitting is Shamir's over GF(256), by the crate vsss-rs: its arithmetic takes the same time
//! for every value, it draws coefficients from the whole field, and it was audited. (`sharks` is
//! unmaintained and biased, RUSTSEC-2024-0398; its fork `blahaj` looks values up in tables.)

use std::fmt;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::passphrase::{ENTROPY, Passphrase};
use super::words::{self, Mark, WordError};

/// Says which version of this form it is, and that it is a share.
const TAG: u8 = 0xb2;
/// Bytes before the checksum: tag, mark, how many it takes, number, share of the entropy.
pub(super) const LENGTH: usize = 5 + ENTROPY;

/// Into how many shares a passphrase is split, and how many of them open the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    needed: u8,
    shares: u8,
}

/// A split that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not like 3/5: at least 2 shares needed, out of at most 16")]
pub struct SplitError(String);

/// One share.
pub struct Share {
    mark: Mark,
    needed: u8,
    number: u8,
    value: Zeroizing<[u8; ENTROPY]>,
}

/// Why shares do not give a passphrase back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Of another backup.
    #[error("this share belongs to backup {actual}, the others to backup {expected}")]
    OtherBackup {
        /// This one's.
        actual: Mark,
        /// The others'.
        expected: Mark,
    },
    /// The same one again.
    #[error("share {0} was given already")]
    Twice(u8),
    /// The same number with another value, or another number of shares needed.
    #[error("share {0} contradicts those given before, although its words fit together")]
    Contradiction(u8),
    /// Shares that do not add up.
    #[error("the shares do not give a passphrase")]
    Unfit,
}

impl Split {
    /// Any `needed` of `shares`; none where fewer than 2 are needed, or more than 16 made.
    pub fn new(needed: u8, shares: u8) -> Option<Self> {
        (2..=shares).contains(&needed).then_some(Self { needed, shares }).filter(|s| s.shares <= 16)
    }

    /// How many of the shares open the backup.
    pub fn needed(self) -> u8 {
        self.needed
    }

    /// How many shares there are.
    pub fn shares(self) -> u8 {
        self.shares
    }

    /// Splits a passphrase.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn split(self, passphrase: &Passphrase) -> Result<Vec<Share>, getrandom::Error> {
        // The library asks for a generator that cannot fail; this one ends the program if it does.
        // Trying first makes a failure an error.
        getrandom::fill(&mut [0])?;
        let (needed, shares) = (usize::from(self.needed), usize::from(self.shares));
        let secret = passphrase.secret.as_slice();
        let rows = Gf256::split_bytes(needed, shares, secret, UnwrapErr(SysRng))
            .expect("2 to 16 shares of 16 bytes");
        Ok(rows.into_iter().map(|row| self.share(passphrase.mark, &Zeroizing::new(row))).collect())
    }

    fn share(self, mark: Mark, row: &Zeroizing<Vec<u8>>) -> Share {
        let (number, value) = row.split_first().expect("a number and a value");
        let value = value.try_into().expect("as long as what was split");
        Share { mark, needed: self.needed, number: *number, value: Zeroizing::new(value) }
    }
}

impl std::str::FromStr for Split {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let (needed, shares) = text.split_once('/').unwrap_or_default();
        let parsed = needed.parse().ok().zip(shares.parse().ok());
        parsed.and_then(|(m, n)| Self::new(m, n)).ok_or_else(|| SplitError(text.to_owned()))
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.needed, self.shares)
    }
}

impl Share {
    /// Which backup it belongs to.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Its number, from 1.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// How many shares open the backup.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// Its words.
    pub fn words(&self) -> Zeroizing<String> {
        let Mark([a, b]) = self.mark;
        let head = [TAG, a, b, self.needed, self.number];
        words::write(&Zeroizing::new([&head, self.value.as_slice()].concat()))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, WordError> {
        let Some(([TAG, a, b, needed, number], value)) = bytes.split_first_chunk::<5>() else {
            return Err(WordError::Version);
        };
        if Split::new(*needed, 16).is_none() || !(1..=16).contains(number) {
            return Err(WordError::Version);
        }
        let value = Zeroizing::new(value.try_into().map_err(|_| WordError::Version)?);
        Ok(Self { mark: Mark([*a, *b]), needed: *needed, number: *number, value })
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        (self.mark, self.needed, self.number) == (other.mark, other.needed, other.number)
            && *self.value == *other.value
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} {} of {})", self.mark, self.number, self.needed)
    }
}

/// Shares as they come in.
#[derive(Debug, Default)]
pub struct Collection {
    shares: Vec<Share>,
}

/// How far the shares go.
#[derive(Debug)]
pub enum Collected {
    /// So many more are needed.
    Missing(u8),
    /// The passphrase.
    Whole(Passphrase),
}

impl Collection {
    /// Adds a share.
    ///
    /// # Errors
    /// [`ShareError`] where it is of another backup or was given already; it is not added.
    pub fn add(&mut self, share: Share) -> Result<Collected, ShareError> {
        if let Some(first) = self.shares.first() {
            let (actual, expected) = (share.mark, first.mark);
            if actual != expected {
                return Err(ShareError::OtherBackup { actual, expected });
            }
            if share.needed != first.needed {
                return Err(ShareError::Contradiction(share.number));
            }
        }
        if let Some(before) = self.shares.iter().find(|s| s.number == share.number) {
            let same = *before == share;
            let number = share.number;
            return Err(if same {
                ShareError::Twice(number)
            } else {
                ShareError::Contradiction(number)
            });
        }
        let (needed, mark) = (share.needed, share.mark);
        self.shares.push(share);
        let given = u8::try_from(self.shares.len()).unwrap_or(u8::MAX);
        if given < needed {
            return Ok(Collected::Missing(needed - given));
        }
        Ok(Collected::Whole(self.combine(mark)?))
    }

    fn combine(&self, mark: Mark) -> Result<Passphrase, ShareError> {
        let row = |s: &Share| [&[s.number], s.value.as_slice()].concat();
        let rows = Zeroizing::new(self.shares.iter().map(row).collect::<Vec<_>>());
        let secret = Gf256::combine_bytes(rows.as_slice()).map(Zeroizing::new);
        let secret = secret.map_err(|_| ShareError::Unfit)?;
        let secret = secret.as_slice().try_into().map_err(|_| ShareError::Unfit)?;
        Ok(Passphrase { mark, secret: Zeroizing::new(secret) })
    }
}
