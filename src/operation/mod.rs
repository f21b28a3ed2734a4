//! The closed set of things that the master key can be asked to sign.
//!
//! An operation is one file: its fields as they travel, and what [`Signable`] asks of it. A new
//! one is that file and a line in the list below.

mod certify;
mod certifying;
mod cross_certify;
mod list;
mod object;
mod prepare_revocation;
mod recertify;
mod renew_master;
mod revoke_certification;
mod revoke_key;
mod session_record;
mod sign_module;
mod statement;
mod transition_statement;
mod trust_bundle;
mod wire;

use std::any::Any;
use std::borrow::Cow;

pub use certify::{Agreement, Certify, TrustSignature};
pub use cross_certify::CrossCertify;
pub use object::Object;
pub use prepare_revocation::{PrepareRevocation, Seal};
pub use recertify::Recertify;
pub use renew_master::RenewMaster;
pub use revoke_certification::{Reason, RevokeCertification};
pub use revoke_key::{KeyReason, RevokeKey, Stops};
pub use session_record::SessionRecord;
pub use sign_module::SignModule;
pub use statement::{Place, Statement, StatementError};
pub use transition_statement::TransitionStatement;
pub use trust_bundle::TrustBundle;
pub use wire::CertificateBlock;

use crate::certificate::Certificate;
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

list::operations! {
    /// Certify user IDs of a developer's key.
    Certify = "certify",
    /// Take back every certification that the master made on a developer's key.
    RevokeCertification = "revoke-certification",
    /// Sign a module's list.
    SignModule = "sign-module",
    /// Certify another master of the same authority.
    CrossCertify = "cross-certify",
    /// Say, with the other master, that one follows the other.
    TransitionStatement = "transition-statement",
    /// Give the master another end.
    RenewMaster = "renew-master",
    /// Revoke the master itself, or one of its subkeys.
    RevokeKey = "revoke-key",
    /// Certify a developer's user IDs that another master of the authority certified.
    Recertify = "recertify",
    /// Make the master's revocation in advance, sealed.
    PrepareRevocation = "prepare-revocation",
    /// Sign a trust bundle's head.
    TrustBundle = "trust-bundle",
    /// Sign the record of a session: by the station itself.
    SessionRecord = "session-record",
}

/// What an operation's file provides.
pub trait Signable: Any {
    /// The rules beside those that hold for every operation.
    fn rules() -> &'static [Rule]
    where
        Self: Sized;

    /// What such an operation, once signed, is in its object's history.
    fn kind(expires: Option<Timestamp>) -> Kind
    where
        Self: Sized;

    /// What it is about: the key of its certificate, unless the operation names something else.
    /// None where that certificate cannot be read.
    fn object(&self) -> Option<Object> {
        self.certificate().and_then(key)
    }

    /// The certificate that it is about, as it travelled: untrusted.
    fn certificate(&self) -> Option<&CertificateBlock> {
        None
    }

    /// The user IDs that it is about.
    fn user_ids(&self) -> &[String] {
        &[]
    }

    /// The version of the module that it is about, or the serial number of the bundle.
    fn version(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// When what it states ends.
    fn expires(&self) -> Option<Timestamp> {
        None
    }

    /// Every signature that the master will make, in order, byte for byte but for the RSA value.
    /// `certificate` is the one that the operation carries.
    ///
    /// # Errors
    /// [`StatementError`] where a user ID is not on `certificate`, or a value does not fit into
    /// a signature.
    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError>;

    /// What it asks for, in words.
    fn describe(&self) -> Vec<Line>;

    /// What it asks for, in one line to stand behind its name: untrusted text.
    fn brief(&self) -> String;
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
    /// This operation as `T`, if it is one.
    pub fn as_any<T: Signable>(&self) -> Option<&T> {
        (self.signable() as &dyn Any).downcast_ref()
    }
}

impl std::ops::Deref for Operation {
    type Target = dyn Signable;

    fn deref(&self) -> &Self::Target {
        self.signable()
    }
}

impl std::fmt::Display for OperationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The user IDs in one line.
fn names(user_ids: &[String]) -> String {
    let first = user_ids.first().map(|id| crate::safe::clip(id)).unwrap_or_default();
    match user_ids.len() {
        0 | 1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}

/// The key that a certificate claims to be, where it can be read.
fn key(certificate: &CertificateBlock) -> Option<Object> {
    let certificate = Certificate::read(certificate.untrusted_bytes(), &[]).ok()?;
    Some(Object::Key(certificate.fingerprint()))
}

#[cfg(test)]
mod tests;
