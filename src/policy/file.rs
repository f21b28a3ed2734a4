//! The policy file: TOML, strict, every field explained in docs/policy.md.

mod sections;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::approval::ApprovalPolicy;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{Agreement, OperationName};
use crate::safe::is_unsafe;

pub use sections::{
    BundlePolicy, CertifyPolicy, Introducer, KeyPolicy, Limits, ListOnly, ModulePolicy,
    RotationConsent, RotationPolicy,
};

/// Longest policy file that is read, in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// An authority's policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The version of this file's format: 1.
    pub version: u32,
    /// The authority's name, for people.
    pub name: String,
    /// Bounds on size and time.
    #[serde(default)]
    pub limits: Limits,
    /// Which keys can be certified.
    #[serde(default)]
    pub keys: KeyPolicy,
    /// What a certification may say.
    pub certify: CertifyPolicy,
    /// How modules are signed.
    #[serde(default)]
    pub modules: ModulePolicy,
    /// How a new master takes over.
    #[serde(default)]
    pub rotation: RotationPolicy,
    /// How long a trust bundle is good.
    #[serde(default)]
    pub bundle: BundlePolicy,
    /// The master keys that requests may be made to.
    #[serde(rename = "master")]
    pub masters: Vec<Named>,
    /// Who may ask for operations that a key's owner cannot ask for.
    #[serde(default, rename = "manager", skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<Manager>,
    /// Who beside the requester has to agree, by operation.
    #[serde(default, rename = "approval", skip_serializing_if = "BTreeMap::is_empty")]
    pub approvals: BTreeMap<OperationName, ApprovalPolicy>,
    /// Those to whom a master's revocation may be sealed.
    #[serde(default, rename = "custodian", skip_serializing_if = "Vec::is_empty")]
    pub custodians: Vec<Named>,
}

/// A key with a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// For people.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
}

/// Somebody who may ask for operations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    /// For people.
    pub name: String,
    /// The key that signs this person's requests.
    pub fingerprint: Fingerprint,
    /// What this person may ask for.
    pub may_request: Vec<OperationName>,
}

/// Why a policy file is refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or fields that are unknown, missing or of the wrong kind.
    #[error("the policy file is not valid")]
    Toml(#[from] toml::de::Error),
    /// Another version.
    #[error("the policy file is version {0}, this program reads version 1")]
    Version(u32),
    /// A value that makes no sense or weakens what cannot be weakened.
    #[error("the policy's {field} is {actual}: {reason}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        actual: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] where a field is unknown, missing or senseless: a policy is never guessed.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text)?;
        policy.check()?;
        Ok(policy)
    }

    /// A policy with the default rules for one master and one agreement.
    pub fn with_defaults(name: &str, master: Named, agreement: Agreement) -> Self {
        Self {
            version: 1,
            name: name.to_owned(),
            limits: Limits::default(),
            keys: KeyPolicy::default(),
            certify: CertifyPolicy {
                agreement,
                policy_uri: None,
                max_validity_days: sections::three_years(),
                must_expire: true,
                introducers: Vec::new(),
            },
            modules: ModulePolicy::default(),
            rotation: RotationPolicy::default(),
            bundle: BundlePolicy::default(),
            masters: vec![master],
            managers: Vec::new(),
            approvals: BTreeMap::new(),
            custodians: Vec::new(),
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a policy is plain data")
    }

    /// The digest under which journal and session record name this policy.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.to_toml())
    }

    fn check(&self) -> Result<(), PolicyError> {
        let wrong = |field, actual: &dyn ToString, reason| {
            Err(PolicyError::Value { field, actual: actual.to_string(), reason })
        };
        if self.version != 1 {
            return Err(PolicyError::Version(self.version));
        }
        if self.keys.rsa_min_bits < 2048 {
            let reason = "RSA below 2048 bits is never accepted";
            return wrong("keys.rsa_min_bits", &self.keys.rsa_min_bits, reason);
        }
        if self.limits.max_request_bytes > crate::request::MAX_BYTES {
            let bytes = &self.limits.max_request_bytes;
            return wrong("limits.max_request_bytes", bytes, "nobody reads more than 2 MiB");
        }
        if self.limits.max_batch == 0 || self.limits.max_batch > 100_000 {
            return wrong("limits.max_batch", &self.limits.max_batch, "1 to 100,000 are possible");
        }
        let names =
            self.masters.iter().map(|m| &m.name).chain(self.managers.iter().map(|m| &m.name));
        let names = names.chain(self.custodians.iter().map(|c| &c.name));
        if names.chain([&self.name]).any(|n| n.chars().any(is_unsafe)) {
            let reason = "a name holds characters that a screen does not show as themselves";
            return wrong("name", &crate::safe::Safe(&self.name), reason);
        }
        if !(1..=3_660).contains(&self.bundle.valid_days) {
            return wrong("bundle.valid_days", &self.bundle.valid_days, "1 to 3,660 are possible");
        }
        if self.bundle.grace_days > 366 {
            return wrong("bundle.grace_days", &self.bundle.grace_days, "at most 366 are possible");
        }
        if self.masters.is_empty() {
            return wrong("master", &"empty", "name at least one");
        }
        if self.managers.iter().any(|m| m.may_request.contains(&OperationName::Certify)) {
            let reason = "a certification is asked for by the key's owner, never by a manager";
            return wrong("manager.may_request", &"certify", reason);
        }
        self.check_approvals()?;
        let unique: BTreeSet<_> = self.masters.iter().map(|m| m.fingerprint).collect();
        if unique.len() != self.masters.len() {
            let reason = "one fingerprint stands twice";
            return wrong("master list", &format!("{} long", self.masters.len()), reason);
        }
        let notation = &self.certify.agreement.notation;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let domain = notation.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty()
                && name.chars().chain(domain.chars()).all(plain)
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
        });
        if !domain || notation.len() > 100 {
            let reason = "a notation is named like agreement-sha256@example.org";
            return wrong("certify.agreement.notation", notation, reason);
        }
        match self.certify.introducers.iter().find(|i| !(1..=120).contains(&i.max_amount)) {
            Some(i) => wrong("introducer.max_amount", &i.max_amount, "1 to 120 are possible"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::policy) fn text() -> String {
        let fingerprint = "0BDE0BFA09946D732091E26E1588A7366BD35B34".parse().expect("fingerprint");
        let master = Named { name: "m".into(), fingerprint };
        let notation = "agreement-sha256@example.org".to_owned();
        let agreement = Agreement { sha256: Sha256::of("x"), notation };
        Policy::with_defaults("Example", master, agreement).to_toml()
    }

    #[test]
    fn the_default_policy_reads_back() {
        let policy = Policy::parse(&text()).expect("valid");
        assert_eq!(policy.to_toml(), text());
    }

    #[test]
    fn unknown_fields_and_weakenings_are_refused() {
        for (from, to) in [
            ("rsa_min_bits = 2048", "rsa_min_bits = 1024"),
            ("max_batch = 1000", "max_batch = 0"),
            ("version = 1", "version = 2"),
            ("max_age_days", "max_age_dayz"),
            ("agreement-sha256@example.org", "agreement"),
        ] {
            let changed = text().replace(from, to);
            assert_ne!(changed, text(), "{from}");
            assert!(Policy::parse(&changed).is_err(), "{to}");
        }
    }
}
