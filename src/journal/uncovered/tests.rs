//! What a record lists, and what it only counts.

use super::*;

struct Writer(Uncovered, u64);

impl Writer {
    fn write(&mut self, event: Event) {
        let at = Timestamp::from_unix(1_790_000_000);
        self.0.add(&Entry { sequence: self.1, previous: Sha256::ZERO, at, event });
        self.1 += 1;
    }

    fn sign(&mut self, request: RequestId, statement: u32) {
        let signature = serde_json::from_str("\"AAAA\"").expect("a block");
        self.write(Event::Signed { request, statement, signature });
    }

    fn refuse(&mut self) {
        let (request, file, violations) = (None, Some(Sha256::ZERO), Vec::new());
        self.write(Event::Refused { request, file, by: Refuser::Policy, violations });
    }

    fn record(&self) -> Record {
        let closing = Closing {
            created: Timestamp::from_unix(1_790_000_000),
            master: Fingerprint::from([1; 20]),
            count: 1,
            last: self.1 - 1,
            head: Sha256::ZERO,
            card: "A",
        };
        self.0.record(&closing).expect("a record")
    }
}

fn session() -> Writer {
    let mut writer = Writer(Uncovered::default(), 0);
    writer.write(Event::StationCreated { authority: "E".into(), software: "airgap".into() });
    let software = Software { name: String::new(), binary: Sha256::ZERO, image: None };
    writer.write(Event::SessionStarted { policy: Sha256::ZERO, software });
    let (master, moment) = (Fingerprint::from([1; 20]), Moment::Before);
    writer.write(Event::Counter { card: "A".into(), master, count: 1, moment });
    writer
}

#[test]
fn refusals_take_no_signatures_place_in_a_record() {
    let mut w = session();
    for _ in 0..MAX_REFUSALS + 3 {
        w.refuse();
    }
    let request = RequestId(Sha256::of("one"));
    w.sign(request, 0);
    w.sign(request, 1);
    let record = w.record();
    assert_eq!((record.unlisted, record.signatures()), (3, 2));
    assert_eq!(record.decisions.len(), MAX_REFUSALS + 1);
    assert!(record.text().len() < super::super::MAX_BYTES);
}

#[test]
fn a_request_beyond_the_list_is_one_decision_whatever_its_signatures() {
    let mut w = session();
    for number in 0..MAX_LISTED + 2 {
        for statement in 0..2 {
            w.sign(RequestId(Sha256::of(number.to_string())), statement);
        }
    }
    let record = w.record();
    assert_eq!((record.unlisted, record.decisions.len()), (2, MAX_LISTED));
    assert_eq!(w.0.signatures(), 2 * (MAX_LISTED + 2));
    assert_eq!(Record::parse(&record.text()).expect("reads again"), record);
}
