//! The journal, from its first entry to its last.

use countersign::digest::Sha256;
use countersign::journal::{End, Ledger, SelfCheck, SelfTest};
use countersign::safe::chain;
use countersign::time::Timestamp;

use crate::recorder::Recorder;
use crate::station::{Station, StationError};

/// What the journal holds.
pub(super) struct Found(Result<Whole, String>);

/// A journal whose chain holds.
struct Whole {
    entries: u64,
    last: Option<Timestamp>,
    head: Sha256,
    end: End,
    /// What it adds up to, where it was read for that.
    ledger: Option<Ledger>,
}

impl Found {
    /// The one that a recorder has open: it checked the chain, and set aside what was torn.
    pub(super) fn by(recorder: &Recorder) -> Self {
        let ledger = recorder.ledger();
        Self(Ok(Whole {
            entries: ledger.entries(),
            last: ledger.last(),
            head: recorder.head(),
            end: End::Whole,
            ledger: None,
        }))
    }

    /// The one that lies at the station, read without writing.
    pub(super) fn read(station: &Station) -> Self {
        Self(Whole::read(station).map_err(|error| chain(&error)))
    }

    /// The date of the last entry, as far as the journal could be read.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.0.as_ref().ok().and_then(|whole| whole.last)
    }

    /// What it adds up to.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.0.as_ref().ok().and_then(|whole| whole.ledger.as_ref())
    }

    /// Whether there is a chain, whether it holds, and whether it ends with a whole line.
    pub(super) fn check(&self) -> SelfCheck {
        let found = match &self.0 {
            Ok(Whole { end: End::Torn { at }, .. }) => Err(format!(
                "the last line is cut off at byte {at}, as when the power goes: the next session \
                 sets it aside"
            )),
            Ok(Whole { entries, head, end: End::Whole, .. }) => {
                let entries = if *entries == 1 { "1 entry" } else { &format!("{entries} entries") };
                Ok(format!("{entries}, the chain holds, its head is {}", head.short()))
            }
            Err(error) => Err(error.clone()),
        };
        super::check(SelfTest::Journal, found)
    }
}

impl Whole {
    fn read(station: &Station) -> Result<Self, StationError> {
        let (head, end) = station.read_journal(|_| {})?;
        let ledger = station.ledger()?;
        let (entries, last) = (ledger.entries(), ledger.last());
        Ok(Self { entries, last, head, end, ledger: Some(ledger) })
    }
}
