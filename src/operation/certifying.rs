//! What operations that certify user IDs have in common, whoever asks for them and of whom.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::{NotationData, NotationDataFlags, SubpacketValue};
use openpgp::types::SignatureType;

use super::{
    Agreement, CertificateBlock, Line, Signable, Statement, StatementError, TrustSignature,
    names_until,
};
use crate::certificate::Certificate;
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// An operation that is a generic certification (type 0x10, RFC 9580 §5.2.1.4) over user IDs of
/// the certificate that it carries.
pub(super) trait Certifying: 'static {
    /// The rules beside those that hold for every operation.
    const RULES: &'static [Rule];

    /// The certificate.
    fn block(&self) -> &CertificateBlock;

    /// What the certification says.
    fn terms(&self) -> Terms<'_>;

    /// What it asks for, in words.
    fn describe(&self) -> Vec<Line> {
        self.terms().describe()
    }
}

impl<T: Certifying> Signable for T {
    fn rules() -> &'static [Rule] {
        T::RULES
    }

    fn kind(expires: Option<Timestamp>) -> Kind {
        Kind::Certified { expires }
    }

    fn certificate(&self) -> Option<&CertificateBlock> {
        Some(self.block())
    }

    fn user_ids(&self) -> &[String] {
        self.terms().user_ids
    }

    fn expires(&self) -> Option<Timestamp> {
        self.terms().expires
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
        Certifying::describe(self)
    }

    fn brief(&self) -> String {
        self.terms().brief()
    }
}

/// What a certification says.
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
        let typ = SignatureType::GenericCertification;
        let values = |_: &str| self.subpackets(created);
        Statement::over_user_ids(typ, created, master, certificate, self.user_ids, values)
    }

    /// In words.
    pub(super) fn describe(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            self.user_ids.iter().map(|id| Line::new("certify user ID", id)).collect();
        lines.push(Line::until(self.expires));
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
        names_until(self.user_ids, self.expires)
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
