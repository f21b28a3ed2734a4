//! A case about a session's record.

use super::*;
use crate::journal::{Closing, Entry, Event, Moment, Software, Uncovered};
use crate::operation::SessionRecord;

impl Case {
    /// Asks for a record that a station might have made.
    pub(in crate::policy::rules::tests) fn ask_for_a_record(&mut self) {
        let (zero, card) = (Sha256::ZERO, "0000:1");
        let software = Software { name: "airgap".into(), binary: zero, image: None };
        let events = [
            Event::StationCreated { authority: "Example".into(), software: "airgap".into() },
            Event::SessionStarted { policy: zero, software },
            Event::Counter {
                card: card.into(),
                master: self.master,
                count: 1,
                moment: Moment::Before,
            },
        ];
        let mut uncovered = Uncovered::default();
        for (sequence, event) in (0..).zip(events) {
            uncovered.add(&Entry { sequence, previous: zero, at: self.created, event });
        }
        let (created, master) = (self.created, self.master);
        let closing = Closing { created, master, count: 1, last: 2, head: zero, card };
        let record = uncovered.record(&closing).expect("a record");
        self.operation = Operation::SessionRecord(SessionRecord { record: Box::new(record) });
        self.signer = keys().maria.clone();
        self.policy.managers[0].may_request.push(crate::operation::OperationName::SessionRecord);
    }
}
