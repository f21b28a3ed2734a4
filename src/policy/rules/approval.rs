//! Who else has to agree, and whether they did.

use std::collections::BTreeSet;

use crate::fingerprint::Fingerprint;
use crate::policy::file::Manager;
use crate::policy::signers::{Fault, Signer, Signers};
use crate::policy::{Person, Rule, Subject, Verdict, Witness};

/// Whoever signed is somebody whom the policy names for it.
pub const APPROVERS: Rule = Rule {
    name: "approvers",
    demand: "each signature beside the requester's is good, over this very text, and by a valid \
             key of somebody whom the policy names for the operation",
    check: |s| {
        if s.signed.len() < 2 {
            return Verdict::holds("nobody signed but the requester");
        }
        let mut names = Vec::new();
        for one in &s.signed {
            let person = match one.by {
                Signer::Owner(_) => continue,
                Signer::Stranger => "one signature".to_owned(),
                Signer::Manager(manager) => Person::of(manager).to_string(),
            };
            if let Some(fault) = &one.fault {
                return Verdict::broken(format!("{person}: {fault}"), mend(fault));
            }
            if let Signer::Manager(manager) = one.by
                && !has_a_part(s, manager)
            {
                let operation = s.request.operation().name();
                let reason = format!("{person} may neither ask for {operation} nor approve it");
                return Verdict::broken(reason, WITHOUT);
            }
            names.push(person);
        }
        Verdict::holds(names.join(", "))
    },
};

const WITHOUT: &str = "take the request as it was before that signature";

fn mend(fault: &Fault) -> &'static str {
    match fault {
        Fault::Stranger(_) => WITHOUT,
        Fault::OtherText => "have them approve this very request, unchanged",
        Fault::Weak(_) => "have them sign over SHA-512: countersign request approve",
        Fault::Unusable(_) => "have somebody approve it whose key is valid",
    }
}

/// Whether the policy names somebody as requester, approver or witness of what is asked.
fn has_a_part(s: &Subject<'_>, manager: &Manager) -> bool {
    let operation = s.request.operation().name();
    let named = s.policy().approval(operation).is_some_and(|approval| {
        approval.by.iter().chain(&approval.witnesses).any(|key| *key == manager.fingerprint)
    });
    named || manager.may_request.contains(&operation)
}

/// A person signs once, with whichever key and user ID.
pub const DISTINCT_PERSONS: Rule = Rule {
    name: "distinct-persons",
    demand: "nobody signed the request twice: not with another subkey, not under another user ID",
    check: |s| {
        let mut seen = BTreeSet::new();
        for one in &s.signed {
            let Some(key) = one.by.key() else { continue };
            if !seen.insert(key) {
                let reason = format!("{} signed twice", name(s, key));
                return Verdict::broken(reason, "take a copy that they signed once");
            }
        }
        Verdict::holds(match seen.len() {
            1 => "1 person".to_owned(),
            n => format!("{n} persons"),
        })
    },
};

/// m of n persons approved.
pub const APPROVALS: Rule = Rule {
    name: "approvals",
    demand: "as many persons out of approval.OPERATION.by signed the request as \
             approval.OPERATION.approvals says",
    check: |s| {
        let operation = s.request.operation().name();
        let Some(approval) = s.policy().approval(operation).filter(|a| a.approvals > 0) else {
            return Verdict::holds("the policy asks for none");
        };
        let there = Signers::of(s).approvers;
        let count = u32::try_from(there.len()).unwrap_or(u32::MAX);
        let given = format!("{count} of {} approvals", approval.approvals);
        let missing = approval.approvals.saturating_sub(count);
        if missing == 0 {
            return Verdict::holds(format!("{given}: {}", listed(&there)));
        }
        let open = approval.by.iter().filter(|key| there.iter().all(|p| p.fingerprint != **key));
        let open: Vec<Person> = open.filter_map(|key| person(s, *key)).collect();
        let of = if missing as usize == open.len() { "" } else { " of" };
        Verdict::broken(
            format!("{given} are there; missing: {missing}{of} {}", listed(&open)),
            "have them approve it: countersign request approve FILE",
        )
    },
};

/// A second person sees what happens at the station.
pub const WITNESS: Rule = Rule {
    name: "witness",
    demand: "where approval.OPERATION.witness is \"signature\", one of approval.OPERATION.witnesses \
             signed the request; where it is \"word\", a second person confirms at the station",
    check: |s| match Signers::of(s).witness {
        Witness::NotAsked => Verdict::holds("the policy asks for none"),
        Witness::Word => Verdict::warns("a WITNESS is asked after the operator, by name and word"),
        Witness::Signed(person) => Verdict::holds(format!("signed by {person}")),
        Witness::Missing => {
            let approval = s.policy().approval(s.request.operation().name());
            let keys = approval.map(|a| a.witnesses.as_slice()).unwrap_or_default();
            let persons: Vec<Person> = keys.iter().filter_map(|key| person(s, *key)).collect();
            Verdict::broken(
                format!("the signature of a witness is missing: {}", listed(&persons)),
                "have one of them sign it: countersign request approve FILE",
            )
        }
    },
};

/// What may be open while a request travels from one approver to the next.
pub const OPEN_ON_THE_WAY: &[&str] = &[APPROVALS.name, WITNESS.name];

fn person(s: &Subject<'_>, key: Fingerprint) -> Option<Person> {
    s.policy().manager(key).map(Person::of)
}

fn name(s: &Subject<'_>, key: Fingerprint) -> String {
    person(s, key).map_or_else(|| key.to_string(), |person| person.to_string())
}

fn listed(persons: &[Person]) -> String {
    persons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
