//! Certificates as this project handles them: version 4, minimal, every signature on them verified.
//!
//! [`Certificate::read`] takes whatever a key server, a stick or a person hands over and keeps
//! only what was proven: the newest self-signature of each component, revocations, and what the
//! given masters said. A flooded certificate costs time in proportion to its length, never memory.

mod error;
mod minimal;
mod opinion;
mod reader;

use std::io;

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::key::{
    PrimaryRole, PublicParts, SecretParts, SubordinateRole, UnspecifiedRole,
};
use openpgp::packet::{Key, Signature, UserID};
use openpgp::policy::{AsymmetricAlgorithm, StandardPolicy};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm, RevocationStatus};

use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;
pub use error::{Dropped, ReadError};
pub(crate) use opinion::demands_the_unknown;
pub use opinion::{Introduction, LAST_SHA1, Opinion, Revocable, Standing, Strength};

/// A version 4 certificate that holds nothing but verified packets (see the module's text).
#[derive(Clone, Debug)]
pub struct Certificate {
    cert: Cert,
    fingerprint: Fingerprint,
    dropped: Dropped,
    unverified_revoker: bool,
}

impl Certificate {
    /// Reads one certificate, armored or binary, from untrusted input of any length.
    ///
    /// Kept: the primary key, user IDs, subkeys that can sign, and on each of them the newest
    /// valid self-signature, valid revocations, and valid signatures by `masters`.
    ///
    /// # Errors
    /// [`ReadError`] where the input is no certificate, a secret key, not version 4, holds two
    /// certificates, exceeds the limits in `reader.rs`, or claims so many self-signatures that
    /// they cannot all be checked.
    pub fn read(
        untrusted: impl io::Read + Send + Sync,
        masters: &[&Self],
    ) -> Result<Self, ReadError> {
        reader::read(untrusted, masters)
    }

    /// Reads the owner's own key file, as untrusting of what stands around the keys: the
    /// certificate, and the secret keys apart from it.
    ///
    /// # Errors
    /// See [`Certificate::read`].
    pub fn read_key_file(
        untrusted: impl io::Read + Send + Sync,
    ) -> Result<(Self, Vec<Key<SecretParts, UnspecifiedRole>>), ReadError> {
        reader::read_key_file(untrusted)
    }

    /// The primary key's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The certificate in sequoia's terms.
    pub fn cert(&self) -> &Cert {
        &self.cert
    }

    /// What was left out while reading.
    pub fn dropped(&self) -> &Dropped {
        &self.dropped
    }

    /// Whether someone whom the owner declared as revoker (RFC 9580 §5.2.3.23) seems to have
    /// revoked this key. Their key is not at hand, so this cannot be verified here.
    pub fn unverified_revoker(&self) -> bool {
        self.unverified_revoker
    }

    /// The primary key.
    pub fn primary(&self) -> &Key<PublicParts, PrimaryRole> {
        self.cert.primary_key().key()
    }

    /// All user IDs, in the certificate's order.
    pub fn user_ids(&self) -> impl Iterator<Item = &UserID> {
        self.cert.userids().map(|u| u.userid())
    }

    /// The user ID with exactly this text, if the certificate has it.
    pub fn user_id(&self, text: &str) -> Option<&UserID> {
        self.user_ids().find(|u| u.value() == text.as_bytes())
    }

    /// The newest signature by the key itself on one of its user IDs.
    pub fn binding(&self, user_id: &str) -> Option<&Signature> {
        let user_id = self.user_id(user_id)?;
        let component = self.cert.userids().find(|u| u.userid() == user_id)?;
        component.bundle().self_signatures().next()
    }

    /// The user IDs that are UTF-8, bound and not revoked by the owner at `now`.
    pub fn valid_user_ids(&self, now: Timestamp) -> Vec<String> {
        let policy = lenient(now);
        let valid = self.cert.userids().with_policy(&policy, std::time::SystemTime::from(now));
        let texts = valid.revoked(false).map(|u| u.userid().value().to_vec());
        texts.filter_map(|text| String::from_utf8(text).ok()).collect()
    }

    /// Whether its owner revoked the key, as far as this certificate tells.
    pub fn is_revoked(&self, now: Timestamp) -> bool {
        let status = self.cert.revocation_status(&lenient(now), std::time::SystemTime::from(now));
        !matches!(status, RevocationStatus::NotAsFarAsWeKnow)
    }

    /// The subkey with this fingerprint.
    pub fn subkey(&self, fingerprint: Fingerprint) -> Option<&Key<PublicParts, SubordinateRole>> {
        let subkeys = self.cert.keys().subkeys().map(|k| k.key());
        subkeys.into_iter().find(|k| k.fingerprint() == fingerprint.into())
    }

    /// The certificate in binary; the same certificate always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.cert.to_vec().expect("a certificate in memory serialises")
    }

    /// The certificate as an ASCII-armored block without comment headers.
    pub fn armored(&self) -> String {
        let mut writer = openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::PublicKey)
            .expect("writing to memory does not fail");
        io::Write::write_all(&mut writer, &self.to_bytes())
            .expect("writing to memory does not fail");
        let bytes = writer.finalize().expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("armor is ASCII")
    }

    /// This certificate with `packets` added (each signature behind its component), then made
    /// minimal again.
    ///
    /// # Errors
    /// [`ReadError`] as for [`Certificate::read`].
    pub fn with_packets(
        &self,
        packets: impl IntoIterator<Item = openpgp::Packet>,
        masters: &[&Self],
    ) -> Result<Self, ReadError> {
        let packets: Vec<openpgp::Packet> = packets.into_iter().collect();
        let (cert, _) = self.cert.clone().insert_packets(packets).map_err(ReadError::packets)?;
        let bytes = cert.to_vec().map_err(ReadError::packets)?;
        Self::read(bytes.as_slice(), masters)
    }

    /// This certificate with everything of `other` (the same key) merged in.
    ///
    /// # Errors
    /// [`ReadError`] as for [`Certificate::read`], and where the keys differ.
    pub fn merged(&self, other: &Self, masters: &[&Self]) -> Result<Self, ReadError> {
        let cert =
            self.cert.clone().merge_public(other.cert.clone()).map_err(ReadError::packets)?;
        let bytes = cert.to_vec().map_err(ReadError::packets)?;
        Self::read(bytes.as_slice(), masters)
    }
}

/// A policy that knows every algorithm: for questions to which the strength of a self-signature
/// is not the answer. Where strength is the question, use sequoia's standard policy as it is.
pub fn lenient(now: Timestamp) -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::at(now);
    policy.accept_hash(HashAlgorithm::MD5);
    policy.accept_hash(HashAlgorithm::SHA1);
    policy.accept_hash(HashAlgorithm::RipeMD);
    for algorithm in [
        AsymmetricAlgorithm::RSA1024,
        AsymmetricAlgorithm::DSA1024,
        AsymmetricAlgorithm::DSA2048,
        AsymmetricAlgorithm::DSA3072,
        AsymmetricAlgorithm::DSA4096,
    ] {
        policy.accept_asymmetric_algo(algorithm);
    }
    policy
}

/// The algorithm and size of a key in the words people use: `RSA 4096`, `Ed25519`, `NIST P-256`.
pub fn algorithm<P, R>(key: &Key<P, R>) -> String
where
    P: openpgp::packet::key::KeyParts,
    R: openpgp::packet::key::KeyRole,
{
    match key.pk_algo() {
        #[allow(deprecated)]
        PublicKeyAlgorithm::RSAEncryptSign
        | PublicKeyAlgorithm::RSASign
        | PublicKeyAlgorithm::RSAEncrypt => format!("RSA {}", key.mpis().bits().unwrap_or(0)),
        #[allow(deprecated)]
        PublicKeyAlgorithm::DSA => format!("DSA {}", key.mpis().bits().unwrap_or(0)),
        #[allow(deprecated)]
        PublicKeyAlgorithm::ElGamalEncrypt | PublicKeyAlgorithm::ElGamalEncryptSign => {
            format!("ElGamal {}", key.mpis().bits().unwrap_or(0))
        }
        PublicKeyAlgorithm::EdDSA | PublicKeyAlgorithm::Ed25519 => "Ed25519".into(),
        PublicKeyAlgorithm::ECDSA => match key.mpis() {
            openpgp::crypto::mpi::PublicKey::ECDSA { curve: Curve::NistP256, .. } => {
                "NIST P-256".into()
            }
            openpgp::crypto::mpi::PublicKey::ECDSA { curve: Curve::NistP384, .. } => {
                "NIST P-384".into()
            }
            openpgp::crypto::mpi::PublicKey::ECDSA { curve: Curve::NistP521, .. } => {
                "NIST P-521".into()
            }
            openpgp::crypto::mpi::PublicKey::ECDSA { curve, .. } => format!("ECDSA on {curve}"),
            _ => "ECDSA".into(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
