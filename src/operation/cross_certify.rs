//! `cross-certify`: one master states that another key is a master of the same authority.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certifying::{Certifying, Terms};
use super::{CertificateBlock, Line, TrustSignature};
use crate::policy::Rule;
use crate::policy::rules::{certificate, certification, requester, rotation};
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

impl Certifying for CrossCertify {
    const RULES: &'static [Rule] = &[
        requester::REQUESTER_ALLOWED,
        rotation::OTHER_MASTER,
        certificate::REVOKED,
        certificate::KEY_EXPIRY,
        certificate::USER_IDS_ON_CERTIFICATE,
        rotation::CROSS_END,
        rotation::CROSS_TRUST,
        certification::PREVIOUS_DECISIONS,
    ];

    fn block(&self) -> &CertificateBlock {
        &self.certificate
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            user_ids: &self.user_ids,
            expires: self.expires,
            trust: self.trust,
            policy_uri: None,
            agreement: None,
        }
    }

    fn describe(&self) -> Vec<Line> {
        let ids = self.user_ids.iter().map(|id| Line::new("certify MASTER", id));
        let mut lines: Vec<Line> = ids.collect();
        lines.push(Line::until(self.expires));
        if let Some(TrustSignature { depth, amount }) = self.trust {
            let text = format!(
                "whoever trusts the master above will trust what this one certifies: depth \
                 {depth}, amount {amount} of 120"
            );
            lines.push(Line::new("AND ITS WORD", text));
        }
        lines
    }
}
