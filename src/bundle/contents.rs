//! A keyring taken to be a bundle's, each certificate read anew: what the station's rules judge.

use std::collections::BTreeMap;

use crate::bundle::index::Index;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::policy::{Decision, Kind};
use crate::time::Timestamp;

/// Most flaws that are kept: one is enough to refuse it all.
const MOST: usize = 10;

/// What is in a keyring. Nothing of it is what somebody said of it: digest, length and each
/// certificate were computed and read here.
#[derive(Debug, Default)]
pub struct Contents {
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Option<Sha256>,
    /// The masters in it, in their order.
    pub masters: Vec<Fingerprint>,
    /// How many developers follow.
    pub developers: u64,
    /// What is wrong with single certificates: whose, and what. The first ten.
    pub flaws: Vec<(String, Flaw)>,
    /// What was decided and is not on the certificates.
    pub missing: Missing,
    last: Option<Fingerprint>,
}

/// What is wrong with a certificate in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is no certificate, or a flooded one.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// There is more in it than belongs there.
    #[error("it is not minimal: it holds more than its own and the masters' signatures")]
    NotMinimal,
    /// No master ever said anything about it.
    #[error("no master of this authority certified it or took that back")]
    NothingSaid,
    /// It stands there twice, or in the wrong place.
    #[error("it stands out of order: masters first, then developers by fingerprint, each once")]
    Order,
}

/// Decisions that a keyring does not show.
#[derive(Debug, Default)]
pub struct Missing {
    /// Revocations, by whose key and when: the first ten.
    pub revocations: Vec<(Fingerprint, Timestamp)>,
    /// How many certifications.
    pub certifications: usize,
}

/// What the certificates show of one key.
#[derive(Debug, Default)]
struct Shown {
    decisions: Vec<Decision>,
    revoked_itself: Vec<Timestamp>,
}

impl Contents {
    /// Reads the certificates of `keyring`. `decisions` hands over every decision on a key that is
    /// known here, to be looked for.
    ///
    /// # Errors
    /// What `decisions` says.
    pub fn of<E>(
        keyring: &[u8],
        masters: &[Certificate],
        decisions: impl FnOnce(&mut dyn FnMut(Fingerprint, &Decision)) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut contents = Self {
            bytes: keyring.len() as u64,
            sha256: Some(Sha256::of(keyring)),
            ..Self::default()
        };
        let index = match Index::of(keyring) {
            Ok(index) => index,
            Err(error) => {
                contents.flaw("the keyring", Flaw::Unreadable(error.to_string()));
                return Ok(contents);
            }
        };
        let all: Vec<&Certificate> = masters.iter().collect();
        let mut shown = BTreeMap::new();
        for place in index.places() {
            contents.take(&keyring[place], &all, &mut shown);
        }
        decisions(&mut |key, decision| contents.look_for(key, decision, &shown))?;
        Ok(contents)
    }

    fn take(
        &mut self,
        untrusted: &[u8],
        masters: &[&Certificate],
        shown: &mut BTreeMap<Fingerprint, Shown>,
    ) {
        let certificate = match Certificate::read(untrusted, masters) {
            Ok(certificate) => certificate,
            Err(error) => {
                let number = self.masters.len() as u64 + self.developers + 1;
                let whose = format!("certificate {number}");
                self.flaw(&whose, Flaw::Unreadable(error.to_string()));
                return;
            }
        };
        let key = certificate.fingerprint();
        let is_master = masters.iter().any(|m| m.fingerprint() == key);
        if certificate.to_bytes() != untrusted {
            self.flaw(&key.to_string(), Flaw::NotMinimal);
        }
        let in_order = match is_master {
            true => self.developers == 0 && !self.masters.contains(&key),
            false => self.last.is_none_or(|last| last < key),
        };
        if !in_order {
            self.flaw(&key.to_string(), Flaw::Order);
        }
        let decisions: Vec<Decision> =
            masters.iter().flat_map(|m| certificate.decisions_of(m)).collect();
        if is_master {
            self.masters.push(key);
        } else {
            self.developers += 1;
            self.last = Some(key);
            if decisions.is_empty() {
                self.flaw(&key.to_string(), Flaw::NothingSaid);
            }
        }
        let revoked_itself = own_revocations(&certificate);
        shown.insert(key, Shown { decisions, revoked_itself });
    }

    /// Notes a decision that the certificates do not show.
    fn look_for(
        &mut self,
        key: Fingerprint,
        decision: &Decision,
        shown: &BTreeMap<Fingerprint, Shown>,
    ) {
        let there = shown.get(&key);
        match decision.kind {
            Kind::Certified { .. } => {
                let shows = |d: &Decision| matches!(d.kind, Kind::Certified { .. });
                let found = there.is_some_and(|there| there.shows(decision, shows));
                self.missing.certifications += usize::from(!found);
            }
            Kind::Revoked => {
                let shows = |d: &Decision| d.kind == Kind::Revoked;
                if !there.is_some_and(|there| there.shows(decision, shows)) {
                    self.lacks(key, decision.created);
                }
            }
            Kind::KeyRevoked => {
                if !there.is_some_and(|there| there.revoked_itself.contains(&decision.created)) {
                    self.lacks(key, decision.created);
                }
            }
            // Prepared is not published: nobody shall see it.
            Kind::RevocationPrepared => {}
            Kind::SignedModule | Kind::Stated | Kind::Renewed { .. } | Kind::Bundled => {}
        }
    }

    fn lacks(&mut self, key: Fingerprint, at: Timestamp) {
        if self.missing.revocations.len() < MOST {
            self.missing.revocations.push((key, at));
        }
    }

    fn flaw(&mut self, whose: &str, flaw: Flaw) {
        if self.flaws.len() < MOST {
            self.flaws.push((whose.to_owned(), flaw));
        }
    }
}

impl Shown {
    /// Whether the signatures of a decision are there, on each of its user IDs.
    fn shows(&self, decision: &Decision, kind: impl Fn(&Decision) -> bool) -> bool {
        self.decisions.iter().any(|d| {
            kind(d)
                && d.master == decision.master
                && d.created == decision.created
                && decision.names.iter().all(|name| d.names.contains(name))
        })
    }
}

/// When the owner of a certificate revoked it, or a subkey.
fn own_revocations(certificate: &Certificate) -> Vec<Timestamp> {
    let cert = certificate.cert();
    let primary = cert.primary_key().self_revocations().cloned().collect::<Vec<_>>();
    let subkeys = cert.keys().subkeys().flat_map(|k| k.self_revocations().cloned());
    let all = primary.into_iter().chain(subkeys);
    all.filter_map(|s| s.signature_creation_time().map(Timestamp::from)).collect()
}
