//! A known answer: the self-signature that a master's certificate begins with.
//!
//! RSA with PKCS #1 v1.5 padding is a function of key and digest (RFC 8017 §8.2), so every card
//! with the key makes the same bytes of it. Asking for them again proves that a card has the key,
//! and makes no statement that the master has not made before.

use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi;
use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

use countersign::certificate::Certificate;
use countersign::fingerprint::Fingerprint;

use super::MasterError;
use crate::card::{CardError, Session};

/// What a card must answer.
#[derive(Clone, Debug)]
pub struct KnownAnswer {
    digest: [u8; 64],
    value: mpi::MPI,
    key: Fingerprint,
}

impl KnownAnswer {
    /// The self-signature over the certificate's first user ID.
    ///
    /// # Errors
    /// [`MasterError::NoAnswer`] where it is not one with RSA and SHA-512, as cards make here.
    pub fn of(certificate: &Certificate) -> Result<Self, MasterError> {
        let answer = || {
            let user_id = certificate.user_ids().next()?;
            let text = std::str::from_utf8(user_id.value()).ok()?;
            let signature = certificate.binding(text)?;
            let mpi::Signature::RSA { s } = signature.mpis() else { return None };
            let digest = digest(certificate, signature, user_id)?;
            Some(Self { digest, value: s.clone(), key: certificate.fingerprint() })
        };
        answer().ok_or(MasterError::NoAnswer)
    }

    /// Has the card, which is unlocked, make the signature again, and compares.
    ///
    /// # Errors
    /// [`CardError::OtherSignature`] where a single bit differs.
    pub fn ask(&self, card: &mut Session<'_>) -> Result<(), CardError> {
        let value = mpi::MPI::new(&card.sign(&self.digest)?);
        if value == self.value { Ok(()) } else { Err(CardError::OtherSignature) }
    }

    /// The master.
    pub fn key(&self) -> Fingerprint {
        self.key
    }
}

fn digest(
    certificate: &Certificate,
    signature: &Signature,
    user_id: &openpgp::packet::UserID,
) -> Option<[u8; 64]> {
    if signature.hash_algo() != HashAlgorithm::SHA512 {
        return None;
    }
    let mut hash = HashAlgorithm::SHA512.context().ok()?.for_signature(signature.version());
    signature.hash_userid_binding(&mut hash, certificate.primary(), user_id).ok()?;
    let mut digest = [0; 64];
    hash.digest(&mut digest).ok()?;
    Some(digest)
}
