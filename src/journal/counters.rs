//! What the cards counted, held against what the journal says that they signed.

use std::collections::HashMap;

use super::entry::{Event, Moment};
use crate::fingerprint::Fingerprint;

/// What each card's counter has to read.
#[derive(Debug, Default)]
pub struct Counters {
    expected: HashMap<String, i64>,
    /// The card that was counted before signatures, and the master on it.
    signing: Option<(String, Fingerprint)>,
    explained: u64,
    went_back: u64,
}

/// A counter that is not what the journal adds up to, and nobody explained it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The card.
    pub card: String,
    /// What its counter read.
    pub actual: i64,
    /// What the journal adds up to.
    pub expected: i64,
}

impl Counters {
    /// Adds the journal's next event.
    pub fn add(&mut self, event: &Event) -> Option<Gap> {
        match event {
            Event::Counter { card, master, count, moment } => {
                let gap = self.read(card, i64::from(*count));
                self.signing = (*moment == Moment::Before).then(|| (card.clone(), *master));
                return gap;
            }
            Event::RecordAnnounced { card, count, .. } => {
                return self.read(card, i64::from(*count));
            }
            Event::CounterExplained { card, unknown, .. } => {
                let sum = if *unknown < 0 { &mut self.went_back } else { &mut self.explained };
                *sum = sum.saturating_add(unknown.unsigned_abs());
                let expected = self.expected.entry(card.clone()).or_default();
                *expected = expected.saturating_add(*unknown);
            }
            Event::Signed { .. } | Event::Sealed { .. } | Event::RecordSigned { .. } => {
                let card = self.signing.as_ref();
                if let Some(expected) = card.and_then(|(card, _)| self.expected.get_mut(card)) {
                    *expected = expected.saturating_add(1);
                }
            }
            // Whatever the session before left open: the counter is read again.
            Event::SessionStarted { .. } | Event::SessionEnded => self.signing = None,
            Event::StationCreated { .. }
            | Event::RecordChanged { .. }
            | Event::SelfTested { .. }
            | Event::Rehearsed { .. }
            | Event::Refused { .. }
            | Event::Consented { .. }
            | Event::Answered { .. } => {}
        }
        None
    }

    fn read(&mut self, card: &str, actual: i64) -> Option<Gap> {
        let expected = self.expected.insert(card.to_owned(), actual)?;
        (expected != actual).then(|| Gap { card: card.to_owned(), actual, expected })
    }

    /// The card whose counter was read before signatures and not after them, and its master.
    pub fn signing(&self) -> Option<(&str, Fingerprint)> {
        self.signing.as_ref().map(|(card, master)| (card.as_str(), *master))
    }

    /// How many signatures people explained that the journal does not know.
    pub fn explained(&self) -> u64 {
        self.explained
    }

    /// By how much counters went back, all together, as people explained.
    pub fn went_back(&self) -> u64 {
        self.went_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Sha256;
    use crate::request::RequestId;

    fn gaps(events: &[Event]) -> usize {
        let mut counters = Counters::default();
        events.iter().filter_map(|event| counters.add(event)).count()
    }

    fn counter(count: u32, moment: Moment) -> Event {
        Event::Counter { card: "A".into(), master: Fingerprint::from([1; 20]), count, moment }
    }

    fn signed() -> Event {
        let request = RequestId(Sha256::ZERO);
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

    #[test]
    fn no_number_is_too_large() {
        let explained = |unknown| Event::CounterExplained {
            card: "A".into(),
            unknown,
            explanation: "all of them".into(),
        };
        let mut counters = Counters::default();
        let all = [i64::MIN, i64::MIN, i64::MAX, i64::MAX, i64::MAX].map(explained);
        for event in all.iter().chain(&[counter(u32::MAX, Moment::Before), signed()]) {
            counters.add(event);
        }
        assert_eq!(counters.explained(), u64::MAX);
        assert_eq!(counters.went_back(), u64::MAX);
        assert_eq!(counters.add(&explained(i64::MAX)), None);
        counters.add(&signed());
    }

    #[test]
    fn a_session_reads_the_counter_for_itself() {
        let mut counters = Counters::default();
        counters.add(&counter(1, Moment::Before));
        assert!(counters.signing().is_some());
        counters.add(&Event::SessionEnded);
        assert_eq!(counters.signing(), None);
    }
}
