//! Bundles by software keys, at any time, good and spoiled.

mod consumer;
mod contents;
mod hostile;
mod others;
mod rotation;

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::types::SignatureType;

use super::head::{Format, KeyringDigest, MasterName};
use super::*;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::module::forge::{certified, day, person, public, signed};
use crate::request::Version;
use crate::time::Timestamp;

pub(super) const CERTIFICATION: SignatureType = SignatureType::GenericCertification;
pub(super) const REVOCATION: SignatureType = SignatureType::CertificationRevocation;

pub(super) fn plain(builder: SignatureBuilder) -> SignatureBuilder {
    builder
}

/// Masters and developers, and what becomes a bundle of them.
#[derive(Clone)]
pub(super) struct Make {
    pub(super) masters: Vec<Cert>,
    pub(super) developers: Vec<Cert>,
    pub(super) signer: Cert,
    pub(super) made: Timestamp,
    pub(super) serial: u32,
    pub(super) authority: String,
    pub(super) blocked: Vec<crate::module::Blocked>,
    pub(super) head: fn(&mut Head),
}

impl Make {
    /// One master, who certified one developer on day 10; made on day 20.
    pub(super) fn new() -> Self {
        let master = person("old");
        let dev = certified(&person("dev"), &master, day(10), CERTIFICATION, plain);
        Self {
            signer: master.clone(),
            masters: vec![master],
            developers: vec![dev],
            made: day(20),
            serial: 7,
            authority: "Example".into(),
            blocked: Vec::new(),
            head: |_| {},
        }
    }

    pub(super) fn read_masters(&self) -> Vec<Certificate> {
        let alone: Vec<Certificate> = self.masters.iter().map(read).collect();
        let all: Vec<&Certificate> = alone.iter().collect();
        let both = |m| Certificate::read(public(m).as_slice(), &all).expect("reads");
        self.masters.iter().map(both).collect()
    }

    pub(super) fn keyring(&self) -> Vec<u8> {
        let masters = self.read_masters();
        let all: Vec<&Certificate> = masters.iter().collect();
        let read = |d| Certificate::read(public(d).as_slice(), &all).expect("reads");
        let mut developers: Vec<Certificate> = self.developers.iter().map(read).collect();
        developers.sort_by_key(Certificate::fingerprint);
        masters.iter().chain(&developers).flat_map(Certificate::to_bytes).collect()
    }

    pub(super) fn make_head(&self) -> Head {
        let keyring = self.keyring();
        let name = |m: &Cert| MasterName { fingerprint: fingerprint(m), name: "M".into() };
        let mut head = Head {
            format: Format::Bundle,
            version: Version,
            authority: self.authority.clone(),
            serial: Serial(self.serial),
            made: self.made,
            expires: self.made.after(90 * Timestamp::DAY),
            grace_days: 14,
            masters: self.masters.iter().map(name).collect(),
            developers: u32::try_from(self.developers.len()).expect("few"),
            keyring: KeyringDigest { bytes: keyring.len() as u64, sha256: Sha256::of(&keyring) },
            blocked: self.blocked.clone(),
        };
        (self.head)(&mut head);
        head
    }

    pub(super) fn file(&self) -> Vec<u8> {
        let head = self.make_head();
        let signed = signed(&self.signer, head.made, &head.text(), plain);
        [signed, self.keyring()].concat()
    }

    pub(super) fn bundle(&self) -> Bundle {
        Bundle::read(self.file().as_slice()).expect("a bundle")
    }

    /// Taken by whoever pinned the first master, a day after it was made.
    pub(super) fn taken(&self) -> Result<Accepted, Refusal> {
        self.bundle().accept(&self.pins(1), self.made.after(Timestamp::DAY))
    }

    /// The first so many masters, as somebody got them long ago.
    pub(super) fn pins(&self, count: usize) -> Pinned {
        let first = self.masters.iter().take(count).map(|m| {
            let bare = m.clone().retain_userids(|_| true);
            read(&bare)
        });
        Pinned::first(first.collect())
    }
}

pub(super) fn read(cert: &Cert) -> Certificate {
    Certificate::read(public(cert).as_slice(), &[]).expect("reads")
}

pub(super) fn fingerprint(cert: &Cert) -> crate::fingerprint::Fingerprint {
    cert.fingerprint().try_into().expect("version 4")
}

/// What `accepted` leaves behind, as the next one finds it.
pub(super) fn kept(accepted: &Accepted) -> Pinned {
    let folder = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let path = folder.path().join("state");
    accepted.state().write(&path).expect("written");
    State::read(&path).expect("whole").expect("there")
}

#[track_caller]
pub(super) fn word(taken: Result<Accepted, Refusal>) -> &'static str {
    let refusal = taken.expect_err("refused");
    assert!(refusal.to_string().starts_with(refusal.word()), "{refusal}");
    refusal.word()
}
