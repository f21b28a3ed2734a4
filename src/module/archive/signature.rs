//! The signatures over a package, and whether they are what is asked for.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::{HashAlgorithm, RevocationStatus, SignatureType};

use super::ArchiveError;
use crate::certificate::{Certificate, lenient};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// What a package must be signed by.
#[derive(Clone, Copy, Debug)]
pub enum Demand<'a> {
    /// At least one good signature by one of these, and no bad one.
    SignedBy {
        /// Those who count. Whose certification stands behind them is for the caller to judge.
        certificates: &'a [&'a Certificate],
        /// The date to judge by.
        now: Timestamp,
    },
    /// Signed or not, by whomever: what is read is believed for another reason.
    Nothing,
}

/// One signature over a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSignature {
    /// Who made it, by its own word: fingerprint or key id in hex.
    pub issuer: String,
    /// When, by its own word.
    pub created: Option<Timestamp>,
    /// Over which digest: `SHA1` in what FreePBX's servers sign.
    pub hash: String,
    /// What it is worth.
    pub standing: Standing,
}

/// What a signature is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made by this key of this certificate, and the key may sign.
    Good {
        /// The certificate.
        certificate: Fingerprint,
    },
    /// Made by a key of this certificate that must not sign.
    Unusable {
        /// The certificate.
        certificate: Fingerprint,
        /// Why it must not.
        reason: String,
    },
    /// Claims a key that did not make it, or that is not over this package.
    Bad,
    /// The key that it claims is not at hand.
    Unknown,
}

/// What the signatures are worth, where that is what is asked for.
pub(super) fn judge(
    signatures: &[Signature],
    demand: &Demand<'_>,
) -> Result<Vec<PackageSignature>, ArchiveError> {
    let (certificates, now) = match *demand {
        Demand::SignedBy { certificates, now } => (certificates, now),
        Demand::Nothing => (&[] as &[&Certificate], Timestamp::from_unix(0)),
    };
    let judged: Vec<PackageSignature> = signatures
        .iter()
        .map(|signature| PackageSignature {
            issuer: issuer(signature),
            created: signature.signature_creation_time().map(Timestamp::from),
            hash: signature.hash_algo().to_string(),
            standing: standing(signature, certificates, now),
        })
        .collect();
    match demand {
        Demand::SignedBy { .. } => satisfied(&judged).map(|()| judged),
        Demand::Nothing => Ok(judged),
    }
}

fn satisfied(signatures: &[PackageSignature]) -> Result<(), ArchiveError> {
    if signatures.iter().any(|s| s.standing == Standing::Bad) {
        return Err(ArchiveError::BadSignature);
    }
    if signatures.iter().any(|s| matches!(s.standing, Standing::Good { .. })) {
        return Ok(());
    }
    for signature in signatures {
        if let Standing::Unusable { certificate, reason } = &signature.standing {
            return Err(ArchiveError::UnusableKey(format!("{certificate}: {reason}")));
        }
    }
    match signatures.first() {
        Some(signature) => Err(ArchiveError::OtherSigner(signature.issuer.clone())),
        None => Err(ArchiveError::Unsigned),
    }
}

fn issuer(signature: &Signature) -> String {
    // A fingerprint says more than a key id.
    let issuers = signature.get_issuers();
    let longest = issuers.iter().map(|i| format!("{i:X}")).max_by_key(String::len);
    longest.unwrap_or_else(|| "an unnamed key".into())
}

fn standing(signature: &Signature, certificates: &[&Certificate], now: Timestamp) -> Standing {
    let issuers = signature.get_issuers();
    let mut claimed = false;
    for certificate in certificates {
        for key in certificate.cert().keys().map(|k| k.key()) {
            if !issuers.iter().any(|issuer| issuer.aliases(key.key_handle())) {
                continue;
            }
            claimed = true;
            if signature.typ() == SignatureType::Binary && signature.verify_document(key).is_ok() {
                let certificate_of = certificate.fingerprint();
                return match objection(signature, certificate, &key.fingerprint(), now) {
                    None => Standing::Good { certificate: certificate_of },
                    Some(reason) => Standing::Unusable { certificate: certificate_of, reason },
                };
            }
        }
    }
    if claimed { Standing::Bad } else { Standing::Unknown }
}

/// Why a signature that verifies does not count. SHA-1 does: FreePBX's servers sign with it.
fn objection(
    signature: &Signature,
    certificate: &Certificate,
    key: &openpgp::Fingerprint,
    now: Timestamp,
) -> Option<String> {
    if matches!(signature.hash_algo(), HashAlgorithm::MD5 | HashAlgorithm::RipeMD) {
        return Some(format!("its signature is over {}", signature.hash_algo()));
    }
    let Some(created) = signature.signature_creation_time() else {
        return Some("its signature has no date".into());
    };
    let at = std::time::SystemTime::from(now);
    if let Err(error) = signature.signature_alive(at, std::time::Duration::ZERO) {
        return Some(format!("its signature does not count on this date: {error}"));
    }
    let policy = lenient(now);
    if let RevocationStatus::Revoked(_) = certificate.cert().revocation_status(&policy, at) {
        return Some("its certificate is revoked".into());
    }
    let valid = match certificate.cert().with_policy(&policy, created) {
        Ok(valid) => valid,
        Err(error) => return Some(error.to_string()),
    };
    if let Err(error) = valid.alive() {
        return Some(format!("when it signed: {error}"));
    }
    let mut keys = valid.keys().alive().revoked(false).for_signing();
    if !keys.any(|k| k.key().fingerprint() == *key) {
        return Some(
            "the key was not one for signing, was expired or revoked when it signed".into(),
        );
    }
    let today = match certificate.cert().with_policy(&policy, at) {
        Ok(today) => today,
        Err(error) => return Some(error.to_string()),
    };
    let mut revoked = today.keys().revoked(true);
    revoked.any(|k| k.key().fingerprint() == *key).then(|| "the key is revoked".into())
}
