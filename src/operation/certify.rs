//! `certify`: the master states that a key belongs to the person whom its user IDs name.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::{NotationData, NotationDataFlags, SubpacketValue};
use openpgp::types::SignatureType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, Line, Signable, Statement, StatementError, names};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::policy::rules::{certificate, certification, requester};
use crate::policy::{Kind, Rule};
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

const RULES: &[Rule] = &[
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

impl Signable for Certify {
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
        self.terms().statements(created, master, certificate)
    }

    fn describe(&self) -> Vec<Line> {
        self.terms().describe()
    }

    fn brief(&self) -> String {
        self.terms().brief()
    }
}

impl Certify {
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

/// What a certification of a developer says, whoever asks for it.
pub(super) struct Terms<'a> {
    pub(super) user_ids: &'a [String],
    pub(super) expires: Option<Timestamp>,
    pub(super) trust: Option<TrustSignature>,
    pub(super) policy_uri: Option<&'a str>,
    pub(super) agreement: Option<&'a Agreement>,
}

impl Terms<'_> {
    /// One certification over each of the user IDs.
    pub(super) fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let statement = |user_id: &String| {
            let typ = SignatureType::GenericCertification;
            let values = self.subpackets(created);
            Statement::over_user_id(typ, created, master, certificate, user_id, values)
        };
        self.user_ids.iter().map(statement).collect()
    }

    /// In words.
    pub(super) fn describe(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            self.user_ids.iter().map(|id| Line::new("certify user ID", id)).collect();
        lines.push(Line::new("until", self.expires.map_or("no end".to_owned(), |t| t.to_string())));
        if let Some(TrustSignature { depth, amount }) = self.trust {
            lines.push(Line::new(
                "TRUSTED INTRODUCER",
                format!("this key may certify others: depth {depth}, amount {amount} of 120"),
            ));
        }
        if let Some(uri) = self.policy_uri {
            lines.push(Line::new("policy", uri));
        }
        let agreement = self.agreement.map_or("none on record".to_owned(), |agreement| {
            format!("{}, as {}", agreement.sha256.spaced(), agreement.notation)
        });
        lines.push(Line::new("agreement", agreement));
        lines
    }

    /// In one line.
    pub(super) fn brief(&self) -> String {
        let until =
            self.expires.map_or("without end".to_owned(), |at| format!("until {}", at.date()));
        format!("{} {until}", names(self.user_ids))
    }

    fn subpackets(&self, created: Timestamp) -> Vec<SubpacketValue> {
        let mut values = Vec::new();
        if let Some(expires) = self.expires {
            values.push(SubpacketValue::SignatureExpirationTime(expires.since(created).into()));
        }
        if let Some(TrustSignature { depth, amount }) = self.trust {
            values.push(SubpacketValue::TrustSignature { level: depth, trust: amount });
        }
        if let Some(uri) = self.policy_uri {
            values.push(SubpacketValue::PolicyURI(uri.as_bytes().to_vec()));
        }
        if let Some(Agreement { sha256, notation }) = self.agreement {
            let flags = NotationDataFlags::empty().set_human_readable();
            let data = NotationData::new(notation, sha256.to_string(), flags);
            values.push(SubpacketValue::NotationData(data));
        }
        values
    }
}
