//! The counter's bookkeeping, and what counts as decided.

use super::*;
use crate::digest::Sha256;
use crate::journal::{Consent, Software};
use crate::operation::OperationName;
use crate::policy::History;

struct Writer(Ledger, Vec<Entry>);

impl Writer {
    fn write(&mut self, event: Event) {
        let at = Timestamp::from_unix(1_790_000_000);
        let sequence = self.1.len() as u64;
        let entry = Entry { sequence, previous: Sha256::ZERO, at, event };
        self.0.add(&entry, sequence).expect("written");
        self.1.push(entry);
    }

    fn history(&self, request: RequestId) -> History {
        let load = |at: u64| self.1.get(usize::try_from(at).ok()?).cloned();
        let object = Object::Key(Fingerprint::from([9; 20]));
        self.0.history(request, Some(&object), &load).expect("read")
    }

    fn start(&mut self) {
        let software = Software { name: String::new(), binary: Sha256::ZERO, image: None };
        self.write(Event::SessionStarted { policy: Sha256::ZERO, software });
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
            object: Object::Key(Fingerprint::from([9; 20])),
            user_ids: vec!["A <a@example.org>".into(); signatures],
            version: None,
            created: Timestamp::from_unix(1_780_000_000),
            expires: None,
            statements: vec![Sha256::ZERO; signatures],
            consent: Consent::Typed,
            approvers: Vec::new(),
            witness: None,
        });
    }

    fn sign(&mut self, request: RequestId, statement: u32) {
        let signature = serde_json::from_str("\"AAAA\"").expect("a block");
        self.write(Event::Signed { request, statement, signature });
    }
}

#[test]
fn a_record_that_was_cut_off_leaves_room_for_one_signature_once() {
    let mut w = writer();
    let master = Fingerprint::from([1; 20]);
    let (one, two) = (RequestId(Sha256::of("one")), RequestId(Sha256::of("two")));
    w.start();
    w.consent(one, 1, 1);
    w.counter("A", 1, Moment::Before);
    w.sign(one, 0);
    w.write(Event::RecordAnnounced {
        created: Timestamp::from_unix(1_790_000_000),
        master,
        card: "A".into(),
        count: 2,
        record: Sha256::ZERO,
        statement: Sha256::ZERO,
    });
    w.start();
    assert_eq!(w.0.expected_counter("A"), Some((2, 3)));
    assert!(w.0.record_was_cut_off("A") && !w.0.record_was_cut_off("B"));
    // It was made; the next session counts it, and is cut off with nothing under way.
    w.counter("A", 3, Moment::Before);
    w.consent(two, 1, 1);
    w.sign(two, 0);
    w.start();
    assert_eq!(w.0.expected_counter("A"), Some((4, 4)));
    assert!(!w.0.record_was_cut_off("A"));
}

fn writer() -> Writer {
    Writer(Ledger::new(Scratch::in_memory().expect("memory")), Vec::new())
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
    w.consent(request, 1, 2);
    w.counter("A", 10, Moment::Before);
    w.sign(request, 0);
    let (by, violations) = (Refuser::Policy, Vec::new());
    w.write(Event::Refused { request: Some(request), file: None, by, violations });
    let other = w.history(RequestId(Sha256::of("two")));
    assert_eq!(other.decisions.len(), 1);
    assert_eq!(other.decisions[0].names.len(), 1);
    assert!(w.history(request).decisions.is_empty());
    assert_eq!(w.0.pending_after(None).expect("read"), None);
}

#[test]
fn a_counter_that_was_explained_is_not_explained_again() {
    let mut w = writer();
    let request = RequestId(Sha256::of("one"));
    w.start();
    w.consent(request, 1, 3);
    w.counter("A", 10, Moment::Before);
    w.sign(request, 0);
    w.start();
    assert_eq!(w.0.expected_counter("A"), Some((11, 12)));
    let (card, explanation) = ("A".to_owned(), "the signature under way".to_owned());
    w.write(Event::CounterExplained { card, unknown: 1, explanation });
    assert_eq!(w.0.expected_counter("A"), Some((12, 12)));
    // No signature was made since: a wrong PIN, or the power went again.
    w.start();
    assert_eq!(w.0.expected_counter("A"), Some((12, 12)));
    w.counter("A", 12, Moment::Before);
    w.sign(request, 1);
    w.start();
    assert_eq!(w.0.expected_counter("A"), Some((13, 14)));
}
