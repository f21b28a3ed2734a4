//! `recertify`: another master of the authority states what one of them stated before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certifying::{Certifying, Terms};
use super::{Agreement, CertificateBlock};
use crate::policy::Rule;
use crate::policy::rules::{certificate, certification, recertification, requester};
use crate::time::Timestamp;

/// A certification as [`super::Certify`] makes it, asked for by a manager: the developer's consent
/// is the certification by another master that stands on the certificate. It makes nobody a
/// trusted introducer: that the key's owner has to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recertify {
    /// The developer's minimal certificate with what all masters said on it.
    pub certificate: CertificateBlock,
    /// The user IDs to certify, exactly as they are on the certificate.
    pub user_ids: Vec<String>,
    /// When the certification ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The key-signing agreement that the certifications that stand record; absent where they
    /// record none, or not the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Where the certification policy is published (RFC 9580 §5.2.3.28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
}

impl Certifying for Recertify {
    const RULES: &'static [Rule] = &[
        requester::REQUESTER_ALLOWED,
        certificate::KEY_ALGORITHM,
        certificate::SELF_SIGNATURES,
        certificate::KEY_EXPIRY,
        certificate::REVOKED,
        certificate::USER_IDS_ON_CERTIFICATE,
        certificate::USER_ID_FORM,
        recertification::CONSENT,
        recertification::STANDING_CERTIFICATION,
        recertification::RECORDED_AGREEMENT,
        certification::POLICY_URI,
        certification::VALIDITY,
        certification::PREVIOUS_DECISIONS,
    ];

    fn block(&self) -> &CertificateBlock {
        &self.certificate
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            user_ids: &self.user_ids,
            expires: self.expires,
            trust: None,
            policy_uri: self.policy_uri.as_deref(),
            agreement: self.agreement.as_ref(),
        }
    }
}
