//! Who made a data signature, by the keys of a keyring.

use sequoia_openpgp as openpgp;

use openpgp::KeyHandle;
use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

use super::Keyring;
use super::signing_key::SigningKey;
use crate::certificate::demands_the_unknown;
use crate::time::Timestamp;

/// What the keyring can tell about a signature's maker.
#[derive(Clone, Debug)]
pub enum Author<'a> {
    /// A key of the keyring made it: that is proven.
    Known(Signer<'a>),
    /// The key that it names is in the keyring and did not make it over this text.
    False {
        /// The key that it names.
        claimed: SigningKey<'a>,
    },
    /// No key that it names is in the keyring.
    Unknown {
        /// Key id or fingerprint, where it names one.
        named: Option<KeyHandle>,
    },
    /// It cannot be checked.
    Unusable {
        /// Why.
        flaw: Flaw,
    },
}

/// Why a signature is worth nothing, whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Made before its key was (RFC 9580 §5.2.3.11).
    OlderThanItsKey,
    /// With a digest that nobody believes any more, MD5 or RIPEMD-160.
    Digest,
    /// With something critical in it that nobody here knows (RFC 9580 §5.2.3.7).
    Critical,
    /// Not over a text or document (types 0x00 and 0x01, RFC 9580 §5.2.1).
    Type,
    /// It does not say when it was made.
    Undated,
}

/// The maker of a signature that verifies.
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    /// The key that made it.
    pub key: SigningKey<'a>,
    /// When it was made, by its own word.
    pub made: Timestamp,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
    /// Its digest.
    pub digest: HashAlgorithm,
}

impl Signer<'_> {
    /// Whether the data signature rests on SHA-1, as those of the field do.
    pub fn sha1(&self) -> bool {
        self.digest == HashAlgorithm::SHA1
    }
}

/// Looks for the maker of `signature`, which carries the digest that was computed over its text.
pub fn author<'a>(signature: &Signature, keyring: &'a Keyring) -> Author<'a> {
    let Some(made) = signature.signature_creation_time().map(Timestamp::from) else {
        return Author::Unusable { flaw: Flaw::Undated };
    };
    let issuers = signature.get_issuers();
    let candidates: Vec<SigningKey<'a>> = issuers.iter().flat_map(|i| keyring.keys(i)).collect();
    if matches!(signature.hash_algo(), HashAlgorithm::MD5 | HashAlgorithm::RipeMD) {
        return Author::Unusable { flaw: Flaw::Digest };
    }
    let Some(claimed) = candidates.first().cloned() else {
        return Author::Unknown { named: issuers.into_iter().next() };
    };
    if !matches!(
        signature.typ(),
        openpgp::types::SignatureType::Binary | openpgp::types::SignatureType::Text
    ) {
        return Author::Unusable { flaw: Flaw::Type };
    }
    if demands_the_unknown(signature) {
        return Author::Unusable { flaw: Flaw::Critical };
    }
    if let Some(key) = candidates.iter().find(|k| signature.verify_document(k.key()).is_ok()) {
        let expires = signature.signature_expiration_time().map(Timestamp::from);
        let digest = signature.hash_algo();
        return Author::Known(Signer { key: key.clone(), made, expires, digest });
    }
    // Sequoia says so by failing: which of the reasons it was is told apart here.
    if made < Timestamp::from(claimed.key().creation_time()) {
        return Author::Unusable { flaw: Flaw::OlderThanItsKey };
    }
    Author::False { claimed }
}
