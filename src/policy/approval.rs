//! `[approval.OPERATION]` of the policy file: who beside the requester has to agree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::file::{Manager, Policy, PolicyError};
use crate::fingerprint::Fingerprint;
use crate::operation::OperationName;

/// Most approvals of one request: with its requester and a witness they fit into one text.
const MOST: u32 = 30;

/// Who beside the requester has to agree to an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalPolicy {
    /// How many of `by` must have signed the request.
    #[serde(default)]
    pub approvals: u32,
    /// Whose signatures count as approvals, by the fingerprint of the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Fingerprint>,
    /// Whether a second person confirms at the station, and how.
    #[serde(default)]
    pub witness: WitnessPolicy,
    /// Whose signature counts as the witness's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<Fingerprint>,
}

/// How a second person beside the operator confirms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessPolicy {
    /// Not at all.
    #[default]
    None,
    /// With name and word, typed at the station.
    Word,
    /// With a signature over the request's text.
    Signature,
}

impl Policy {
    /// Who beside the requester has to agree to `operation`; none where nobody has to.
    pub fn approval(&self, operation: OperationName) -> Option<&ApprovalPolicy> {
        self.approvals.get(&operation)
    }

    /// The manager with this key.
    pub fn manager(&self, key: Fingerprint) -> Option<&Manager> {
        self.managers.iter().find(|m| m.fingerprint == key)
    }

    pub(super) fn check_approvals(&self) -> Result<(), PolicyError> {
        self.approvals.iter().try_for_each(|(name, approval)| approval.check(*name, self))
    }
}

impl ApprovalPolicy {
    fn check(&self, operation: OperationName, policy: &Policy) -> Result<(), PolicyError> {
        let wrong = |field, actual: &dyn ToString, reason| {
            let actual = format!("{} for {operation}", actual.to_string());
            Err(PolicyError::Value { field, actual, reason })
        };
        let field = "approval.approvals";
        match (self.approvals, u32::try_from(self.by.len()).unwrap_or(u32::MAX)) {
            (0, 0) if self.witness == WitnessPolicy::None => {
                return wrong("approval", &"empty", "it asks for nothing: leave it away");
            }
            (0, 1..) => {
                return wrong(field, &0, "persons are named, and none of them has to approve");
            }
            (asked, _) if asked > MOST => {
                return wrong(field, &asked, "at most 30 are possible");
            }
            (asked, named) if asked > named => {
                return wrong(field, &asked, "more approvals than persons who may give them");
            }
            _ => {}
        }
        let field = "approval.witnesses";
        if self.witnesses.is_empty() == (self.witness == WitnessPolicy::Signature) {
            let reason = "they are named where the witness signs, and only there";
            return wrong(field, &self.witnesses.len(), reason);
        }
        for key in &self.witnesses {
            let asks = |m: &Manager| m.may_request.contains(&operation);
            if self.by.contains(key) {
                return wrong(field, key, "nobody is approver and witness");
            }
            if policy.manager(*key).is_some_and(asks) {
                return wrong(field, key, "nobody is requester and witness");
            }
        }
        persons("approval.by", &self.by, policy)?;
        persons(field, &self.witnesses, policy)
    }
}

/// Whether `keys` are those of persons whom the policy knows, each once.
fn persons(field: &'static str, keys: &[Fingerprint], policy: &Policy) -> Result<(), PolicyError> {
    let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
    for key in keys {
        let wrong = |reason| Err(PolicyError::Value { field, actual: key.to_string(), reason });
        let Some(manager) = policy.manager(*key) else {
            return wrong("a [[manager]] has to have this key: may_request can be empty");
        };
        if !seen.insert(key) {
            return wrong("one fingerprint stands twice");
        }
        if !names.insert(&manager.name) {
            return wrong("one name stands twice: a person counts once");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 3] = [
        "1111111111111111111111111111111111111111",
        "2222222222222222222222222222222222222222",
        "3333333333333333333333333333333333333333",
    ];

    /// The default policy with three managers, of whom the first may ask, and these approvals.
    fn parse(approvals: &str) -> Result<Policy, PolicyError> {
        let mut text = crate::policy::file::tests::text();
        for (at, key) in KEYS.iter().enumerate() {
            let may = if at == 0 { "\"revoke-key\"" } else { "" };
            text.push_str(&format!(
                "\n[[manager]]\nname = \"{at}\"\nfingerprint = \"{key}\"\nmay_request = [{may}]\n"
            ));
        }
        let [one, two, three] = KEYS;
        let approvals = approvals.replace("ONE", &format!("\"{one}\""));
        let approvals = approvals.replace("TWO", &format!("\"{two}\""));
        let approvals = approvals.replace("THREE", &format!("\"{three}\""));
        Policy::parse(&format!("{text}\n[approval.revoke-key]\n{approvals}\n"))
    }

    #[test]
    fn approvals_read_back_and_are_part_of_the_policys_digest() {
        let two = parse("approvals = 2\nby = [ONE, TWO, THREE]").expect("a policy");
        let again = Policy::parse(&two.to_toml()).expect("its own text");
        assert_eq!(again.approval(OperationName::RevokeKey).map(|a| a.approvals), Some(2));
        assert_eq!(again.approval(OperationName::Certify), None);
        let one = parse("approvals = 1\nby = [ONE, TWO, THREE]").expect("a policy");
        assert_ne!(one.digest(), two.digest());
        parse("witness = \"word\"").expect("a witness alone");
        parse("approvals = 1\nby = [ONE]\nwitness = \"signature\"\nwitnesses = [TWO, THREE]")
            .expect("both");
    }

    #[test]
    fn approvals_that_make_no_sense_are_refused() {
        for (approvals, word) in [
            ("", "it asks for nothing"),
            ("approvals = 3\nby = [ONE, TWO]", "more approvals than persons"),
            ("approvals = 2\nby = [TWO, TWO]", "one fingerprint stands twice"),
            ("by = [TWO]", "none of them has to approve"),
            ("approvals = -1\nby = [TWO]", "not valid"),
            ("witness = \"signature\"", "where the witness signs"),
            ("witness = \"word\"\nwitnesses = [TWO]", "where the witness signs"),
            ("witness = \"nod\"", "not valid"),
            (
                "approvals = 1\nby = [TWO]\nwitness = \"signature\"\nwitnesses = [TWO]",
                "nobody is approver and witness",
            ),
            ("witness = \"signature\"\nwitnesses = [ONE]", "nobody is requester and witness"),
            (
                "approvals = 1\nby = [\"4444444444444444444444444444444444444444\"]",
                "a [[manager]] has to have this key",
            ),
            ("approvals = 1\nby = [TWO]\nof = 3", "not valid"),
        ] {
            let error = parse(approvals).expect_err(approvals).to_string();
            assert!(error.contains(word), "{approvals}: {error}");
        }
    }

    #[test]
    fn two_keys_under_one_name_are_one_person() {
        let mut policy = parse("approvals = 2\nby = [TWO, THREE]").expect("a policy");
        policy.managers[2].name = policy.managers[1].name.clone();
        let error = Policy::parse(&policy.to_toml()).expect_err("one name").to_string();
        assert!(error.contains("a person counts once"), "{error}");
    }
}
