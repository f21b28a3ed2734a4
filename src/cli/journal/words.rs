//! A journal's entries in words.

use crate::fingerprint::Fingerprint;
use crate::journal::{Consent, Event, Moment, SelfCheck, SelfResult, Witness};
use crate::response::Refuser;
use crate::safe::Safe;

/// An event in one line.
pub fn words(event: &Event) -> String {
    match event {
        Event::StationCreated { authority, software } => {
            format!("station set up for {} by {}", Safe(authority), Safe(software))
        }
        Event::RecordChanged { from, to, masters } => {
            let masters: Vec<String> = masters.iter().map(Fingerprint::key_id).collect();
            let masters = masters.join(", ");
            format!("RECORD changed: policy {} for {}, masters {masters}", to.short(), from.short())
        }
        Event::SessionStarted { policy, software } => {
            let (name, binary) = (Safe(&software.name), software.binary.short());
            format!("SESSION by {name} (binary {binary}), policy {}", policy.short())
        }
        Event::SelfTested { checks } => {
            let words = |check: &SelfCheck| match &check.result {
                SelfResult::Passed(_) => format!("{} good", check.test.name()),
                SelfResult::Failed(why) => format!("{} FAILED: {why}", check.test.name()),
                SelfResult::Skipped(_) => format!("{} not tried", check.test.name()),
            };
            let words: Vec<String> = checks.iter().map(words).collect();
            format!("self-test: {}", Safe(&words.join("; ")))
        }
        Event::Refused { request, file, by, violations } => {
            let who = match by {
                Refuser::Policy => "the policy",
                Refuser::Operator => "the operator",
            };
            let what = request.map_or_else(
                || {
                    file.map_or_else(
                        || "an unreadable file".into(),
                        |f| format!("file {}", f.short()),
                    )
                },
                |r| format!("request {}", r.0.short()),
            );
            let why: Vec<String> = violations
                .iter()
                .map(|v| format!("{}: {}", Safe(&v.rule), Safe(&v.reason)))
                .collect();
            format!("{what} refused by {who}: {}", why.join("; "))
        }
        Event::Consented {
            request,
            operation,
            object,
            user_ids,
            version,
            consent,
            approvers,
            witness,
            ..
        } => {
            let ids = user_ids.iter().chain(version);
            let ids: Vec<String> = ids.map(|i| Safe(i).to_string()).collect();
            let how = match consent {
                Consent::Typed => "typed",
                Consent::Scripted => "by a script",
            };
            let (id, ids) = (request.0.short(), ids.join(", "));
            let others = others(approvers, witness.as_ref());
            format!("request {id} consented to ({how}): {operation} {object} {ids}{others}")
        }
        Event::Counter { card, count, moment, .. } => {
            let when = match moment {
                Moment::Before => "before",
                Moment::After => "after",
            };
            format!("card {}: signature counter {count} {when} signing", Safe(card))
        }
        Event::CounterExplained { card, unknown, explanation } if *unknown < 0 => {
            let (card, by) = (Safe(card), unknown.unsigned_abs());
            format!("the counter of card {card} went back by {by}: {}", Safe(explanation))
        }
        Event::CounterExplained { card, unknown, explanation } => {
            format!("{unknown} unknown signatures of {}: {}", Safe(card), Safe(explanation))
        }
        Event::Signed { request, statement, signature } => {
            let id = request.0.short();
            format!(
                "request {id}: signature {} made, {}",
                statement + 1,
                signature.digest().short()
            )
        }
        Event::Sealed { request, statement, sha256, .. } => {
            let id = request.0.short();
            format!("request {id}: signature {} made and SEALED, {}", statement + 1, sha256.short())
        }
        Event::Rehearsed { rehearsal } => {
            format!("what follows has to be what was rehearsed: {}", rehearsal.short())
        }
        Event::RecordAnnounced { card, count, record, .. } => {
            let (card, record) = (Safe(card), record.short());
            format!("card {card}: counter {count}; it is to sign the record {record}")
        }
        Event::RecordSigned { signature } => {
            format!("RECORD of the session signed, {}", signature.digest().short())
        }
        Event::Answered { request, response } => {
            format!("request {} answered, {}", request.0.short(), response.short())
        }
        Event::SessionEnded => "session ended".into(),
    }
}

/// Who beside requester and operator agreed.
fn others(approvers: &[Fingerprint], witness: Option<&Witness>) -> String {
    let mut text = String::new();
    if !approvers.is_empty() {
        let keys: Vec<String> = approvers.iter().map(Fingerprint::key_id).collect();
        text.push_str(&format!("; approved by {}", keys.join(", ")));
    }
    match witness {
        None => {}
        Some(Witness::Word { name }) => text.push_str(&format!("; witness {}", Safe(name))),
        Some(Witness::Signature { key }) => {
            text.push_str(&format!("; witness {}, by signature", key.key_id()));
        }
    }
    text
}
