//! `certify`: the master states that a key belongs to the person whom its user IDs name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CertificateBlock;
use super::certifying::{Certifying, Terms};
use crate::digest::Sha256;
use crate::policy::Rule;
use crate::policy::rules::{certificate, certification, requester};
use crate::time::Timestamp;

/// A generic certification (type 0x10, RFC 9580 §5.2.1.4), exportable and revocable, SHA-512,
/// over each of the user IDs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certify {
    /// The developer's minimal certificate.
    pub certificate: CertificateBlock,
    /// The user IDs to certify, exactly as they are on the certificate.
    pub user_ids: Vec<String>,
    /// When the certification ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The key-signing agreement that the developer accepted by signing the request.
    pub agreement: Agreement,
    /// Where the certification policy is published (RFC 9580 §5.2.3.28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Makes the key a trusted introducer (RFC 9580 §5.2.3.21): for a project's online signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustSignature>,
}

/// A text that was agreed to, named by its digest, and the notation that records it in the
/// certification (RFC 9580 §5.2.3.24).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// SHA-256 of the agreement's text.
    pub sha256: Sha256,
    /// The notation's name, like `agreement-sha256@example.org`.
    pub notation: String,
}

/// Depth and amount of a trust signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustSignature {
    /// 1: the key may certify others; more is never granted.
    pub depth: u8,
    /// 60 for partial, 120 for complete trust.
    pub amount: u8,
}

impl Certifying for Certify {
    const RULES: &'static [Rule] = &[
        requester::PROOF_OF_POSSESSION,
        certificate::KEY_ALGORITHM,
        certificate::SELF_SIGNATURES,
        certificate::KEY_EXPIRY,
        certificate::REVOKED,
        certificate::USER_IDS_ON_CERTIFICATE,
        certificate::USER_ID_FORM,
        certification::AGREEMENT,
        certification::POLICY_URI,
        certification::VALIDITY,
        certification::TRUST,
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
            policy_uri: self.policy_uri.as_deref(),
            agreement: Some(&self.agreement),
        }
    }
}
