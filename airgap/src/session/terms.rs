//! What a session is given, and what it says that it did.

use countersign::certificate::Certificate;
use countersign::exchange::{Inbox, Outbox};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Software;

use crate::card::LastTry;

/// What a session is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// For the requests that a courier brings.
    Requests,
    /// For the record alone of what earlier sessions left in none.
    Record,
}

/// What a session is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it is held for.
    pub task: Task,
    /// Do all but the card: nothing is written, at the station or on the stick.
    pub dry_run: bool,
    /// A person's explanation of signatures that the journal does not know.
    pub explain_counter: Option<String>,
    /// Whether the card's last try may be used for the PIN.
    pub last_try: LastTry,
    /// The program that runs, for the journal.
    pub software: Software,
    /// In a rehearsal: who signs in the place of which master.
    pub stand_in: Option<StandIn>,
}

/// A throwaway master on a practice card, in the place of a real one.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The master that is asked.
    pub asked: Fingerprint,
    /// The one that signs.
    pub master: Certificate,
}

impl Options {
    /// The master that is asked where the card holds `key`.
    pub(super) fn asked(&self, key: Fingerprint) -> Fingerprint {
        match &self.stand_in {
            Some(stand_in) if stand_in.master.fingerprint() == key => stand_in.asked,
            Some(_) | None => key,
        }
    }
}

/// Who brings the requests and who takes the answers.
pub struct Couriers<'a> {
    /// Where the requests are.
    pub inbox: Box<dyn Inbox + 'a>,
    /// Where the answers go.
    pub outbox: Box<dyn Outbox + 'a>,
}

/// What a session did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests signed to their end in this session.
    pub signed: usize,
    /// Requests answered again from the journal.
    pub answered_again: usize,
    /// Requests refused, by a rule or by the operator.
    pub refused: usize,
    /// Requests left undecided.
    pub left: usize,
    /// Signatures that the card made.
    pub signatures: usize,
}
