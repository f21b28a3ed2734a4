//! `prepare-revocation`: a master's revocation, made in advance and sealed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CertificateBlock, KeyReason, Line, Signable, Statement, StatementError};
use crate::certificate::Certificate;
use crate::policy::rules::{custody, requester, revocation, rotation};
use crate::policy::{Kind, Rule};
use crate::safe::counted;
use crate::sealed::{Custodian, CustodianError};
use crate::time::Timestamp;

/// The revocation of the whole master key (type 0x20, RFC 9580 §5.2.1.11), of which neither
/// station nor answer holds anything but the sealed message: it takes effect when a custodian
/// opens and publishes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepareRevocation {
    /// The master's own minimal certificate.
    pub certificate: CertificateBlock,
    /// Why, for machines.
    pub reason: KeyReason,
    /// Why, for people: one line, published with the revocation. May be empty.
    pub text: String,
    /// For whom it is sealed.
    pub seal: Seal,
}

/// Who can open a sealed revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seal {
    /// Whoever has the passphrase that the station makes and shows once.
    Passphrase,
    /// Each of these: certificates, cut down to the key that is encrypted to.
    Custodians(Vec<CertificateBlock>),
}

impl Seal {
    /// The custodians, read as they are valid at `now`; none for a passphrase.
    ///
    /// # Errors
    /// [`CustodianError`] where one of them is not encrypted to.
    pub fn custodians(&self, now: Timestamp) -> Result<Vec<Custodian>, CustodianError> {
        match self {
            Self::Passphrase => Ok(Vec::new()),
            Self::Custodians(blocks) => {
                blocks.iter().map(|b| Custodian::read(b.untrusted_bytes(), now)).collect()
            }
        }
    }
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    rotation::OWN_CERTIFICATE,
    revocation::REASON_TEXT,
    custody::CUSTODIANS,
];

impl Signable for PrepareRevocation {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::RevocationPrepared
    }

    fn certificate(&self) -> Option<&CertificateBlock> {
        Some(&self.certificate)
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        _: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let reason = self.reason.subpacket(&self.text);
        Ok(vec![Statement::key_revocation(created, master, None, reason)?])
    }

    fn describe(&self) -> Vec<Line> {
        let mut lines = vec![
            Line::new("PREPARE", "the revocation of the MASTER itself, sealed until it is needed"),
            Line::new("reason", self.reason.words()),
            Line::new("text", &self.text),
        ];
        match &self.seal {
            Seal::Passphrase => {
                let value = "a passphrase that the station makes and shows once: have paper ready";
                lines.push(Line::new("sealed by", value));
            }
            Seal::Custodians(blocks) => {
                lines.extend(blocks.iter().map(|b| Line::new("sealed to", custodian(b))));
            }
        }
        lines
    }

    fn brief(&self) -> String {
        let seal = match &self.seal {
            Seal::Passphrase => "sealed by a passphrase".to_owned(),
            Seal::Custodians(blocks) => format!("sealed to {}", counted(blocks.len(), "custodian")),
        };
        format!("of the master itself, {}, {seal}", self.reason.as_str())
    }
}

/// A custodian in words, valid or not: the rule says which.
fn custodian(block: &CertificateBlock) -> String {
    match Certificate::read(block.untrusted_bytes(), &[]) {
        Ok(certificate) => {
            let name = certificate.user_ids().next();
            let name = name.map(|id| String::from_utf8_lossy(id.value()).into_owned());
            format!("{}  {}", certificate.fingerprint().spaced(), name.unwrap_or_default())
        }
        Err(_) => "something that is no certificate".to_owned(),
    }
}
