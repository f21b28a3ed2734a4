//! What GnuPG 2.2 says of a signature, with this keyring and the masters trusted ultimately, as a
//! PBX has them: the words of its status lines (`doc/DETAILS` of GnuPG).
//!
//! It follows GnuPG, not sense: certifications from the future count, a second certification
//! survives the revocation of the first, an irrevocable one survives its own, and what a revoked
//! master signed itself is trusted. Measured against 2.2.40; the tests compare with the real one.

mod trust;

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

use super::signer::{Author, Flaw, Signer, author};
use super::signing_key::Capability;
use super::{Deviation, Keyring, SignedText};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

pub use trust::{Counted, counted, lists_a_revocation, validity};

/// GnuPG's answer about one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It verifies: `VALIDSIG`.
    Valid {
        /// The line in front of it.
        word: Word,
        /// The fingerprint in `VALIDSIG`: of the key that signed, a subkey perhaps.
        key: Fingerprint,
        /// The certificate's.
        primary: Fingerprint,
        /// The trust line; none for an expired key.
        trust: Option<Trust>,
    },
    /// `BADSIG`: the text is not what was signed.
    Bad,
    /// `ERRSIG`: it cannot be checked.
    Error(Cause),
}

/// The first line about a signature that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `GOODSIG`
    Good,
    /// `EXPSIG`: the signature itself has ended.
    ExpiredSignature,
    /// `EXPKEYSIG`: the key has.
    ExpiredKey,
    /// `REVKEYSIG`: its owner revoked the key.
    RevokedKey,
}

/// The line about trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// `TRUST_UNDEFINED`
    Undefined,
    /// `TRUST_MARGINAL`
    Marginal,
    /// `TRUST_FULLY`
    Fully,
    /// `TRUST_ULTIMATE`
    Ultimate,
}

/// Why `ERRSIG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `NO_PUBKEY`: the key is not in the keyring.
    NoPublicKey,
    /// The signature or the key is unfit: a digest that gpg refuses, a key that may not sign.
    Unfit,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "GOODSIG",
            Self::ExpiredSignature => "EXPSIG",
            Self::ExpiredKey => "EXPKEYSIG",
            Self::RevokedKey => "REVKEYSIG",
        })
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undefined => "TRUST_UNDEFINED",
            Self::Marginal => "TRUST_MARGINAL",
            Self::Fully => "TRUST_FULLY",
            Self::Ultimate => "TRUST_ULTIMATE",
        })
    }
}

impl fmt::Display for Answer {
    /// The status lines that matter, in one line: `GOODSIG VALIDSIG TRUST_FULLY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { word, trust: Some(trust), .. } => write!(f, "{word} VALIDSIG {trust}"),
            Self::Valid { word, trust: None, .. } => write!(f, "{word} VALIDSIG"),
            Self::Bad => f.write_str("BADSIG"),
            Self::Error(Cause::NoPublicKey) => f.write_str("ERRSIG NO_PUBKEY"),
            Self::Error(Cause::Unfit) => f.write_str("ERRSIG"),
        }
    }
}

/// What gpg answers about a file, for each of its signatures. It looks at the first block alone,
/// whatever comes after that.
pub fn answers(text: &SignedText, keyring: &Keyring, now: Timestamp) -> Vec<Answer> {
    let unannounced = text.deviations().contains(&Deviation::HashHeader);
    let of_each = text.signatures().iter().map(|signature| match answer(signature, keyring, now) {
        Answer::Valid { .. } | Answer::Bad if unannounced => Answer::Error(Cause::Unfit),
        answer => answer,
    });
    of_each.collect()
}

/// What gpg answers about `signature`, which carries the digest computed over its text.
pub fn answer(signature: &Signature, keyring: &Keyring, now: Timestamp) -> Answer {
    match author(signature, keyring) {
        Author::Known(signer) => of_signer(&signer, keyring, now),
        Author::False { .. } | Author::Unusable { flaw: Flaw::Critical } => Answer::Bad,
        Author::Unknown { .. } => Answer::Error(Cause::NoPublicKey),
        Author::Unusable {
            flaw: Flaw::OlderThanItsKey | Flaw::Digest | Flaw::Type | Flaw::Undated,
        } => Answer::Error(Cause::Unfit),
    }
}

/// What gpg answers about a good signature by `signer`, whatever is signed.
pub fn of_signer(signer: &Signer<'_>, keyring: &Keyring, now: Timestamp) -> Answer {
    let certificate = signer.key.certificate();
    let state = keyring.state(&signer.key, now);
    let (Capability::Signs, Some(key)) = (state.capability, signer.key.fingerprint()) else {
        return Answer::Error(Cause::Unfit);
    };
    let expired = state.expired(now).is_some();
    let word = if signer.expires.is_some_and(|at| at <= now) {
        Word::ExpiredSignature
    } else if expired {
        Word::ExpiredKey
    } else if state.revoked.is_some() {
        Word::RevokedKey
    } else {
        Word::Good
    };
    let trust = (!expired).then(|| validity(certificate, keyring, now));
    Answer::Valid { word, key, primary: certificate.fingerprint(), trust }
}
