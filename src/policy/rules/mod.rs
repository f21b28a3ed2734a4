//! The rules, one constant each, grouped by what they look at. docs/policy.md explains every one
//! under its name; `tests/` holds one passing and one failing case for each.

pub mod approval;
pub mod bundle;
pub mod certificate;
pub mod certification;
pub mod common;
pub mod custody;
pub mod module;
pub mod recertification;
pub mod requester;
pub mod revocation;
pub mod rotation;

use crate::operation::OperationName;

/// The rules about what lies beside a request: without it they cannot hold.
pub const ABOUT_EVIDENCE: &[&str] = &[module::MODULE_FILES.name, bundle::BUNDLE_KEYRING.name];

/// Every rule's name and demand, in the order in which a review asks them; for documentation.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let prerequisites = [common::SIZE, common::FORMAT, common::TARGET_MASTER, common::CERTIFICATE];
    let operations = OperationName::ALL.iter().flat_map(|operation| operation.rules());
    let judged = common::RULES.iter().chain(operations).map(|rule| (rule.name, rule.demand));
    let mut all = Vec::new();
    for rule in prerequisites.into_iter().chain(judged) {
        if !all.contains(&rule) {
            all.push(rule);
        }
    }
    all.extend([common::SIGNABLE, common::BATCH_SIZE]);
    all
}

#[cfg(test)]
mod tests;
