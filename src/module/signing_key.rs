//! A key that may have made a signature: a certificate's primary key, or a signing subkey of it.

use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::KeyHandle;
use openpgp::cert::amalgamation::key::{
    ErasedKeyAmalgamation, PrimaryKey as _, ValidErasedKeyAmalgamation as ValidKey,
};
use openpgp::cert::amalgamation::{ValidAmalgamation as _, ValidateAmalgamation as _};
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, Signature};
use openpgp::types::RevocationType;

use crate::certificate::{Certificate, lenient};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// One key of a certificate.
#[derive(Clone, Debug)]
pub struct SigningKey<'a> {
    certificate: &'a Certificate,
    key: ErasedKeyAmalgamation<'a, PublicParts>,
}

/// What a key may do at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// When the key was made.
    pub created: Timestamp,
    /// When it ends, or its primary key does.
    pub expires: Option<Timestamp>,
    /// Its owner's revocation, or that of its primary key.
    pub revoked: Option<Revoked>,
    /// Whether its owner made it for signing.
    pub capability: Capability,
}

/// A key's revocation by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When it was made.
    pub at: Timestamp,
    /// What becomes of earlier signatures.
    pub kind: Kind,
}

/// How far back a revocation reaches (RFC 9580 §5.2.3.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Superseded or retired: signatures from before may stand.
    Soft,
    /// Compromised, or without a reason: no signature stands.
    Hard,
}

/// What a key was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Its flags allow signing.
    Signs,
    /// They do not.
    SignsNot,
    /// No self-signature binds the key.
    Unbound,
}

impl<'a> SigningKey<'a> {
    /// The keys of a certificate that may sign: it holds no other subkeys.
    pub fn all(certificate: &'a Certificate) -> impl Iterator<Item = Self> {
        certificate.cert().keys().map(move |key| Self { certificate, key })
    }

    /// The certificate's primary key.
    pub fn primary_of(certificate: &'a Certificate) -> Self {
        Self { certificate, key: certificate.cert().primary_key().into() }
    }

    /// The certificate that it belongs to.
    pub fn certificate(&self) -> &'a Certificate {
        self.certificate
    }

    /// The key itself.
    pub fn key(&self) -> &'a Key<PublicParts, UnspecifiedRole> {
        self.key.key()
    }

    /// Whether it is the primary key.
    pub fn is_primary(&self) -> bool {
        self.key.primary()
    }

    /// Its own fingerprint, which a subkey has too.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        Fingerprint::try_from(self.key().fingerprint()).ok()
    }

    /// Its fingerprint as sequoia compares them.
    pub(super) fn handle(&self) -> KeyHandle {
        self.key().key_handle()
    }

    /// What the key's owner says of it, as known at `now`.
    ///
    /// Its newest self-signature decides; earlier ones are not kept. A revocation stays whatever
    /// came after it, as for GnuPG.
    pub fn state(&self, now: Timestamp) -> KeyState {
        let policy = lenient(now);
        let valid = self.key.clone().with_policy(&policy, SystemTime::from(now)).ok();
        let primary = self.certificate.cert().primary_key();
        let ends = valid.as_ref().and_then(|key| {
            let own = key.key_expiration_time();
            let first = key.valid_cert().primary_key().key_expiration_time();
            own.into_iter().chain(first).min().map(Timestamp::from)
        });
        let capability = match valid.as_ref().map(ValidKey::key_flags) {
            None => Capability::Unbound,
            Some(None) if self.key().pk_algo().for_signing() => Capability::Signs,
            Some(Some(flags)) if flags.for_signing() => Capability::Signs,
            Some(_) => Capability::SignsNot,
        };
        let revocations = self.key.self_revocations().chain(primary.self_revocations());
        KeyState {
            created: Timestamp::from(self.key().creation_time()),
            expires: ends,
            revoked: revocations.filter_map(Revoked::by).min_by_key(Revoked::severity),
            capability,
        }
    }
}

impl KeyState {
    /// When the key had ended, if that was at or before `now`.
    pub fn expired(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires.filter(|at| *at <= now)
    }
}

impl Revoked {
    fn by(signature: &Signature) -> Option<Self> {
        let at = Timestamp::from(signature.signature_creation_time()?);
        let reason = signature.reason_for_revocation().map(|(reason, _)| reason.revocation_type());
        let kind = match reason {
            Some(RevocationType::Soft) => Kind::Soft,
            Some(RevocationType::Hard) | None => Kind::Hard,
        };
        Some(Self { at, kind })
    }

    /// Orders what reaches furthest first.
    pub(super) fn severity(&self) -> (bool, Timestamp) {
        (self.kind == Kind::Soft, self.at)
    }
}
