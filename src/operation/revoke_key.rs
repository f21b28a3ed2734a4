//! `revoke-key`: a master revokes itself, or one of its subkeys.

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::types::ReasonForRevocation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, Line, Signable, Statement, StatementError};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::policy::rules::{requester, revocation, rotation};
use crate::policy::{Kind, Rule};
use crate::safe::counted;
use crate::time::Timestamp;

/// A key revocation (type 0x20, RFC 9580 §5.2.1.11), or the revocation of one subkey (type 0x28,
/// §5.2.1.12), by the master itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The master's own minimal certificate.
    pub certificate: CertificateBlock,
    /// The subkey; absent: the whole key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subkey: Option<Fingerprint>,
    /// Why, for machines.
    pub reason: KeyReason,
    /// Why, for people: one line, published with the revocation. May be empty.
    pub text: String,
    /// What stops with it, by the requester's record.
    pub stops: Stops,
}

/// The reasons that fit a key's revocation (RFC 9580 §5.2.3.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReason {
    /// Code 1, soft: another key takes its place.
    Superseded,
    /// Code 2, hard: somebody else may have it; nothing that it ever signed counts.
    Compromised,
    /// Code 3, soft: it is not used any more.
    Retired,
}

/// What stops working. `Display` puts it in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stops {
    /// Developers whom no other master certified.
    pub developers: u32,
    /// Modules on record that such developers or the key itself signed.
    pub modules: u32,
}

impl fmt::Display for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (developers, modules) = (self.developers as usize, self.modules as usize);
        write!(f, "{}, {}", counted(developers, "developer"), counted(modules, "module"))
    }
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    rotation::OWN_CERTIFICATE,
    rotation::OWN_SUBKEY,
    rotation::SUCCESSOR,
    rotation::EFFECT,
    revocation::REASON_TEXT,
];

impl KeyReason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Superseded => "superseded (code 1)",
            Self::Compromised => "COMPROMISED (code 2): nothing that it ever signed counts",
            Self::Retired => "retired (code 3)",
        }
    }

    /// The reason in one word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Compromised => "compromised",
            Self::Retired => "retired",
        }
    }

    fn code(self) -> ReasonForRevocation {
        match self {
            Self::Superseded => ReasonForRevocation::KeySuperseded,
            Self::Compromised => ReasonForRevocation::KeyCompromised,
            Self::Retired => ReasonForRevocation::KeyRetired,
        }
    }
}

/// The subpacket that says why (RFC 9580 §5.2.3.31).
pub(super) fn reason_value(reason: KeyReason, text: &str) -> SubpacketValue {
    let reason_text = text.as_bytes().to_vec();
    SubpacketValue::ReasonForRevocation { code: reason.code(), reason: reason_text }
}

impl Signable for RevokeKey {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::KeyRevoked
    }

    fn certificate(&self) -> Option<&CertificateBlock> {
        Some(&self.certificate)
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let values = vec![reason_value(self.reason, &self.text)];
        let subkey = match self.subkey {
            None => None,
            Some(named) => Some(
                certificate
                    .and_then(|c| c.subkey(named))
                    .ok_or_else(|| StatementError::NoSuchSubkey(named.to_string()))?,
            ),
        };
        Ok(vec![Statement::key_revocation(created, master, subkey, values)?])
    }

    fn describe(&self) -> Vec<Line> {
        let what = match self.subkey {
            None => "the MASTER itself".to_owned(),
            Some(subkey) => format!("the master's subkey {subkey}"),
        };
        vec![
            Line::new("REVOKE", what),
            Line::new("reason", self.reason.words()),
            Line::new("text", &self.text),
            Line::new("stops", self.stops.to_string()),
        ]
    }

    fn brief(&self) -> String {
        match self.subkey {
            None => format!("the master itself: {}", self.reason.words()),
            Some(subkey) => format!("subkey {}: {}", subkey.key_id(), self.reason.words()),
        }
    }
}
