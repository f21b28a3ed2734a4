//! What a journal adds up to: requests by outcome, objects by decision, cards by counter.
//!
//! The ledger is an index on disk: it knows where in the journal the entries stand and holds none
//! of them, so that neither a long journal nor a large batch fills the memory. Whoever asks it for
//! more than a count hands it a way to read the entry at an offset.

mod queries;

use std::collections::HashMap;

use redb::{ReadableTable as _, TableDefinition};

use super::entry::{Entry, Event, Moment};
use super::slot::{Row, Slot, State};
use super::uncovered::Uncovered;
use crate::fingerprint::Fingerprint;
use crate::operation::Object;
use crate::request::RequestId;
use crate::response::Refuser;
use crate::scratch::{Scratch, ScratchError};
use crate::time::Timestamp;

/// What became of each request.
const REQUESTS: TableDefinition<'_, [u8; 32], Row> = TableDefinition::new("requests");
/// The consents about each object: where the entry begins.
const OBJECTS: TableDefinition<'_, ([u8; 32], u64), ()> = TableDefinition::new("objects");
/// Requests that were consented to and not signed to their end, and the master that they ask.
const PENDING: TableDefinition<'_, [u8; 32], [u8; 20]> = TableDefinition::new("pending");
/// The signatures of each request: where the entry begins.
const SIGNATURES: TableDefinition<'_, ([u8; 32], u32), u64> = TableDefinition::new("signatures");
/// Requests that were signed and whose answer never reached a stick.
const UNANSWERED: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("unanswered");

/// The sum of a journal's entries.
#[derive(Debug)]
pub struct Ledger {
    index: Scratch,
    cards: HashMap<String, CardState>,
    signing_card: Option<String>,
    open_session: bool,
    /// The number of the entry with which the last session began.
    began: Option<u64>,
    /// The same of the session in which the last record was signed.
    recorded: Option<u64>,
    entries: u64,
    last: Option<Timestamp>,
    uncovered: Uncovered,
}

/// A request that was consented to and not signed to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The request.
    pub request: RequestId,
    /// How many signatures were made so far.
    pub signed: u32,
    /// How many it takes.
    pub statements: u32,
}

/// What the journal knows of a card's counter.
#[derive(Clone, Copy, Debug)]
struct CardState {
    master: Fingerprint,
    counted: u32,
    /// When.
    at: Timestamp,
    signed_since: u32,
    session_open: bool,
    /// Whether the card was about to sign a record, and the journal does not have it.
    record_announced: bool,
    /// Whether the last signature before an interruption may have been made and not written down.
    maybe_one_more: bool,
}

impl Ledger {
    /// The ledger of an empty journal, its tables in `index`, which nobody else uses.
    pub fn new(index: Scratch) -> Self {
        Self {
            index,
            cards: HashMap::new(),
            signing_card: None,
            open_session: false,
            began: None,
            recorded: None,
            entries: 0,
            last: None,
            uncovered: Uncovered::default(),
        }
    }

    /// Adds the entry that begins at `offset` of the journal.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be written.
    pub fn add(&mut self, entry: &Entry, offset: u64) -> Result<(), ScratchError> {
        self.entries += 1;
        self.last = Some(entry.at);
        self.uncovered.add(entry);
        match &entry.event {
            Event::StationCreated { .. }
            | Event::RecordChanged { .. }
            | Event::SelfTested { .. }
            | Event::Rehearsed { .. } => {}
            Event::CounterExplained { card, unknown, .. } => self.explained(card, *unknown),
            Event::Answered { request, .. } => {
                self.index.table(UNANSWERED)?.remove(request.0.as_bytes())?;
            }
            Event::SessionStarted { .. } => {
                self.began = Some(entry.sequence);
                self.session_started()?;
            }
            Event::SessionEnded => self.open_session = false,
            Event::Refused { request: Some(id), by, .. } => {
                self.refused(*id, *by, offset, entry.at)?;
            }
            Event::Refused { request: None, .. } => {}
            Event::Consented { request, master, object, statements, .. } => {
                let statements = u32::try_from(statements.len()).unwrap_or(u32::MAX);
                self.consented(*request, *master, object, Slot::new(statements, offset, entry.at))?;
            }
            Event::Counter { card, master, count, moment } => {
                let session_open = *moment == Moment::Before;
                self.signing_card = session_open.then(|| card.clone());
                let state = CardState {
                    master: *master,
                    counted: *count,
                    at: entry.at,
                    signed_since: 0,
                    session_open,
                    record_announced: false,
                    maybe_one_more: false,
                };
                self.cards.insert(card.clone(), state);
            }
            Event::RecordAnnounced { card, .. } => {
                if let Some(card) = self.cards.get_mut(card) {
                    card.record_announced = true;
                }
            }
            Event::RecordSigned { .. } => {
                self.recorded = self.began;
                self.count_signature();
                for card in self.cards.values_mut() {
                    card.record_announced = false;
                }
            }
            Event::Signed { request, statement, .. } | Event::Sealed { request, statement, .. } => {
                self.signed(*request, *statement, offset, entry.at)?;
            }
        }
        Ok(())
    }

    fn session_started(&mut self) -> Result<(), ScratchError> {
        self.open_session = true;
        let pending = self.index.table(PENDING)?;
        for card in self.cards.values_mut() {
            card.maybe_one_more = card.session_open && card.record_announced;
            for waiting in pending.iter()?.take_while(|_| card.session_open) {
                if waiting?.1.value() == *card.master.as_bytes() {
                    card.maybe_one_more = true;
                    break;
                }
            }
        }
        Ok(())
    }

    fn consented(
        &mut self,
        request: RequestId,
        master: Fingerprint,
        object: &Object,
        mut slot: Slot,
    ) -> Result<(), ScratchError> {
        let (id, object) = (request.0.as_bytes(), *object.digest().as_bytes());
        let earlier = self.slot(request)?;
        slot.signed = earlier.map_or(0, |slot| slot.signed);
        self.index.table(REQUESTS)?.insert(id, Row::from(slot))?;
        let mut objects = self.index.table(OBJECTS)?;
        if let Some(earlier) = earlier {
            objects.remove((object, earlier.offset))?;
        }
        objects.insert((object, slot.offset), ())?;
        self.index.table(PENDING)?.insert(id, master.as_bytes())?;
        Ok(())
    }

    /// What a rule refused today may hold tomorrow (a wrong date, a newer policy); what the
    /// operator refused stays refused. Signatures that were made by then were made all the same,
    /// and count as a decision on the object, although nobody was given them.
    fn refused(
        &mut self,
        request: RequestId,
        by: Refuser,
        offset: u64,
        at: Timestamp,
    ) -> Result<(), ScratchError> {
        let id = request.0.as_bytes();
        self.index.table(PENDING)?.remove(id)?;
        let slot = self.slot(request)?;
        let mut requests = self.index.table(REQUESTS)?;
        match (by, slot) {
            (Refuser::Operator, _) => {
                let refused = Slot { state: State::Refused, ..Slot::new(0, offset, at) };
                requests.insert(id, Row::from(refused))?;
            }
            (Refuser::Policy, Some(slot)) if slot.state == State::Pending && slot.signed > 0 => {
                requests.insert(id, Row::from(Slot { state: State::GivenUp, ..slot }))?;
            }
            (Refuser::Policy, Some(slot)) if slot.state == State::Pending => {
                requests.remove(id)?;
            }
            (Refuser::Policy, _) => {}
        }
        Ok(())
    }

    fn signed(
        &mut self,
        request: RequestId,
        statement: u32,
        offset: u64,
        at: Timestamp,
    ) -> Result<(), ScratchError> {
        self.count_signature();
        let Some(mut slot) = self.slot(request)? else { return Ok(()) };
        if slot.state != State::Pending || slot.signed != statement {
            return Ok(());
        }
        let id = request.0.as_bytes();
        self.index.table(SIGNATURES)?.insert((*id, statement), offset)?;
        slot.signed += 1;
        if slot.signed == slot.statements {
            (slot.state, slot.at) = (State::Signed, at);
            self.index.table(PENDING)?.remove(id)?;
            self.index.table(UNANSWERED)?.insert(id, ())?;
        }
        self.index.table(REQUESTS)?.insert(id, Row::from(slot))?;
        Ok(())
    }

    /// The counter is what a person, or an interrupted session, says: it is not explained again
    /// where this session comes no further than to this entry, as after a wrong PIN.
    fn explained(&mut self, card: &str, unknown: i64) {
        if let Some(card) = self.cards.get_mut(card) {
            let counted = i64::from(card.counted).saturating_add(unknown);
            card.counted = u32::try_from(counted).unwrap_or(if counted < 0 { 0 } else { u32::MAX });
            (card.session_open, card.maybe_one_more) = (false, false);
        }
    }

    fn count_signature(&mut self) {
        if let Some(card) = self.signing_card.as_ref().and_then(|c| self.cards.get_mut(c)) {
            card.signed_since = card.signed_since.saturating_add(1);
        }
    }

    /// What no record covers yet.
    pub fn uncovered(&self) -> &Uncovered {
        &self.uncovered
    }

    /// Whether the last session with `card` was cut off while it signed the record.
    pub fn record_was_cut_off(&self, card: &str) -> bool {
        self.cards.get(card).is_some_and(|card| card.session_open && card.record_announced)
    }

    /// Whether the last session has no end: the power went, or the program was killed.
    pub fn session_is_open(&self) -> bool {
        self.open_session
    }

    /// The number of the entry with which the session began that had the last record signed.
    pub fn recorded(&self) -> Option<u64> {
        self.recorded
    }

    /// Whether the last session has no end and had a record signed, which may have gone nowhere.
    pub fn record_may_be_lost(&self) -> bool {
        self.open_session && self.recorded.is_some() && self.recorded == self.began
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
        let known = state.counted.saturating_add(state.signed_since);
        Some((known, known.saturating_add(u32::from(state.maybe_one_more))))
    }

    /// When `card`'s counter was read last.
    pub fn counted_at(&self, card: &str) -> Option<Timestamp> {
        self.cards.get(card).map(|state| state.at)
    }
}

#[cfg(test)]
mod tests;
