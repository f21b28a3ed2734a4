//! What a journal adds up to: requests by outcome, keys by decision, cards by counter.
//!
//! The ledger is an index: it knows where in the journal the entries stand and holds none of them,
//! so that neither a long journal nor a large batch fills the memory. Whoever asks it for more
//! than a count hands it a way to read the entry at an offset.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::{Entry, Event, Moment};
use crate::fingerprint::Fingerprint;
use crate::operation::OperationName;
use crate::policy::{Decided, Decision, History, Kind};
use crate::request::RequestId;
use crate::response::{Refuser, SignatureBlock};
use crate::time::Timestamp;

/// The sum of a journal's entries.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    requests: HashMap<RequestId, Slot>,
    /// The consents about each key: where the entry begins.
    keys: BTreeSet<(Fingerprint, u64)>,
    pending: BTreeMap<RequestId, Fingerprint>,
    /// The signatures of requests that are signed in part.
    partial: HashMap<RequestId, Vec<SignatureBlock>>,
    unanswered: BTreeSet<RequestId>,
    cards: HashMap<String, CardState>,
    signing_card: Option<String>,
    open_session: bool,
    entries: u64,
    last: Option<Timestamp>,
}

/// What became of one request, and where that is written.
#[derive(Clone, Copy, Debug)]
struct Slot {
    state: State,
    /// Where the consent begins; where the refusal begins, if the operator refused.
    offset: u64,
    statements: u32,
    signed: u32,
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Consented to.
    Pending,
    /// Signed to its end.
    Signed,
    /// Refused by the operator.
    Refused,
    /// Refused by a rule after some of it was signed.
    GivenUp,
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
    signed_since: u32,
    session_open: bool,
    /// Whether the last signature before an interruption may have been made and not written down.
    maybe_one_more: bool,
}

impl Ledger {
    /// Adds the entry that begins at `offset` of the journal.
    pub fn add(&mut self, entry: &Entry, offset: u64) {
        self.entries += 1;
        self.last = Some(entry.at);
        match &entry.event {
            Event::StationCreated { .. } | Event::CounterExplained { .. } => {}
            Event::Answered { request, .. } => {
                self.unanswered.remove(request);
            }
            Event::SessionStarted { .. } => self.session_started(),
            Event::SessionEnded => self.open_session = false,
            Event::Refused { request: Some(id), by, .. } => {
                self.refused(*id, *by, offset, entry.at);
            }
            Event::Refused { request: None, .. } => {}
            Event::Consented { request, master, key, statements, .. } => {
                let signed = self.requests.get(request).map_or(0, |slot| slot.signed);
                let statements = u32::try_from(statements.len()).unwrap_or(u32::MAX);
                let state = State::Pending;
                let slot = Slot { state, offset, statements, signed, at: entry.at };
                if let Some(earlier) = self.requests.insert(*request, slot) {
                    self.keys.remove(&(*key, earlier.offset));
                }
                self.keys.insert((*key, offset));
                self.pending.insert(*request, *master);
            }
            Event::Counter { card, master, count, moment } => {
                let session_open = *moment == Moment::Before;
                self.signing_card = session_open.then(|| card.clone());
                let state = CardState {
                    master: *master,
                    counted: *count,
                    signed_since: 0,
                    session_open,
                    maybe_one_more: false,
                };
                self.cards.insert(card.clone(), state);
            }
            Event::Signed { request, statement, signature } => {
                self.signed(*request, *statement, signature, entry.at);
            }
        }
    }

    fn session_started(&mut self) {
        self.open_session = true;
        for card in self.cards.values_mut() {
            let waits = self.pending.values().any(|master| *master == card.master);
            card.maybe_one_more = card.session_open && waits;
        }
    }

    /// What a rule refused today may hold tomorrow (a wrong date, a newer policy); what the
    /// operator refused stays refused. Signatures that were made by then were made all the same,
    /// and count as a decision on the key, although nobody was given them.
    fn refused(&mut self, request: RequestId, by: Refuser, offset: u64, at: Timestamp) {
        self.pending.remove(&request);
        self.partial.remove(&request);
        match (by, self.requests.get_mut(&request)) {
            (Refuser::Operator, _) => {
                let slot = Slot { state: State::Refused, offset, statements: 0, signed: 0, at };
                self.requests.insert(request, slot);
            }
            (Refuser::Policy, Some(slot)) if slot.state == State::Pending && slot.signed > 0 => {
                slot.state = State::GivenUp;
            }
            (Refuser::Policy, Some(slot)) if slot.state == State::Pending => {
                self.requests.remove(&request);
            }
            (Refuser::Policy, _) => {}
        }
    }

    fn signed(
        &mut self,
        request: RequestId,
        statement: u32,
        signature: &SignatureBlock,
        at: Timestamp,
    ) {
        if let Some(card) = self.signing_card.as_ref().and_then(|c| self.cards.get_mut(c)) {
            card.signed_since += 1;
        }
        let Some(slot) = self.requests.get_mut(&request) else { return };
        if slot.state != State::Pending || slot.signed != statement {
            return;
        }
        slot.signed += 1;
        if slot.signed < slot.statements {
            self.partial.entry(request).or_default().push(signature.clone());
        } else {
            (slot.state, slot.at) = (State::Signed, at);
            self.partial.remove(&request);
            self.pending.remove(&request);
            self.unanswered.insert(request);
        }
    }

    /// What was decided on `request` and on `key`; consent that waits for its signature counts.
    /// `load` reads the entry that begins at an offset of the journal.
    pub fn history(
        &self,
        request: RequestId,
        key: Option<Fingerprint>,
        load: &dyn Fn(u64) -> Option<Entry>,
    ) -> History {
        let this = self.requests.get(&request).and_then(|slot| match slot.state {
            State::Signed => Some(Decided::Signed { at: slot.at }),
            State::Refused => {
                let reason = reason(load(slot.offset)?.event)?;
                Some(Decided::Refused { at: slot.at, reason })
            }
            State::Pending | State::GivenUp => None,
        });
        let of_key = key.map(|key| self.keys.range((key, 0)..=(key, u64::MAX)));
        let decisions = of_key.into_iter().flatten().filter_map(|(_, offset)| {
            let decision = decision(load(*offset)?.event)?;
            let slot = self.requests.get(&decision.request)?;
            // What was made of this very request before a rule stopped it must not stop it.
            let counts = slot.offset == *offset && decision.request != request;
            counts.then(|| self.limited(decision, *slot))
        });
        History { this, decisions: decisions.collect() }
    }

    /// Of a request that was given up half-way only what was signed counts.
    fn limited(&self, mut decision: Decision, slot: Slot) -> Decision {
        if slot.state == State::GivenUp {
            decision.user_ids.truncate(slot.signed as usize);
        }
        decision
    }

    /// Requests that were consented to and not signed to their end.
    pub fn pending(&self) -> impl Iterator<Item = Pending> {
        self.pending.keys().filter_map(|id| self.pending_request(*id))
    }

    /// Requests that were signed to their end and whose answer never reached a stick.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.unanswered.iter().copied()
    }

    /// A request that was consented to and not signed to its end.
    pub fn pending_request(&self, request: RequestId) -> Option<Pending> {
        let slot = self.requests.get(&request).filter(|slot| slot.state == State::Pending)?;
        Some(Pending { request, signed: slot.signed, statements: slot.statements })
    }

    /// The signatures made so far of a request that is not signed to its end.
    pub fn partial(&self, request: RequestId) -> &[SignatureBlock] {
        self.partial.get(&request).map_or(&[], Vec::as_slice)
    }

    /// Where the consent to a request begins.
    pub fn consent_offset(&self, request: RequestId) -> Option<u64> {
        let slot = self.requests.get(&request)?;
        (slot.state != State::Refused).then_some(slot.offset)
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

fn reason(event: Event) -> Option<String> {
    match event {
        Event::Refused { violations, .. } => {
            Some(violations.into_iter().next().map(|v| v.reason).unwrap_or_default())
        }
        _ => None,
    }
}

fn decision(event: Event) -> Option<Decision> {
    let Event::Consented { request, master, operation, user_ids, created, expires, .. } = event
    else {
        return None;
    };
    let kind = match operation {
        OperationName::Certify => Kind::Certified { expires },
        OperationName::RevokeCertification => Kind::Revoked,
    };
    Some(Decision { request, master, created, kind, user_ids })
}

#[cfg(test)]
mod tests;
