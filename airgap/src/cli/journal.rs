//! `airgap journal …`

use std::collections::HashMap;

use countersign::cli::{Exit, Failure};
use countersign::fingerprint::Fingerprint;
use countersign::journal::{Consent, End, Entry, Event, Moment, SelfCheck, SelfResult, Witness};
use countersign::response::Refuser;
use countersign::safe::Safe;

use super::args::{Common, JournalVerb};
use super::station_failure;
use crate::station::Station;

pub(super) fn run(common: &Common, verb: &JournalVerb) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    match verb {
        JournalVerb::Show(form) => {
            let print = |entry: &Entry| {
                if form.json {
                    if let Ok(line) = serde_json::to_string(entry) {
                        countersign::say!("{line}");
                    }
                } else {
                    countersign::say!("{}  {}", entry.at, words(&entry.event));
                }
            };
            let (_, end) = station.read_journal(print).map_err(station_failure)?;
            tell_end(end)
        }
        JournalVerb::Verify => {
            let (mut entries, mut signed) = (0_u64, 0_u64);
            let mut counters = Counters::default();
            let (head, end) = station
                .read_journal(|entry| {
                    entries += 1;
                    counters.add(&entry.event);
                    let made = matches!(entry.event, Event::Signed { .. } | Event::Sealed { .. });
                    signed += u64::from(made);
                })
                .map_err(station_failure)?;
            countersign::say!("{entries} entries, {signed} signatures: the chain holds");
            countersign::cli::put(format_args!("{}", countersign::screen::digest_lines(&head)));
            if let Some(gap) = counters.gaps.first() {
                return Err(Failure::say(Exit::Untrue, gap));
            }
            tell_end(end)
        }
    }
}

/// Compares what the cards counted with what the journal says that they signed.
#[derive(Default)]
struct Counters {
    expected: HashMap<String, i64>,
    signing: Option<String>,
    gaps: Vec<String>,
}

impl Counters {
    fn add(&mut self, event: &Event) {
        match event {
            Event::Counter { card, count, moment, .. } => {
                let actual = i64::from(*count);
                let before = self.expected.insert(card.clone(), actual);
                if let Some(expected) = before.filter(|expected| *expected != actual) {
                    let card = Safe(card);
                    self.gaps.push(format!(
                        "the counter of card {card} is {actual} where the journal adds up to \
                         {expected}, and nobody explained it"
                    ));
                }
                self.signing = (*moment == Moment::Before).then(|| card.clone());
            }
            Event::CounterExplained { card, unknown, .. } => {
                *self.expected.entry(card.clone()).or_default() += unknown;
            }
            Event::Signed { .. } | Event::Sealed { .. } => {
                if let Some(expected) =
                    self.signing.as_ref().and_then(|card| self.expected.get_mut(card))
                {
                    *expected += 1;
                }
            }
            Event::StationCreated { .. }
            | Event::RecordChanged { .. }
            | Event::SelfTested { .. }
            | Event::SessionStarted { .. }
            | Event::Refused { .. }
            | Event::Consented { .. }
            | Event::Answered { .. }
            | Event::SessionEnded => {}
        }
    }
}

fn tell_end(end: End) -> Result<(), Failure> {
    match end {
        End::Whole => Ok(()),
        End::Torn { at } => Err(Failure::say(
            Exit::Interrupted,
            format!("the last line is cut off at byte {at}, as when the power goes"),
        )
        .hint("the next session sets it aside: airgap session run …")),
    }
}

fn words(event: &Event) -> String {
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
                SelfResult::Passed(found) => format!("{}: {found}", check.test.name()),
                SelfResult::Failed(why) => format!("{} FAILED: {why}", check.test.name()),
                SelfResult::Skipped(why) => format!("{} not tried: {why}", check.test.name()),
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

#[cfg(test)]
mod tests {
    use countersign::request::RequestId;

    use super::*;

    fn gaps(events: &[Event]) -> usize {
        let mut counters = Counters::default();
        events.iter().for_each(|event| counters.add(event));
        counters.gaps.len()
    }

    fn counter(count: u32, moment: Moment) -> Event {
        Event::Counter { card: "A".into(), master: Fingerprint::from([1; 20]), count, moment }
    }

    fn signed() -> Event {
        let request = RequestId(countersign::digest::Sha256::ZERO);
        let signature = serde_json::from_str("\"AAAA\"").expect("a block");
        Event::Signed { request, statement: 0, signature }
    }

    #[test]
    fn every_signature_of_the_card_is_in_the_journal_or_explained() {
        let (before, after) = (Moment::Before, Moment::After);
        assert_eq!(gaps(&[counter(1, before), signed(), signed(), counter(3, after)]), 0);
        assert_eq!(gaps(&[counter(1, before), signed(), counter(3, after)]), 1);
        assert_eq!(gaps(&[counter(1, before), signed(), counter(2, before)]), 0);
        assert_eq!(gaps(&[counter(1, before), counter(1, after), counter(4, before)]), 1);
        let explained =
            Event::CounterExplained { card: "A".into(), unknown: 3, explanation: "tests".into() };
        assert_eq!(
            gaps(&[counter(1, before), counter(1, after), explained, counter(4, before)]),
            0
        );
    }
}
