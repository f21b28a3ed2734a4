//! `revoke-key`: a master revokes itself, or one of its subkeys.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, KeyReason, Line, Signable, Statement, StatementError};
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
        let subkey = match self.subkey {
            None => None,
            Some(named) => Some(
                certificate
                    .and_then(|c| c.subkey(named))
                    .ok_or_else(|| StatementError::NoSuchSubkey(named.to_string()))?,
            ),
        };
        let reason = self.reason.subpacket(&self.text);
        Ok(vec![Statement::key_revocation(created, master, subkey, reason)?])
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
