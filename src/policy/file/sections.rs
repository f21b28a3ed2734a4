//! The sections of a policy file, each with its defaults.

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::operation::Agreement;

/// Bounds on size and time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest request, in bytes.
    pub max_request_bytes: usize,
    /// Most requests in one session.
    pub max_batch: usize,
    /// Oldest request, in days.
    pub max_age_days: u32,
    /// How far clocks may differ, in minutes.
    pub max_clock_skew_minutes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_request_bytes: crate::request::MAX_BYTES,
            max_batch: 1_000,
            max_age_days: 30,
            max_clock_skew_minutes: 10,
        }
    }
}

/// Which keys can be certified.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyPolicy {
    /// Smallest RSA modulus, in bits; never below 2048.
    pub rsa_min_bits: usize,
    /// Below this many bits RSA draws a warning.
    pub rsa_warn_below_bits: usize,
    /// Whether Ed25519 keys are accepted.
    pub ed25519: bool,
    /// Whether keys on NIST P-256, P-384 and P-521 are accepted.
    pub nist_p: bool,
    /// Longest user ID, in characters.
    pub user_id_max_chars: usize,
    /// Whether a user ID must hold an e-mail address.
    pub user_id_needs_email: bool,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            rsa_min_bits: 2048,
            rsa_warn_below_bits: 3072,
            ed25519: true,
            nist_p: true,
            user_id_max_chars: 200,
            user_id_needs_email: true,
        }
    }
}

/// What a certification may say.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifyPolicy {
    /// The key-signing agreement in force.
    pub agreement: Agreement,
    /// Where the certification policy is published; certifications must name just this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Longest validity, in days.
    #[serde(default = "three_years")]
    pub max_validity_days: u32,
    /// Whether a certification must end.
    #[serde(default = "yes")]
    pub must_expire: bool,
    /// Keys that may become trusted introducers.
    #[serde(default, rename = "introducer", skip_serializing_if = "Vec::is_empty")]
    pub introducers: Vec<Introducer>,
}

/// How modules are signed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModulePolicy {
    /// What becomes of a request whose files did not come along.
    pub list_only: ListOnly,
}

/// What becomes of a request for a module's signature that came without the module's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListOnly {
    /// It is refused.
    #[default]
    Refuse,
    /// The operator is told, in capitals.
    Warn,
}

/// How a new master takes over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RotationPolicy {
    /// Whether the developers have to ask anew.
    pub consent: RotationConsent,
    /// How many developers may stop when a master is superseded or retired.
    pub may_stop: u32,
}

/// What another master needs before it certifies a developer whom one master certified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationConsent {
    /// The certification that stands: the developer's earlier request is on file.
    #[default]
    OnFile,
    /// A new request by the developer.
    Fresh,
}

/// How long a trust bundle is good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BundlePolicy {
    /// For how many days from its making, 1 to 3,660.
    pub valid_days: u32,
    /// For how many days more a consumer goes on with it, and says so.
    pub grace_days: u32,
}

impl Default for BundlePolicy {
    fn default() -> Self {
        Self { valid_days: 90, grace_days: 14 }
    }
}

pub(super) fn three_years() -> u32 {
    3 * 366
}

fn yes() -> bool {
    true
}

/// A key that may become a trusted introducer (depth 1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introducer {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The highest amount, 1 to 120.
    pub max_amount: u8,
}
