//! The closed set of things that the master key can be asked to sign.
//!
//! An operation is one file: its fields as they travel, the [`Statement`]s that it amounts to,
//! how it describes itself to a person, and the rules that it adds to the policy's common ones.

mod certify;
mod revoke_certification;
mod statement;
mod wire;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use certify::{Agreement, Certify, RULES as CERTIFY_RULES, TrustSignature};
pub use revoke_certification::{RULES as REVOKE_CERTIFICATION_RULES, Reason, RevokeCertification};
pub use statement::{Statement, StatementError};
pub use wire::CertificateBlock;

use crate::certificate::Certificate;
use crate::policy::Rule;
use crate::time::Timestamp;

/// Something that the master key can be asked to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Certify user IDs of a developer's key.
    Certify(Certify),
    /// Take back every certification that the master made on a developer's key.
    RevokeCertification(RevokeCertification),
}

/// The name of an operation, as policy files and the command line spell it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OperationName {
    /// See [`Operation::Certify`].
    Certify,
    /// See [`Operation::RevokeCertification`].
    RevokeCertification,
}

/// One line of an operation's description: what it is about, and the value (untrusted text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What the value is.
    pub label: &'static str,
    /// The value, to be shown through [`crate::safe::Safe`].
    pub value: String,
}

impl Line {
    /// A line of a description.
    pub fn new(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: value.into() }
    }
}

impl Operation {
    /// Which operation it is.
    pub fn name(&self) -> OperationName {
        match self {
            Self::Certify(_) => OperationName::Certify,
            Self::RevokeCertification(_) => OperationName::RevokeCertification,
        }
    }

    /// The certificate that it is about, as it travelled: untrusted.
    pub fn certificate(&self) -> &CertificateBlock {
        match self {
            Self::Certify(o) => &o.certificate,
            Self::RevokeCertification(o) => &o.certificate,
        }
    }

    /// The user IDs that it is about.
    pub fn user_ids(&self) -> &[String] {
        match self {
            Self::Certify(o) => &o.user_ids,
            Self::RevokeCertification(o) => &o.user_ids,
        }
    }

    /// Every signature that the master will make, in order, byte for byte but for the RSA value.
    ///
    /// # Errors
    /// [`StatementError`] where a user ID is not on `certificate`, or a value does not fit into
    /// a signature.
    pub fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: &Certificate,
    ) -> Result<Vec<Statement>, StatementError> {
        match self {
            Self::Certify(o) => o.statements(created, master, certificate),
            Self::RevokeCertification(o) => o.statements(created, master, certificate),
        }
    }

    /// What it asks for, in words.
    pub fn describe(&self) -> Vec<Line> {
        match self {
            Self::Certify(o) => o.describe(),
            Self::RevokeCertification(o) => o.describe(),
        }
    }

    /// The rules beside those that hold for every operation.
    pub fn rules(&self) -> &'static [Rule] {
        match self {
            Self::Certify(_) => certify::RULES,
            Self::RevokeCertification(_) => revoke_certification::RULES,
        }
    }
}

impl OperationName {
    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certify => "certify",
            Self::RevokeCertification => "revoke-certification",
        }
    }
}

impl std::fmt::Display for OperationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
