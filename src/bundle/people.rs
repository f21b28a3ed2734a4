//! Who is in a bundle, for people.

use std::fmt;

use super::compose::name;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::chain::{Chain, Lapse, Moments};
use crate::module::{Keyring, SigningKey};
use crate::safe::counted;
use crate::time::Timestamp;

/// One developer in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The certificate.
    pub key: Fingerprint,
    /// Its first user ID: untrusted text.
    pub name: String,
    /// The keys that may sign: the primary key and its signing subkeys, sorted.
    pub keys: Vec<Fingerprint>,
    /// What the masters' word amounts to.
    pub trust: Trust,
}

/// What a developer's key is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Certified, and it counts.
    Certified {
        /// By how many masters.
        masters: usize,
        /// Until when, by the longest of them.
        until: Option<Timestamp>,
    },
    /// One certification was taken back, and another counts.
    HalfRevoked {
        /// When the one was taken back.
        at: Timestamp,
    },
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// Revoked by the key's owner.
    KeyRevoked {
        /// When.
        at: Timestamp,
    },
    /// Nothing counts, for this reason.
    Lapsed(Option<Lapse>),
}

impl Person {
    /// Judges a certificate that was read with the masters of `keyring`.
    pub fn of(keyring: &Keyring, certificate: &Certificate, now: Timestamp) -> Self {
        let mut keys: Vec<_> =
            SigningKey::all(certificate).filter_map(|key| key.fingerprint()).collect();
        keys.sort_unstable();
        Self {
            key: certificate.fingerprint(),
            name: name(certificate),
            keys,
            trust: Trust::of(keyring, certificate, now),
        }
    }
}

impl Trust {
    fn of(keyring: &Keyring, certificate: &Certificate, now: Timestamp) -> Self {
        if let Some(revoked) = SigningKey::primary_of(certificate).state(now).revoked {
            return Self::KeyRevoked { at: revoked.at };
        }
        let chain = Chain::of(keyring, certificate, Moments { signed: now, now });
        let revoked = chain.revocation().map(|word| word.opinion.created);
        let counting = chain.counting();
        match (revoked, counting.is_empty()) {
            (Some(at), false) => Self::HalfRevoked { at },
            (Some(at), true) => Self::Revoked { at },
            (None, true) => Self::Lapsed(chain.words.iter().find_map(|word| word.lapse)),
            (None, false) => {
                let mut masters: Vec<Fingerprint> =
                    counting.iter().map(|w| w.by.certificate().fingerprint()).collect();
                masters.sort_unstable();
                masters.dedup();
                let ends = counting.iter().map(|w| w.opinion.expires);
                // None is later than every date.
                let until = ends.clone().all(|end| end.is_some()).then(|| ends.flatten().max());
                Self::Certified { masters: masters.len(), until: until.flatten() }
            }
        }
    }

    /// Whether modules that this key signed are stopped by it.
    pub fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked { .. } | Self::KeyRevoked { .. })
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certified { masters, until } => {
                let by = counted(*masters, "master");
                match until {
                    Some(at) => write!(f, "certified by {by} to {}", at.date()),
                    None => write!(f, "certified by {by}"),
                }
            }
            Self::HalfRevoked { at } => write!(f, "HALF REVOKED {}", at.date()),
            Self::Revoked { at } => write!(f, "revoked {}", at.date()),
            Self::KeyRevoked { at } => write!(f, "revoked by its owner {}", at.date()),
            Self::Lapsed(Some(lapse)) => write!(f, "{lapse}"),
            Self::Lapsed(None) => f.write_str("not certified"),
        }
    }
}
