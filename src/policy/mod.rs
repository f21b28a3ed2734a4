//! What an authority allows: a strict TOML file, and the rules that read it.
//!
//! The same code judges a request before it travels and at the station. A broken rule is not an
//! error: a review returns every finding, each under the rule's stable name.

mod approval;
mod evidence;
mod file;
mod review;
mod rule;
pub mod rules;
mod signers;

pub use approval::{ApprovalPolicy, WitnessPolicy};
pub use evidence::{Evidence, Files, Identity, KeyringFile};
pub use file::{
    BundlePolicy, CertifyPolicy, Introducer, KeyPolicy, Limits, ListOnly, MAX_POLICY_BYTES,
    Manager, ModulePolicy, Named, Policy, PolicyError, RotationConsent, RotationPolicy,
};
pub use review::{Context, Decided, Decision, History, Judged, Kind, Rejection, Review};
pub use rule::{Finding, Rule, Subject, Verdict, Violation};
pub use signers::{Other, Person, Signers, Witness};
