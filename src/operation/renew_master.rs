//! `renew-master`: a master gives itself another end, in fresh self-signatures.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::{Subpacket, SubpacketTag, SubpacketValue};
use openpgp::types::SignatureType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, Line, Signable, Statement, StatementError, names_until};
use crate::certificate::Certificate;
use crate::policy::rules::{requester, rotation};
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// A positive certification (type 0x13, RFC 9580 §5.2.1.7), SHA-512, by the master over each of
/// its own user IDs: what the present self-signature says of the key's use, and another end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewMaster {
    /// The master's own minimal certificate.
    pub certificate: CertificateBlock,
    /// Every user ID of it that is not revoked.
    pub user_ids: Vec<String>,
    /// When the master ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    rotation::OWN_CERTIFICATE,
    rotation::EVERY_OWN_USER_ID,
    rotation::NEW_END,
];

/// What of a self-signature is said again: the key's use and its owner's preferences.
const SAID_AGAIN: &[SubpacketTag] = &[
    SubpacketTag::KeyFlags,
    SubpacketTag::PreferredSymmetricAlgorithms,
    SubpacketTag::PreferredHashAlgorithms,
    SubpacketTag::PreferredCompressionAlgorithms,
    SubpacketTag::PreferredKeyServer,
    SubpacketTag::KeyServerPreferences,
    SubpacketTag::Features,
    SubpacketTag::PrimaryUserID,
    SubpacketTag::PolicyURI,
];

impl Signable for RenewMaster {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(expires: Option<Timestamp>) -> Kind {
        Kind::Renewed { expires }
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
        let typ = SignatureType::PositiveCertification;
        let values = |user_id: &str| self.subpackets(certificate, user_id);
        Statement::over_user_ids(typ, created, master, certificate, &self.user_ids, values)
    }

    fn describe(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            self.user_ids.iter().map(|id| Line::new("renew MASTER", id)).collect();
        lines.push(Line::until(self.expires));
        lines
    }

    fn brief(&self) -> String {
        names_until(&self.user_ids, self.expires)
    }
}

impl RenewMaster {
    fn subpackets(&self, certificate: Option<&Certificate>, user_id: &str) -> Vec<SubpacketValue> {
        let present = certificate.and_then(|c| c.binding(user_id));
        let said = present.into_iter().flat_map(|signature| signature.hashed_area().iter());
        let again = said.filter(|s: &&Subpacket| SAID_AGAIN.contains(&s.tag()));
        let mut values: Vec<SubpacketValue> = again.map(|s| s.value().clone()).collect();
        if let (Some(expires), Some(certificate)) = (self.expires, certificate) {
            let made = Timestamp::from(certificate.primary().creation_time());
            values.push(SubpacketValue::KeyExpirationTime(expires.since(made).into()));
        }
        values
    }
}
