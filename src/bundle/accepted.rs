//! A bundle that a consumer believes, and what it is good for.

use std::collections::HashSet;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

use super::accept::News;
use super::file::Bundle;
use super::head::Head;
use super::pinned::Seen;
use super::state::State;
use crate::certificate::{Certificate, ReadError};
use crate::fingerprint::Fingerprint;
use crate::module::{Author, Keyring, author};

/// A bundle that the pinned masters bear out. Only [`Bundle::accept`] makes one.
#[derive(Debug)]
pub struct Accepted {
    bundle: Bundle,
    signed_by: Fingerprint,
    masters: Vec<Certificate>,
    pinned: Vec<Certificate>,
    news: Vec<News>,
}

impl Accepted {
    pub(super) fn new(
        bundle: Bundle,
        signed_by: Fingerprint,
        masters: Vec<Certificate>,
        pinned: Vec<Certificate>,
        news: Vec<News>,
    ) -> Self {
        Self { bundle, signed_by, masters, pinned, news }
    }

    /// What it says of itself.
    pub fn head(&self) -> &Head {
        self.bundle.head()
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The master that signed it.
    pub fn signed_by(&self) -> Fingerprint {
        self.signed_by
    }

    /// The masters that modules are judged with.
    pub fn masters(&self) -> &[Certificate] {
        &self.masters
    }

    /// The masters that the next bundle may come from.
    pub fn pinned(&self) -> &[Certificate] {
        &self.pinned
    }

    /// What should be said about it.
    pub fn news(&self) -> &[News] {
        &self.news
    }

    /// What to keep, so that no older bundle is taken after it.
    pub fn state(&self) -> State {
        let head = self.head();
        let seen = Seen { serial: head.serial, digest: head.digest(), made: head.made };
        State::of(&head.authority, &self.pinned, seen)
    }

    /// Masters and everybody: what a judge needs who knows no more than that a signature is not by
    /// anybody in [`Accepted::keyring_for`]. Reads every certificate.
    ///
    /// # Errors
    /// [`ReadError`] where a certificate cannot be read.
    pub fn keyring(&self) -> Result<Keyring, ReadError> {
        let developers = self.bundle.developers().map(|bytes| self.read(bytes));
        Ok(self.keyring_of(developers.collect::<Result<Vec<_>, _>>()?))
    }

    /// Masters, and whoever may have made one of these signatures. Reads no other certificate.
    ///
    /// # Errors
    /// [`ReadError`] where a certificate cannot be read.
    pub fn keyring_for(&self, signatures: &[Signature]) -> Result<Keyring, ReadError> {
        let ids = signatures
            .iter()
            .flat_map(Signature::get_issuers)
            .filter_map(|issuer| <[u8; 8]>::try_from(openpgp::KeyID::from(issuer).as_bytes()).ok());
        let ids: HashSet<[u8; 8]> = ids.collect();
        let found: HashSet<&[u8]> = ids.into_iter().flat_map(|id| self.bundle.named(id)).collect();
        let developers = found.into_iter().map(|bytes| self.read(bytes));
        Ok(self.keyring_of(developers.collect::<Result<Vec<_>, _>>()?))
    }

    /// The developers' certificates, each read when it is asked for.
    pub fn developers(&self) -> impl Iterator<Item = Result<Certificate, ReadError>> + '_ {
        self.bundle.developers().map(|bytes| self.read(bytes))
    }

    fn read(&self, bytes: &[u8]) -> Result<Certificate, ReadError> {
        let masters: Vec<&Certificate> = self.masters.iter().collect();
        Certificate::read(bytes, &masters)
    }

    fn keyring_of(&self, developers: Vec<Certificate>) -> Keyring {
        Keyring::from_certificates(&self.masters, developers).blocking(self.head().blocked.clone())
    }
}

/// Whether somebody in `keyring` made each of these signatures: then nobody else matters, neither
/// to us nor to FreePBX, which otherwise looks through the whole keyring for a revocation.
pub fn all_known(signatures: &[Signature], keyring: &Keyring) -> bool {
    signatures.iter().all(|s| matches!(author(s, keyring), Author::Known(_)))
}
