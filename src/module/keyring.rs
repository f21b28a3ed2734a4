//! The certificates that a module is judged with: the authority's masters, and the developers.
//!
//! It is what a PBX has in gpg's keyring, without gpg: both masters trusted, everybody else by
//! what the masters say on their certificates. Only verified packets are in it. What a trust bundle
//! blocks comes along.

mod gather;
mod split;
mod suppose;

use std::collections::HashMap;

use sequoia_openpgp as openpgp;

use openpgp::KeyHandle;

pub use gather::{Gatherer, KeyringError, Refused};
pub use split::SplitError;
pub use suppose::Supposed;

use super::Blocked;
use super::signing_key::SigningKey;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;

/// Masters and developers, and what could not be read of them.
#[derive(Debug)]
pub struct Keyring {
    masters: Vec<Certificate>,
    others: Vec<Certificate>,
    /// Where the keys with a key id are: masters first, then the others.
    places: HashMap<Vec<u8>, Vec<usize>>,
    /// Which of the others a master ever appointed as an introducer.
    introducers: Vec<usize>,
    /// Revocations that nobody has made.
    supposed: Vec<Supposed>,
    refused: Vec<Refused>,
    blocked: Vec<Blocked>,
}

impl Keyring {
    /// Begins a keyring of these masters.
    pub fn of(masters: &[Certificate]) -> Gatherer {
        Gatherer::new(masters)
    }

    /// A keyring of certificates that were read with these masters: an authority's own record.
    pub fn from_certificates(
        masters: &[Certificate],
        others: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        Self::new(masters.to_vec(), others.into_iter().collect(), Vec::new())
    }

    fn new(masters: Vec<Certificate>, others: Vec<Certificate>, refused: Vec<Refused>) -> Self {
        let mut places: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (at, certificate) in masters.iter().chain(&others).enumerate() {
            for key in certificate.cert().keys() {
                let here = places.entry(key.key().keyid().as_bytes().to_vec()).or_default();
                if here.last() != Some(&at) {
                    here.push(at);
                }
            }
        }
        let appointed = |c: &Certificate| {
            let mut opinions = masters.iter().flat_map(|m| c.opinions_of(m));
            opinions.any(|o| o.introduces.is_some())
        };
        let at = others.iter().enumerate().filter(|(_, c)| appointed(c)).map(|(at, _)| at);
        let introducers = at.collect();
        let (supposed, blocked) = (Vec::new(), Vec::new());
        Self { masters, others, places, introducers, supposed, refused, blocked }
    }

    /// This keyring with a certificate more, which was read with its masters.
    pub fn with(&self, certificate: Certificate) -> Self {
        let key = certificate.fingerprint();
        let others = self.others.iter().filter(|c| c.fingerprint() != key);
        let others = others.cloned().chain([certificate]).collect();
        let plain = Self::new(self.masters.clone(), others, Vec::new());
        Self { supposed: self.supposed.clone(), blocked: self.blocked.clone(), ..plain }
    }

    /// This keyring, and the modules that the authority blocked.
    #[must_use]
    pub fn blocking(self, blocked: Vec<Blocked>) -> Self {
        Self { blocked, ..self }
    }

    /// The modules that the authority blocked.
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// The authority's masters.
    pub fn masters(&self) -> &[Certificate] {
        &self.masters
    }

    /// Everybody else, in the order of reading, each key once.
    pub fn others(&self) -> &[Certificate] {
        &self.others
    }

    /// Everybody whom a master ever appointed by a trust signature (RFC 9580 §5.2.3.21), whether
    /// that still counts or not.
    pub fn introducers(&self) -> impl Iterator<Item = &Certificate> {
        self.introducers.iter().map(|at| &self.others[*at])
    }

    /// Masters, then everybody else.
    pub fn all(&self) -> impl Iterator<Item = &Certificate> {
        self.masters.iter().chain(&self.others)
    }

    /// Files and certificates that could not be read.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The certificate with this primary key.
    pub fn certificate(&self, fingerprint: Fingerprint) -> Option<&Certificate> {
        self.all().find(|c| c.fingerprint() == fingerprint)
    }

    /// The master whose certificate this is, if it is a master's.
    pub fn master(&self, fingerprint: Fingerprint) -> Option<&Certificate> {
        self.masters.iter().find(|m| m.fingerprint() == fingerprint)
    }

    /// The primary keys and signing subkeys that a key id or fingerprint names. Several keys can
    /// share a key id: only a signature tells which of them is meant.
    pub fn keys<'a>(&'a self, handle: &KeyHandle) -> Vec<SigningKey<'a>> {
        let id = openpgp::KeyID::from(handle.clone());
        let places = self.places.get(id.as_bytes()).map(Vec::as_slice).unwrap_or_default();
        let certificates = places.iter().filter_map(|at| self.all().nth(*at));
        certificates.flat_map(SigningKey::all).filter(|key| handle.aliases(key.handle())).collect()
    }
}

#[cfg(test)]
mod tests;
