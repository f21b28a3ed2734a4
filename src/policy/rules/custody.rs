//! Who keeps a sealed revocation.

use std::collections::BTreeSet;

use crate::operation::{PrepareRevocation, Seal};
use crate::policy::{Rule, Verdict};
use crate::safe::chain;
use crate::sealed::{Custodian, MAX_CUSTODIANS};

/// Nobody but those whom the authority chose can revoke its master.
pub const CUSTODIANS: Rule = Rule {
    name: "custodians",
    demand: "a prepared revocation is sealed by a passphrase, or to custodians whom the policy \
             names, each once, with a key for encryption that is valid today; nothing beside that \
             key travels",
    check: |s| {
        let Some(asked) = s.asked::<PrepareRevocation>() else { return Verdict::not_asked() };
        let Seal::Custodians(blocks) = &asked.seal else {
            return Verdict::warns(
                "sealed by a PASSPHRASE: you will be shown it once, and have to type it back",
            );
        };
        let mend = "make the request with countersign request prepare-revocation";
        if !(1..=MAX_CUSTODIANS).contains(&blocks.len()) {
            let reason = format!("{} custodians, 1 to {MAX_CUSTODIANS} are possible", blocks.len());
            return Verdict::broken(reason, mend);
        }
        let mut names = BTreeSet::new();
        for block in blocks {
            let custodian = match Custodian::read(block.untrusted_bytes(), s.now()) {
                Ok(custodian) => custodian,
                Err(error) => {
                    let mend = "have the custodian's certificate renewed, or name another one";
                    return Verdict::broken(chain(&error), mend);
                }
            };
            let key = custodian.fingerprint();
            let named = s.policy().custodians.iter().find(|c| c.fingerprint == key);
            let Some(named) = named else {
                let mend = "name the custodian in the policy, at the station too";
                return Verdict::broken(format!("the policy names no custodian {key}"), mend);
            };
            if custodian.to_bytes() != block.untrusted_bytes() {
                let reason = format!("more than the key for encryption travels of {key}");
                return Verdict::broken(reason, mend);
            }
            if !names.insert(named.name.clone()) {
                return Verdict::broken(format!("{key} is named twice"), mend);
            }
        }
        let all = names.into_iter().collect::<Vec<_>>().join(", ");
        match blocks.len() {
            1 => Verdict::warns(format!("only {all} will be able to open it")),
            _ => Verdict::holds(format!("each of {all}")),
        }
    },
};
