//! Which of somebody's own keys may sign modules: by which certification, or what is missing.

use std::fmt;

use super::Keyring;
use super::chain::{Chain, Lapse, Moments};
use super::signing_key::{Capability, SigningKey};
use crate::certificate::{Certificate, Opinion, Strength};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// One of somebody's own keys.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its certificate, with what the keyring knows of it.
    pub certificate: Certificate,
    /// Whether it may sign modules.
    pub fitness: Fitness,
}

/// Whether a key may sign modules now.
#[derive(Clone, Debug)]
pub enum Fitness {
    /// It is a master's.
    Master,
    /// It is certified.
    Certified {
        /// By whom.
        by: Fingerprint,
        /// The certification.
        opinion: Box<Opinion>,
    },
    /// It may not.
    Unfit(Vec<Lack>),
}

/// What a key lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The key has ended.
    KeyExpired {
        /// When.
        at: Timestamp,
    },
    /// Its owner revoked it.
    KeyRevoked {
        /// When.
        at: Timestamp,
    },
    /// Neither it nor a subkey of it that counts was made for signing.
    CannotSign,
    /// A master took a certification back, and none was made since.
    Revoked {
        /// Which master.
        by: Fingerprint,
        /// When.
        at: Timestamp,
    },
    /// A certification is there that does not count.
    Lapsed {
        /// By whom.
        by: Fingerprint,
        /// Why.
        lapse: Lapse,
    },
    /// No master of this authority ever certified it.
    NotCertified,
}

/// Judges each of `own` (certificates that were read with the keyring's masters), in their order.
pub fn candidates(keyring: &Keyring, own: &[Certificate], now: Timestamp) -> Vec<Candidate> {
    let judged = own.iter().map(|own| {
        let certificate = known(keyring, own);
        let fitness = fitness(keyring, &certificate, now);
        Candidate { certificate, fitness }
    });
    judged.collect()
}

/// `own` with what the keyring knows of the same key.
fn known(keyring: &Keyring, own: &Certificate) -> Certificate {
    let masters: Vec<&Certificate> = keyring.all().collect();
    let other = keyring.certificate(own.fingerprint());
    other.and_then(|other| own.merged(other, &masters).ok()).unwrap_or_else(|| own.clone())
}

fn fitness(keyring: &Keyring, certificate: &Certificate, now: Timestamp) -> Fitness {
    let state = SigningKey::primary_of(certificate).state(now);
    let mut lacks = Vec::new();
    if let Some(at) = state.expired(now) {
        lacks.push(Lack::KeyExpired { at });
    }
    if let Some(revoked) = state.revoked {
        lacks.push(Lack::KeyRevoked { at: revoked.at });
    }
    if lacks.is_empty() && !SigningKey::all(certificate).any(|key| can_sign(&key, now)) {
        lacks.push(Lack::CannotSign);
    }
    let chain = Chain::of(keyring, certificate, Moments { signed: now, now });
    if chain.own.is_some() && lacks.is_empty() {
        return Fitness::Master;
    }
    if chain.own.is_none() {
        lacks.extend(of_chain(&chain));
    }
    match chain.counting().first() {
        Some(best) if lacks.is_empty() => Fitness::Certified {
            by: best.by.certificate().fingerprint(),
            opinion: Box::new(best.opinion.clone()),
        },
        Some(_) | None => Fitness::Unfit(lacks),
    }
}

fn can_sign(key: &SigningKey<'_>, now: Timestamp) -> bool {
    let state = key.state(now);
    state.capability == Capability::Signs && state.revoked.is_none() && state.expired(now).is_none()
}

fn of_chain(chain: &Chain<'_>) -> Vec<Lack> {
    if let Some(word) = chain.revocation() {
        let by = word.by.certificate().fingerprint();
        return vec![Lack::Revoked { by, at: word.opinion.created }];
    }
    if !chain.counting().is_empty() {
        return Vec::new();
    }
    let lapsed = |by, lapse| Lack::Lapsed { by, lapse };
    let words = chain.words.iter();
    let lapses: Vec<Lack> =
        words.filter_map(|w| Some(lapsed(w.by.certificate().fingerprint(), w.lapse?))).collect();
    if lapses.is_empty() { vec![Lack::NotCertified] } else { lapses }
}

impl fmt::Display for Fitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master => f.write_str("a master of this authority"),
            Self::Certified { by, opinion } => {
                write!(f, "certified by {} on {}", by.key_id(), opinion.created.date())?;
                if let Some(at) = opinion.expires {
                    write!(f, ", until {}", at.date())?;
                }
                match opinion.strength() {
                    Strength::Full => Ok(()),
                    Strength::Legacy | Strength::Nothing => {
                        write!(f, ", weakly: {}", opinion.digest)
                    }
                }
            }
            Self::Unfit(lacks) => {
                let words: Vec<String> = lacks.iter().map(ToString::to_string).collect();
                f.write_str(&words.join("; "))
            }
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyExpired { at } => write!(f, "the key ended on {}", at.date()),
            Self::KeyRevoked { at } => write!(f, "the key was revoked on {}", at.date()),
            Self::CannotSign => f.write_str("the key was not made for signing"),
            Self::Revoked { by, at } => {
                write!(f, "certification by {} revoked on {}", by.key_id(), at.date())
            }
            Self::Lapsed { by, lapse } => write!(f, "{}: {lapse}", by.key_id()),
            Self::NotCertified => f.write_str("not certified by any master of this authority"),
        }
    }
}
