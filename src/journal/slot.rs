//! What became of one request, and where that is written.

use crate::policy::Decision;
use crate::time::Timestamp;

/// A slot as the index holds it, its fields in order.
pub(super) type Row = (u8, u64, u32, u32, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) state: State,
    /// Where the consent begins; where the refusal begins, if the operator refused.
    pub(super) offset: u64,
    /// How many signatures it takes.
    pub(super) statements: u32,
    /// How many of them were made.
    pub(super) signed: u32,
    pub(super) at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Consented to.
    Pending,
    /// Signed to its end.
    Signed,
    /// Refused by the operator.
    Refused,
    /// Refused by a rule after some of it was signed.
    GivenUp,
}

impl Slot {
    /// A request that was just consented to.
    pub(super) fn new(statements: u32, offset: u64, at: Timestamp) -> Self {
        Self { state: State::Pending, offset, statements, signed: 0, at }
    }

    /// Of a request that was given up half-way only what was signed counts.
    pub(super) fn limit(self, mut decision: Decision) -> Decision {
        if self.state == State::GivenUp {
            decision.names.truncate(self.signed as usize);
        }
        decision
    }
}

impl From<Row> for Slot {
    fn from((state, offset, statements, signed, at): Row) -> Self {
        let state = match state {
            0 => State::Pending,
            1 => State::Signed,
            2 => State::Refused,
            _ => State::GivenUp,
        };
        Self { state, offset, statements, signed, at: Timestamp::from_unix(at) }
    }
}

impl From<Slot> for Row {
    fn from(slot: Slot) -> Self {
        (slot.state as u8, slot.offset, slot.statements, slot.signed, slot.at.unix())
    }
}
