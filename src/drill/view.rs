//! What gpg, FreePBX and we say of one signer or one module.

use std::fmt;

use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::freepbx::{self, Found, Secure};
use crate::module::gpg::{self, Answer, Trust, Word};
use crate::module::strict::{self, Problem, WeakChains};
use crate::module::{Capability, FileState, Installed, Keyring, Signer, SigningKey, Status};
use crate::time::Timestamp;

/// What the three say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// How valid gpg takes the signer's key to be.
    pub gpg: Validity,
    /// FreePBX's number; of a signer, for a module that is otherwise good.
    pub freepbx: Status,
    /// What we find wrong.
    pub problems: Vec<Problem>,
}

/// What gpg makes of a key, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// A master, or certified well enough.
    Valid,
    /// Certified by too few partly trusted keys.
    Marginal,
    /// Certified by nobody who counts.
    Undefined,
    /// The key has ended.
    Expired,
    /// Its owner revoked the key.
    Revoked,
    /// No key: it is not in the keyring, or there is no signature that names one.
    Nothing,
}

impl View {
    /// What they say of modules that this certificate's owner signs at `now`: with the key of it
    /// that does best.
    pub fn of(
        keyring: &Keyring,
        certificate: &Certificate,
        weak: WeakChains,
        now: Timestamp,
    ) -> Self {
        let can_sign = |key: &SigningKey<'_>| key.state(now).capability == Capability::Signs;
        let views = SigningKey::all(certificate).filter(can_sign);
        let views = views.map(|key| Self::of_signer(keyring, &key, weak, now));
        let best = views.max_by_key(|v| (v.problems.is_empty(), v.freepbx.is_good()));
        best.unwrap_or_else(|| {
            Self::of_signer(keyring, &SigningKey::primary_of(certificate), weak, now)
        })
    }

    fn of_signer(
        keyring: &Keyring,
        key: &SigningKey<'_>,
        weak: WeakChains,
        now: Timestamp,
    ) -> Self {
        let signer = Signer {
            key: key.clone(),
            made: now,
            expires: None,
            digest: sequoia_openpgp::types::HashAlgorithm::SHA512,
        };
        let answer = gpg::of_signer(&signer, keyring, now);
        let config = freepbx::Config { version: Some("2".into()), ..freepbx::Config::default() };
        let files = [("module.xml".to_owned(), FileState::Same)];
        let answers = std::slice::from_ref(&answer);
        let found =
            Found::Signature { answers, config: &config, files: &files, secure: Secure::Absent };
        Self {
            gpg: Validity::of(&answer),
            freepbx: freepbx::verdict(found, keyring, now).status,
            problems: strict::problems_of_signer(&signer, keyring, weak, now),
        }
    }

    /// What they say of somebody who is not in the keyring.
    pub(super) fn of_nobody(named: &str) -> Self {
        let named = Some(named.to_owned());
        Self {
            gpg: Validity::Nothing,
            freepbx: Status::INVALID,
            problems: vec![Problem::UnknownSigner { named }],
        }
    }

    /// What they say of a module, and whose key signed it.
    pub(super) fn of_module(
        module: &Installed,
        keyring: &Keyring,
        weak: WeakChains,
        now: Timestamp,
    ) -> (Self, Option<Fingerprint>) {
        let answers = module.reading().map(|r| gpg::answers(&r.signed, keyring, now));
        let last = answers.unwrap_or_default().pop();
        let strict = module.strict(keyring, weak, now);
        let signer = strict.signer.as_ref().map(|s| s.key.certificate().fingerprint());
        let view = Self {
            gpg: last.as_ref().map_or(Validity::Nothing, Validity::of),
            freepbx: module.freepbx(keyring, now).status,
            problems: strict.problems,
        };
        (view, signer)
    }

    /// Whether all is well by FreePBX and strictly: what stops is what was so and is not.
    pub fn is_good(&self) -> bool {
        self.freepbx.is_good() && self.problems.is_empty()
    }
}

impl Validity {
    fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Valid { word: Word::ExpiredKey, .. } => Self::Expired,
            Answer::Valid { word: Word::RevokedKey, .. } => Self::Revoked,
            Answer::Valid { trust, .. } => match trust {
                Some(Trust::Fully | Trust::Ultimate) => Self::Valid,
                Some(Trust::Marginal) => Self::Marginal,
                Some(Trust::Undefined) | None => Self::Undefined,
            },
            Answer::Bad | Answer::Error(_) => Self::Nothing,
        }
    }

    /// The validity that a letter of gpg's colon listing stands for (field 2 of its doc/DETAILS).
    pub fn of_letter(letter: &str) -> Self {
        match letter {
            "u" | "f" => Self::Valid,
            "m" => Self::Marginal,
            "e" => Self::Expired,
            "r" => Self::Revoked,
            "" | "i" => Self::Nothing,
            _ => Self::Undefined,
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Marginal => "partly valid",
            Self::Undefined => "not valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Nothing => "no key",
        })
    }
}
