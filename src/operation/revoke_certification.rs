//! `revoke-certification`: the master takes back what it stated about a key.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::types::{ReasonForRevocation, SignatureType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, Line, Signable, Statement, StatementError, names};
use crate::certificate::Certificate;
use crate::policy::rules::{requester, revocation};
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// A certification revocation (type 0x30, RFC 9580 §5.2.1.13) on each of the user IDs: always
/// on every one that the master ever certified, or a PBX goes on trusting the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeCertification {
    /// The developer's minimal certificate with the master's certifications on it.
    pub certificate: CertificateBlock,
    /// Every user ID that the master ever certified.
    pub user_ids: Vec<String>,
    /// Why, for machines.
    pub reason: Reason,
    /// Why, for people: one line, published with the revocation. May be empty.
    pub text: String,
}

/// The reasons that fit a certification revocation (RFC 9580 §5.2.3.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Code 0: no reason specified.
    Unspecified,
    /// Code 32: the user ID's information is no longer valid.
    UserIdInvalid,
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    revocation::EVERY_USER_ID,
    revocation::REASON_TEXT,
    revocation::NEWER_THAN_CERTIFICATION,
];

impl Signable for RevokeCertification {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::Revoked
    }

    fn certificate(&self) -> Option<&CertificateBlock> {
        Some(&self.certificate)
    }

    fn user_ids(&self) -> &[String] {
        &self.user_ids
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let typ = SignatureType::CertificationRevocation;
        let code = match self.reason {
            Reason::Unspecified => ReasonForRevocation::Unspecified,
            Reason::UserIdInvalid => ReasonForRevocation::UIDRetired,
        };
        let values = |_: &str| {
            let reason = self.text.clone().into_bytes();
            vec![SubpacketValue::ReasonForRevocation { code, reason }]
        };
        Statement::over_user_ids(typ, created, master, certificate, &self.user_ids, values)
    }

    fn describe(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            self.user_ids.iter().map(|id| Line::new("REVOKE on user ID", id)).collect();
        let reason = match self.reason {
            Reason::Unspecified => "no reason given (code 0)",
            Reason::UserIdInvalid => "user ID no longer valid (code 32)",
        };
        lines.push(Line::new("reason", reason));
        lines.push(Line::new("text", &self.text));
        lines
    }

    fn brief(&self) -> String {
        names(&self.user_ids)
    }
}
