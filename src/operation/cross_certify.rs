//! `cross-certify`: one master states that another key is a master of the same authority.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::types::SignatureType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CertificateBlock, Line, Signable, Statement, StatementError, TrustSignature, names,
    subpackets_for,
};
use crate::certificate::Certificate;
use crate::policy::rules::{certificate, certification, requester, rotation};
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// A generic certification (type 0x10, RFC 9580 §5.2.1.4) over each user ID of another master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossCertify {
    /// The other master's minimal certificate.
    pub certificate: CertificateBlock,
    /// Its user IDs, exactly as they are on the certificate.
    pub user_ids: Vec<String>,
    /// When the certification ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Lets whoever trusts the asked master follow what the other one certifies (RFC 9580
    /// §5.2.3.21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustSignature>,
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    rotation::OTHER_MASTER,
    certificate::REVOKED,
    certificate::KEY_EXPIRY,
    certificate::USER_IDS_ON_CERTIFICATE,
    rotation::CROSS_END,
    rotation::CROSS_TRUST,
    certification::PREVIOUS_DECISIONS,
];

impl Signable for CrossCertify {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(expires: Option<Timestamp>) -> Kind {
        Kind::Certified { expires }
    }

    fn certificate(&self) -> Option<&CertificateBlock> {
        Some(&self.certificate)
    }

    fn user_ids(&self) -> &[String] {
        &self.user_ids
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let statement = |user_id: &String| {
            let typ = SignatureType::GenericCertification;
            let values: Vec<SubpacketValue> = subpackets_for(created, self.expires, self.trust);
            Statement::over_user_id(typ, created, master, certificate, user_id, values)
        };
        self.user_ids.iter().map(statement).collect()
    }

    fn describe(&self) -> Vec<Line> {
        let ids = self.user_ids.iter().map(|id| Line::new("certify MASTER", id));
        let mut lines: Vec<Line> = ids.collect();
        lines.push(Line::new("until", self.expires.map_or("no end".to_owned(), |t| t.to_string())));
        if let Some(TrustSignature { depth, amount }) = self.trust {
            let text = format!(
                "whoever trusts the master above will trust what this one certifies: depth \
                 {depth}, amount {amount} of 120"
            );
            lines.push(Line::new("AND ITS WORD", text));
        }
        lines
    }

    fn brief(&self) -> String {
        names(&self.user_ids)
    }
}
