//! A new beginning for a card's signature counter, with a person's explanation.

use std::fmt;

use countersign::fingerprint::Fingerprint;
use countersign::journal::{Event, Moment};
use countersign::safe::{Safe, counted};

use crate::card::{CardError, Session};
use crate::recorder::{Recorder, RecorderError};
use crate::station::Station;

/// Where a card's counter stands, where the journal expects it, and why the two differ.
#[derive(Clone, Debug)]
pub struct Baseline {
    card: String,
    master: Fingerprint,
    actual: u32,
    expected: Option<u32>,
    explanation: String,
}

/// Why there is nothing to begin anew.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// Not the authority's card.
    #[error("the card does not hold a master of this station")]
    NoMaster,
    /// An explanation that explains nothing.
    #[error("an explanation is a sentence of 10 to 500 plain characters")]
    Explanation,
    /// Nothing to explain.
    #[error("the counter is {0}, as the journal expects: there is nothing to explain")]
    Fits(u32),
}

impl Baseline {
    /// Reads the card's counter and compares it with the journal.
    ///
    /// # Errors
    /// [`BaselineError`] where the card holds no master of the station, or all is as it should be.
    pub fn read(
        station: &Station,
        recorder: &Recorder,
        card: &mut Session<'_>,
        explanation: &str,
    ) -> Result<Self, BaselineError> {
        let plain = !explanation.chars().any(countersign::safe::is_unsafe);
        if !plain || !(10..=500).contains(&explanation.trim().chars().count()) {
            return Err(BaselineError::Explanation);
        }
        let policy = station.authority().policy();
        let master = card.master().filter(|k| policy.masters.iter().any(|m| m.fingerprint == *k));
        let master = master.ok_or(BaselineError::NoMaster)?;
        let (ident, actual) = (card.ident()?, card.counter()?);
        let expected = recorder.ledger().expected_counter(&ident).map(|(expected, _)| expected);
        if expected == Some(actual) {
            return Err(BaselineError::Fits(actual));
        }
        let explanation = explanation.trim().to_owned();
        Ok(Self { card: ident, master, actual, expected, explanation })
    }

    /// Writes it into the journal: the explanation, then the counter from which it goes on.
    ///
    /// # Errors
    /// [`RecorderError`] where it cannot be written.
    pub fn record(self, recorder: &mut Recorder) -> Result<(), RecorderError> {
        let unknown = i64::from(self.actual) - i64::from(self.expected.unwrap_or(0));
        recorder.append(Event::CounterExplained {
            card: self.card.clone(),
            unknown,
            explanation: self.explanation,
        })?;
        recorder.append(Event::Counter {
            card: self.card,
            master: self.master,
            count: self.actual,
            moment: Moment::After,
        })
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (card, actual) = (Safe(&self.card), self.actual);
        match self.expected {
            None => write!(
                f,
                "card {card}: this journal never saw it; its counter is {actual} ({} before)",
                counted(actual as usize, "signature")
            )?,
            Some(expected) if actual > expected => write!(
                f,
                "card {card}: {} that this journal does not know; its counter is {actual}, the \
                 journal expects {expected}",
                counted((actual - expected) as usize, "signature")
            )?,
            Some(expected) => write!(
                f,
                "card {card}: its counter went BACK, from {expected} to {actual}: it was reset, or \
                 is another card"
            )?,
        }
        write!(f, "\nexplanation: {}", Safe(&self.explanation))
    }
}
