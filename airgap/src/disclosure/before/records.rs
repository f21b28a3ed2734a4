//! The records that a session can have signed, before it does.

use countersign::digest::Sha256;
use countersign::journal::{
    Closing, Decided, Decision, Entry, Event, Moment, Record, SelfCheck, Software,
};
use countersign::operation::{SessionRecord, Signable as _};
use countersign::request::{PredictionError, RequestId};
use countersign::response::Refuser;
use countersign::safe::counted;
use countersign::time::Timestamp;

use super::disclosed;
use crate::disclosure::{Disclosed, DisclosureError, Field};
use crate::recorder::Recorder;
use crate::selftest;
use crate::session::{REQUESTS, record_name};
use crate::station::Station;

/// The longest date that is written.
const DATE: Timestamp = Timestamp::from_unix(4_000_000_000);
/// The longest identity that a card has.
const CARD: &str = "0000:00000000";

/// What a session's records will list.
#[derive(Debug, Default)]
pub(super) struct Records {
    refused: Vec<Decided>,
    signed: Vec<(RequestId, usize)>,
}

impl Records {
    /// It is refused.
    pub(super) fn refused(&mut self, decided: Decided) {
        self.refused.push(decided);
    }

    /// The card makes so many signatures for it, unless the operator refuses it.
    pub(super) fn signed(&mut self, request: RequestId, signatures: usize) {
        self.signed.push((request, signatures));
    }

    /// The records, each as long as it can get; none where the card signs nothing.
    pub(super) fn listed(
        self,
        station: &Station,
        recorder: &Recorder,
        software: &Software,
    ) -> Result<Vec<Disclosed>, DisclosureError> {
        let session = recorder.ledger().uncovered().sessions() + 1;
        let mut files = Vec::new();
        let (mut refused, mut room) = (self.refused, room(&self.signed));
        for (at, part) in parts(&self.signed).enumerate() {
            let mut record = longest(station, recorder, software)?;
            if at > 0 {
                record.decisions.clear();
            }
            // What is refused is refused before the card signs.
            record.decisions.append(&mut refused);
            record.decisions.extend(part.iter().map(|(request, made)| signed(*request, *made)));
            let what =
                format!("signed by the card, about {} to sign", counted(part.len(), "request"));
            let mut file = as_signed(station, record_name(session, at + 1), &what, record)?;
            let (path, bytes) = ("(room for refusals)".to_owned(), std::mem::take(&mut room));
            if bytes > 0 {
                file.fields.push(Field { path, count: 1, bytes });
                file.bytes = file.bytes.map(|length| length + bytes as u64);
            }
            files.push(file);
        }
        Ok(files)
    }
}

/// The records that the session before may not have handed out.
pub(super) fn once_more(
    station: &Station,
    recorder: &Recorder,
) -> Result<Vec<Disclosed>, DisclosureError> {
    let mut records = Vec::new();
    recorder.records_again(&mut |record, _| records.push(record))?;
    let listed = records.into_iter().enumerate().map(|(at, record)| {
        let name = record_name(record.session, at + 1);
        as_signed(station, name, "of the session that was cut off, once more", record)
    });
    listed.collect()
}

/// A record that says everything that no record says yet, at its longest.
fn longest(
    station: &Station,
    recorder: &Recorder,
    software: &Software,
) -> Result<Record, DisclosureError> {
    let (zero, mut uncovered) = (Sha256::ZERO, recorder.ledger().uncovered().clone());
    let master = station.authority().masters()[0].fingerprint();
    let mut checks = selftest::before_session(recorder, recorder.now());
    replace_if_longer(&mut checks, &selftest::card_was_read(CARD, master, u32::MAX));
    let events = [
        Event::SessionStarted { policy: zero, software: software.clone() },
        Event::SelfTested { checks },
        Event::Rehearsed { rehearsal: zero },
        Event::Counter { card: CARD.to_owned(), master, count: u32::MAX, moment: Moment::Before },
    ];
    for (sequence, event) in (recorder.ledger().entries()..).zip(events) {
        uncovered.add(&Entry { sequence, previous: zero, at: DATE, event });
    }
    let closing =
        Closing { created: DATE, master, count: u32::MAX, last: u64::MAX, head: zero, card: CARD };
    let mut record = uncovered.record(&closing).ok_or(DisclosureError::NoSession)?;
    record.journal.first = u64::MAX;
    Ok(record)
}

fn replace_if_longer(checks: &mut [SelfCheck], found: &SelfCheck) {
    let length = |check: &SelfCheck| serde_json::to_string(check).map_or(0, |text| text.len());
    for check in checks.iter_mut().filter(|check| check.test == found.test) {
        if length(check) < length(found) {
            check.clone_from(found);
        }
    }
}

/// A record with the frame that its signature comes in.
fn as_signed(
    station: &Station,
    name: String,
    what: &str,
    record: Record,
) -> Result<Disclosed, DisclosureError> {
    /// The three lines that frame text and signature, the hash's name, and the check sum
    /// (RFC 9580 §6.2, §7).
    const LINES: usize = 160;
    /// Characters of base64 in a line.
    const LINE: usize = 64;
    let value = serde_json::to_value(&record).expect("its keys are strings");
    let mut file = disclosed(name, what, &value);
    let created = record.created;
    let record = SessionRecord { record: Box::new(record) };
    let mut packet = 0;
    for master in station.authority().masters() {
        for statement in record.statements(created, master, None).map_err(PredictionError::from)? {
            packet = packet.max(statement.longest_packet().map_err(PredictionError::from)?);
        }
    }
    let base64 = packet.div_ceil(3) * 4;
    let bytes = LINES + base64 + base64.div_ceil(LINE);
    file.fields.push(Field { path: "(armor and signature)".to_owned(), count: 1, bytes });
    file.bytes = file.bytes.map(|length| length + bytes as u64);
    Ok(file)
}

/// What each record lists: after so many requests another one is begun.
fn parts(signed: &[(RequestId, usize)]) -> impl Iterator<Item = &[(RequestId, usize)]> {
    signed.chunks(REQUESTS)
}

fn signed(request: RequestId, signatures: usize) -> Decided {
    let decision = Decision::Signed(vec![Sha256::ZERO; signatures]);
    Decided { request: Some(request), file: None, decision }
}

/// By how much the operator's refusals of all these are longer than their signatures.
fn room(all: &[(RequestId, usize)]) -> usize {
    // Indented as it stands in a record: by four spaces in each line.
    let length = |decided: &Decided| {
        let text = serde_json::to_string_pretty(decided).expect("its keys are strings");
        text.len() + 4 * text.lines().count()
    };
    let longer = |(request, signatures): &(RequestId, usize)| {
        let rules = vec!["operator".to_owned()];
        let decision = Decision::Refused { by: Refuser::Operator, rules };
        let refused = Decided { request: Some(*request), file: None, decision };
        length(&refused).saturating_sub(length(&signed(*request, *signatures)))
    };
    all.iter().map(longer).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_record_for_each_thousand_requests() {
        let request = RequestId(Sha256::ZERO);
        for (requests, records) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (2_001, 3)] {
            assert_eq!(parts(&vec![(request, 1); requests]).count(), records, "{requests}");
        }
    }

    #[test]
    fn a_refusal_may_take_more_room_than_signatures() {
        let request = RequestId(Sha256::ZERO);
        assert!(room(&[(request, 1)]) > 0);
        assert_eq!(room(&[(request, 9)]), 0);
    }
}
