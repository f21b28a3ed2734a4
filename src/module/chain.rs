//! By which chain a key may sign modules: what the masters, and introducers whom they appointed,
//! say of it, judged at two moments: when the signature was made, and now.
//!
//! Unlike GnuPG ([`super::gpg`]), this believes no certification from the future, lets a later
//! revocation outweigh every earlier certification, whosever it is, and names what is weak.

mod word;

use std::fmt;

use super::Keyring;
use crate::certificate::{Certificate, Opinion, Strength};
use crate::time::Timestamp;

pub(super) use word::{covers, user_id_revoked_at};

/// When a signature was made, and when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// When the signature was made, by its own word.
    pub signed: Timestamp,
    /// When it is judged.
    pub now: Timestamp,
}

/// What makes a key count, or fails to.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The master, if the key is a master's own.
    pub own: Option<&'a Certificate>,
    /// What is said of the key: the last word of each certifier on each user ID.
    pub words: Vec<Word<'a>>,
}

/// Who said it.
#[derive(Clone, Copy, Debug)]
pub enum Certifier<'a> {
    /// A master.
    Master(&'a Certificate),
    /// Somebody whom a master appointed by a trust signature (RFC 9580 §5.2.3.21).
    Introducer(&'a Certificate),
}

/// The last word of one certifier on one user ID, and what became of it.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// Whose word it is.
    pub by: Certifier<'a>,
    /// What it was.
    pub opinion: Opinion,
    /// How strong it is: as its digest, and as that of the introducer's appointment.
    pub strength: Strength,
    /// Why it does not count, where it does not.
    pub lapse: Option<Lapse>,
    /// Whether it stood when the signature was made, whatever became of its maker since.
    stood: bool,
}

/// Why a certification does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// It was taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// It ended.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was made after the module was signed, and none stood at that time.
    MadeLater {
        /// When.
        at: Timestamp,
    },
    /// It is dated after now.
    Future {
        /// To when.
        at: Timestamp,
    },
    /// It rests on SHA-1 and was made after 2019-01-19, or on MD5.
    Digest {
        /// When it was made.
        at: Timestamp,
    },
    /// The owner of the key took the user ID back.
    UserIdRevoked {
        /// When.
        at: Timestamp,
    },
    /// The certifier's key was revoked by its owner.
    CertifierRevoked {
        /// When.
        at: Timestamp,
    },
    /// The certifier's key has ended.
    CertifierExpired {
        /// When.
        at: Timestamp,
    },
    /// No master appointed the introducer, or not completely, or not for this user ID.
    NotAppointed,
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked { at } => write!(f, "certification revoked on {}", at.date()),
            Self::Expired { at } => write!(f, "certification expired on {}", at.date()),
            Self::MadeLater { at } => {
                write!(f, "certified on {}, not yet when the module was signed", at.date())
            }
            Self::Future { at } => write!(f, "certification dated {at}"),
            Self::Digest { at } => {
                write!(f, "certification of {} over a digest that nobody believes", at.date())
            }
            Self::UserIdRevoked { at } => {
                write!(f, "certified for a user ID that was given up on {}", at.date())
            }
            Self::CertifierRevoked { at } => {
                write!(f, "certified by a key that was revoked on {}", at.date())
            }
            Self::CertifierExpired { at } => {
                write!(f, "certified by a key that ended on {}", at.date())
            }
            Self::NotAppointed => {
                f.write_str("certified by somebody whom no master appointed for it")
            }
        }
    }
}

impl<'a> Certifier<'a> {
    /// The certificate of who said it.
    pub fn certificate(&self) -> &'a Certificate {
        match *self {
            Self::Master(certificate) | Self::Introducer(certificate) => certificate,
        }
    }
}

impl<'a> Chain<'a> {
    /// Everything that the keyring knows about `certificate`, judged at `moments`.
    pub fn of(keyring: &'a Keyring, certificate: &Certificate, moments: Moments) -> Self {
        let own = keyring.master(certificate.fingerprint());
        let masters = keyring.masters().iter().map(Certifier::Master);
        let introducers = keyring.introducers().map(Certifier::Introducer);
        let words: Vec<Word<'a>> = masters
            .chain(introducers)
            .filter(|by| by.certificate().fingerprint() != certificate.fingerprint())
            .flat_map(|by| word::words(keyring, certificate, by, moments))
            .collect();
        Self { own, words: handed_over(words) }
    }

    /// The certifications that count, strongest first.
    pub fn counting(&self) -> Vec<&Word<'a>> {
        let mut counting: Vec<&Word<'a>> = self.words.iter().filter(|w| w.counts()).collect();
        counting.sort_by_key(|w| w.strength != Strength::Full);
        counting
    }

    /// A revocation by a master that is younger than every certification that counts: the
    /// authority's last word on this key. GnuPG would still count the older certification.
    pub fn revocation(&self) -> Option<&Word<'a>> {
        let revoked = |w: &&Word<'a>| matches!(w.lapse, Some(Lapse::Revoked { .. }));
        let last = self.words.iter().filter(revoked).max_by_key(|w| w.opinion.created)?;
        let younger = |w: &&Word<'a>| w.counts() && w.opinion.created > last.opinion.created;
        (!self.words.iter().any(|w| younger(&w))).then_some(last)
    }
}

/// A rotation: one certifier's word stood when the signature was made, another's stands now. The
/// later one then counts for what was signed before it.
fn handed_over(mut words: Vec<Word<'_>>) -> Vec<Word<'_>> {
    if words.iter().any(|word| word.stood) {
        for word in &mut words {
            if matches!(word.lapse, Some(Lapse::MadeLater { .. })) {
                word.lapse = None;
            }
        }
    }
    words
}

impl Word<'_> {
    /// Whether it makes the key count.
    pub fn counts(&self) -> bool {
        self.lapse.is_none()
    }
}
