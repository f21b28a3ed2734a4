//! What a journal adds up to: decisions by key, requests by outcome, cards by counter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::{Entry, Event, Moment};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::OperationName;
use crate::policy::{Decided, Decision, History, Kind};
use crate::request::RequestId;
use crate::response::{Refuser, SignatureBlock};
use crate::time::Timestamp;

/// The sum of a journal's entries.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    decided: HashMap<RequestId, Decided>,
    decisions: HashMap<Fingerprint, Vec<Decision>>,
    pending: BTreeMap<RequestId, Pending>,
    pending_by_key: HashMap<Fingerprint, Vec<RequestId>>,
    unanswered: BTreeSet<RequestId>,
    cards: HashMap<String, CardState>,
    signing_card: Option<String>,
    open_session: bool,
    entries: u64,
    last: Option<Timestamp>,
}

/// A request that was consented to and not signed to its end.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The master that signs.
    pub master: Fingerprint,
    /// What the card is to be given, in order.
    pub statements: Vec<Sha256>,
    /// The signatures made so far.
    pub signed: Vec<SignatureBlock>,
    key: Fingerprint,
    decision: Decision,
}

/// What the journal knows of a card's counter.
#[derive(Clone, Copy, Debug)]
struct CardState {
    master: Fingerprint,
    counted: u32,
    signed_since: u32,
    session_open: bool,
    /// Whether the last signature before an interruption may have been made and not written down.
    maybe_one_more: bool,
}

impl Ledger {
    /// Adds one entry.
    pub fn add(&mut self, entry: Entry) {
        self.entries += 1;
        self.last = Some(entry.at);
        let at = entry.at;
        match entry.event {
            Event::StationCreated { .. } | Event::CounterExplained { .. } => {}
            Event::Answered { request, .. } => {
                self.unanswered.remove(&request);
            }
            Event::SessionStarted { .. } => {
                self.open_session = true;
                for card in self.cards.values_mut() {
                    let waits = |p: &Pending| {
                        p.master == card.master && p.signed.len() < p.statements.len()
                    };
                    card.maybe_one_more = card.session_open && self.pending.values().any(waits);
                }
            }
            Event::SessionEnded => self.open_session = false,
            Event::Refused { request: Some(id), by, violations, .. } => {
                self.give_up(id);
                let reason = violations.first().map(|v| v.reason.clone()).unwrap_or_default();
                match by {
                    Refuser::Operator => {
                        self.decided.insert(id, Decided::Refused { at, reason });
                    }
                    // What a rule refused today may hold tomorrow: a wrong date, a newer policy.
                    Refuser::Policy => {}
                }
            }
            Event::Refused { request: None, .. } => {}
            Event::Consented {
                request,
                master,
                operation,
                key,
                user_ids,
                created,
                expires,
                statements,
                ..
            } => {
                let kind = match operation {
                    OperationName::Certify => Kind::Certified { expires },
                    OperationName::RevokeCertification => Kind::Revoked,
                };
                let decision = Decision { request, master, created, kind, user_ids };
                let signed = self.pending.remove(&request).map(|p| p.signed).unwrap_or_default();
                let pending = Pending { master, statements, signed, key, decision };
                self.pending.insert(request, pending);
                push(self.pending_by_key.entry(key).or_default(), request);
            }
            Event::Counter { card, master, count, moment } => {
                let session_open = moment == Moment::Before;
                self.signing_card = session_open.then(|| card.clone());
                let state = CardState {
                    master,
                    counted: count,
                    signed_since: 0,
                    session_open,
                    maybe_one_more: false,
                };
                self.cards.insert(card, state);
            }
            Event::Signed { request, statement, signature } => {
                self.signed(request, statement, signature, at);
            }
        }
    }

    fn signed(
        &mut self,
        request: RequestId,
        statement: u32,
        signature: SignatureBlock,
        at: Timestamp,
    ) {
        if let Some(card) = self.signing_card.as_ref().and_then(|c| self.cards.get_mut(c)) {
            card.signed_since += 1;
        }
        let Some(pending) = self.pending.get_mut(&request) else { return };
        if pending.signed.len() == statement as usize {
            pending.signed.push(signature);
        }
        if pending.signed.len() == pending.statements.len()
            && let Some(done) = self.forget_pending(request)
        {
            push(self.decisions.entry(done.key).or_default(), done.decision);
            self.unanswered.insert(request);
            self.decided.insert(request, Decided::Signed { at });
        }
    }

    /// A request that is refused after some of its signatures were made: those were made, and
    /// count as a decision on the key, although nobody was given them.
    fn give_up(&mut self, request: RequestId) {
        let Some(mut pending) = self.forget_pending(request) else { return };
        if !pending.signed.is_empty() {
            pending.decision.user_ids.truncate(pending.signed.len());
            push(self.decisions.entry(pending.key).or_default(), pending.decision);
        }
    }

    fn forget_pending(&mut self, request: RequestId) -> Option<Pending> {
        let pending = self.pending.remove(&request)?;
        if let Some(of_key) = self.pending_by_key.get_mut(&pending.key) {
            of_key.retain(|id| *id != request);
            if of_key.is_empty() {
                self.pending_by_key.remove(&pending.key);
            }
        }
        Some(pending)
    }

    /// What was decided on `request` and on `key`; consent that waits for its signature counts.
    pub fn history(&self, request: RequestId, key: Option<Fingerprint>) -> History {
        let of_key = key.and_then(|k| self.decisions.get(&k)).into_iter().flatten();
        // What was made of this very request before a rule stopped it must not stop it for good.
        let mut decisions: Vec<Decision> =
            of_key.filter(|d| d.request != request).cloned().collect();
        let waiting = key.and_then(|k| self.pending_by_key.get(&k)).into_iter().flatten();
        let waiting = waiting.filter(|id| **id != request).filter_map(|id| self.pending.get(id));
        decisions.extend(waiting.map(|p| p.decision.clone()));
        History { this: self.decided.get(&request).cloned(), decisions }
    }

    /// Requests that were consented to and not signed to their end.
    pub fn pending(&self) -> impl Iterator<Item = (RequestId, &Pending)> {
        self.pending.iter().map(|(id, p)| (*id, p))
    }

    /// Requests that were signed to their end and whose answer never reached a stick.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.unanswered.iter().copied()
    }

    /// The signatures already made for a request that is not signed to its end.
    pub fn pending_request(&self, request: RequestId) -> Option<&Pending> {
        self.pending.get(&request)
    }

    /// Whether the last session has no end: the power went, or the program was killed.
    pub fn session_is_open(&self) -> bool {
        self.open_session
    }

    /// The date of the last entry.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// What `card`'s counter must read now, as lowest and highest value: they differ by one where
    /// a session was cut off, because its last signature may have been made and not written down.
    /// None where the journal never saw the card.
    pub fn expected_counter(&self, card: &str) -> Option<(u32, u32)> {
        let state = self.cards.get(card)?;
        let known = state.counted + state.signed_since;
        Some((known, known + u32::from(state.maybe_one_more)))
    }
}

/// Adds to a list that nearly always has one member, and takes no more room than that.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Consent;

    struct Writer(Ledger, u64);

    impl Writer {
        fn write(&mut self, event: Event) {
            let at = Timestamp::from_unix(1_790_000_000);
            self.0.add(Entry { sequence: self.1, previous: Sha256::ZERO, at, event });
            self.1 += 1;
        }

        fn start(&mut self) {
            self.write(Event::SessionStarted { policy: Sha256::ZERO, software: String::new() });
        }

        fn counter(&mut self, card: &str, count: u32, moment: Moment) {
            let master = Fingerprint::from([1; 20]);
            self.write(Event::Counter { card: card.to_owned(), master, count, moment });
        }

        fn consent(&mut self, request: RequestId, master: u8, signatures: usize) {
            self.write(Event::Consented {
                request,
                master: Fingerprint::from([master; 20]),
                operation: OperationName::Certify,
                key: Fingerprint::from([9; 20]),
                user_ids: vec!["A <a@example.org>".into(); signatures],
                created: Timestamp::from_unix(1_780_000_000),
                expires: None,
                statements: vec![Sha256::ZERO; signatures],
                consent: Consent::Typed,
            });
        }

        fn sign(&mut self, request: RequestId, statement: u32) {
            let signature = serde_json::from_str("\"AAAA\"").expect("a block");
            self.write(Event::Signed { request, statement, signature });
        }
    }

    fn writer() -> Writer {
        Writer(Ledger::default(), 0)
    }

    #[test]
    fn signatures_of_one_card_are_not_credited_to_another() {
        let mut w = writer();
        let request = RequestId(Sha256::of("one"));
        w.start();
        w.consent(request, 1, 3);
        w.counter("A", 10, Moment::Before);
        w.sign(request, 0);
        w.start();
        w.counter("B", 50, Moment::Before);
        w.sign(request, 1);
        assert_eq!(w.0.expected_counter("A").map(|(least, _)| least), Some(11));
        assert_eq!(w.0.expected_counter("B").map(|(least, _)| least), Some(51));
        assert_eq!(w.0.expected_counter("C"), None);
    }

    #[test]
    fn only_a_session_cut_off_while_signing_leaves_room_for_one_signature() {
        let mut w = writer();
        let request = RequestId(Sha256::of("one"));
        w.start();
        w.consent(request, 1, 1);
        w.start();
        assert_eq!(w.0.expected_counter("A"), None);
        w.counter("A", 10, Moment::Before);
        w.start();
        assert_eq!(w.0.expected_counter("A"), Some((10, 11)));
        w.counter("A", 11, Moment::Before);
        w.sign(request, 0);
        w.counter("A", 12, Moment::After);
        w.start();
        assert_eq!(w.0.expected_counter("A"), Some((12, 12)));
    }

    #[test]
    fn what_was_signed_of_a_refused_request_counts_for_others_and_not_against_itself() {
        let mut w = writer();
        let request = RequestId(Sha256::of("one"));
        let key = Some(Fingerprint::from([9; 20]));
        w.consent(request, 1, 2);
        w.counter("A", 10, Moment::Before);
        w.sign(request, 0);
        let (by, violations) = (Refuser::Policy, Vec::new());
        w.write(Event::Refused { request: Some(request), file: None, by, violations });
        let other = w.0.history(RequestId(Sha256::of("two")), key);
        assert_eq!(other.decisions.len(), 1);
        assert_eq!(other.decisions[0].user_ids.len(), 1);
        assert!(w.0.history(request, key).decisions.is_empty());
        assert_eq!(w.0.pending().count(), 0);
    }
}
