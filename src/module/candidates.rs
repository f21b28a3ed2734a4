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
        /// How strong the chain is.
        strength: Strength,
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
            strength: best.strength,
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
            Self::Certified { by, opinion, strength } => {
                write!(f, "certified by {} on {}", by.key_id(), opinion.created.date())?;
                if let Some(at) = opinion.expires {
                    write!(f, ", until {}", at.date())?;
                }
                match strength {
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

#[cfg(test)]
mod tests {
    use openpgp::packet::signature::SignatureBuilder;
    use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
    use sequoia_openpgp as openpgp;

    use super::*;
    use crate::module::forge::{
        certified, day, days, keyring, person, person_with, public, revoked,
    };

    const CERTIFICATION: SignatureType = SignatureType::GenericCertification;

    fn plain(builder: SignatureBuilder) -> SignatureBuilder {
        builder
    }

    /// What is said of `own` on day 30, with `known` of the same key in the keyring.
    fn said(masters: &[openpgp::Cert], known: &[openpgp::Cert], own: &openpgp::Cert) -> String {
        let keyring = keyring(masters, known);
        let masters: Vec<&Certificate> = keyring.masters().iter().collect();
        let own = Certificate::read(public(own).as_slice(), &masters).expect("reads");
        candidates(&keyring, &[own], day(30))[0].fitness.to_string()
    }

    #[test]
    fn a_key_is_fit_by_a_certification_or_it_is_said_what_is_missing() {
        let (old, new, dev) = (person("old"), person("new"), person("dev"));
        let masters = [old.clone(), new.clone()];
        let old_id = old.keyid().to_hex();
        let by_old = certified(&dev, &old, day(10), CERTIFICATION, plain);
        let fine = format!("certified by {old_id} on 2020-09-23");
        assert_eq!(said(&masters, &[], &by_old), fine);
        assert_eq!(
            said(&masters, std::slice::from_ref(&by_old), &dev),
            fine,
            "known to the keyring only"
        );
        assert_eq!(said(&masters, &[], &new), "a master of this authority");
        let nothing = "not certified by any master of this authority";
        assert_eq!(said(&masters, &[], &dev), nothing);

        let until = |b: SignatureBuilder| b.set_signature_validity_period(days(5)).expect("ends");
        let ended = certified(&dev, &old, day(10), CERTIFICATION, until);
        let expired = format!("{old_id}: certification expired on 2020-09-28");
        assert_eq!(said(&masters, &[], &ended), expired);
        let taken_back =
            certified(&by_old, &old, day(20), SignatureType::CertificationRevocation, plain);
        let gone = format!("certification by {old_id} revoked on 2020-10-03");
        assert_eq!(said(&masters, &[], &taken_back), gone);
        assert_eq!(said(&masters, &[taken_back], &by_old), gone, "known to the keyring only");
        let sha1 = |b: SignatureBuilder| b.set_hash_algo(HashAlgorithm::SHA1);
        let weak = certified(&dev, &old, day(10), CERTIFICATION, sha1);
        assert!(said(&masters, &[], &weak).contains("nobody believes"));
    }

    #[test]
    fn a_certified_key_may_be_unfit_itself() {
        let master = person("master");
        let masters = std::slice::from_ref(&master);
        let made = |dev| certified(&dev, &master, day(10), CERTIFICATION, plain);
        let gone = revoked(&made(person("dev")), day(20), ReasonForRevocation::KeyRetired);
        assert_eq!(said(masters, &[], &gone), "the key was revoked on 2020-10-03");
        let short = made(person_with("dev", |b| b.set_validity_period(days(20))));
        assert_eq!(said(masters, &[], &short), "the key ended on 2020-10-03");
        let only = KeyFlags::empty().set_certification();
        let mute = made(person_with("dev", |b| b.set_primary_key_flags(only.clone())));
        assert_eq!(said(masters, &[], &mute), "the key was not made for signing");
        let sub = person_with("dev", |b| b.set_primary_key_flags(only).add_signing_subkey());
        assert!(said(masters, &[], &made(sub)).starts_with("certified by"));
    }
}
