//! The rules, one constant each, grouped by what they look at. docs/policy.md explains every one
//! under its name; `tests/` holds one passing and one failing case for each.

pub mod certificate;
pub mod certification;
pub mod common;
pub mod requester;
pub mod revocation;

use super::Rule;

/// Every rule's name and demand, in the order in which a review asks them; for documentation.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let prerequisites = [common::SIZE, common::FORMAT, common::TARGET_MASTER, common::CERTIFICATE];
    let operations: [&[Rule]; 3] = [
        common::RULES,
        crate::operation::CERTIFY_RULES,
        crate::operation::REVOKE_CERTIFICATION_RULES,
    ];
    prerequisites
        .into_iter()
        .chain(operations.into_iter().flatten().map(|r| (r.name, r.demand)))
        .chain([common::SIGNABLE, common::BATCH_SIZE])
        .collect()
}

#[cfg(test)]
mod tests;
