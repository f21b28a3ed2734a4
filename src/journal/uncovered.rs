//! What no record covers yet: the entries since the last one, summed up as a record will say it.

use super::entry::{Entry, Event, Moment};
use super::record::{Count, Covered, Decided, Decision, Format, MAX_LISTED, MAX_REFUSALS, Record};
use super::software::{SelfCheck, Software};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::policy::Violation;
use crate::request::{RequestId, Version};
use crate::response::Refuser;
use crate::time::Timestamp;

/// The entries since the last record.
#[derive(Clone, Debug, Default)]
pub struct Uncovered {
    station: Option<Sha256>,
    authority: String,
    sessions: u64,
    software: Option<Software>,
    policy: Option<Sha256>,
    self_test: Vec<SelfCheck>,
    rehearsal: Option<Sha256>,
    card: Option<(String, u32)>,
    first: Option<(u64, Sha256)>,
    decisions: Vec<Decided>,
    /// How many of the decisions are refusals.
    refusals: usize,
    unlisted: u64,
    /// The request whose signatures come next, where it is not among the decisions any more.
    beyond: Option<RequestId>,
    signatures: usize,
    /// The announcement of a record whose signature has to be the next entry.
    announced: Option<Entry>,
}

/// What a record says beside what the journal says.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// When it is made.
    pub created: Timestamp,
    /// The master that signs it.
    pub master: Fingerprint,
    /// The card's signature counter.
    pub count: u32,
    /// The number of the last entry.
    pub last: u64,
    /// The digest of the last entry.
    pub head: Sha256,
    /// The card that the master is on.
    pub card: &'a str,
}

impl<'a> Closing<'a> {
    /// What the announcement of a record says of it; none where the entry announces none.
    pub fn announced(entry: &'a Entry) -> Option<Self> {
        let Event::RecordAnnounced { created, master, card, count, .. } = &entry.event else {
            return None;
        };
        Some(Self {
            created: *created,
            master: *master,
            count: *count,
            last: entry.sequence.saturating_sub(1),
            head: entry.previous,
            card,
        })
    }
}

impl Uncovered {
    /// Adds the journal's next entry.
    pub fn add(&mut self, entry: &Entry) {
        if entry.sequence == 1 {
            self.station = Some(entry.previous);
        }
        match (&entry.event, self.announced.take()) {
            (Event::RecordSigned { .. }, Some(announced)) => {
                self.covered(&announced);
                self.first = Some((announced.sequence, announced.previous));
            }
            _ => {
                self.first.get_or_insert((entry.sequence, entry.previous));
            }
        }
        self.take_up(entry);
    }

    fn take_up(&mut self, entry: &Entry) {
        match &entry.event {
            Event::StationCreated { authority, .. } => self.authority.clone_from(authority),
            Event::RecordChanged { to, .. } => self.policy = Some(*to),
            Event::SessionStarted { policy, software } => {
                self.sessions += 1;
                (self.policy, self.software) = (Some(*policy), Some(software.clone()));
                (self.self_test, self.rehearsal) = (Vec::new(), None);
            }
            Event::SelfTested { checks } => self.tested(checks),
            Event::Rehearsed { rehearsal } => self.rehearsal = Some(*rehearsal),
            Event::Counter { card, count, moment: Moment::Before, .. } => {
                self.card = Some((card.clone(), *count));
            }
            Event::Refused { request, file, by, violations } => {
                self.refused(*request, *file, *by, violations);
            }
            Event::Signed { request, signature, .. } => self.signed(*request, signature.digest()),
            Event::Sealed { request, sha256, .. } => self.signed(*request, *sha256),
            Event::RecordAnnounced { .. } => self.announced = Some(entry.clone()),
            Event::Counter { moment: Moment::After, .. }
            | Event::CounterExplained { .. }
            | Event::Consented { .. }
            | Event::RecordSigned { .. }
            | Event::Answered { .. }
            | Event::SessionEnded => {}
        }
    }

    /// The card is tried when it is there: later than the rest, and in its place.
    fn tested(&mut self, checks: &[SelfCheck]) {
        for check in checks {
            match self.self_test.iter_mut().find(|there| there.test == check.test) {
                Some(there) => there.clone_from(check),
                None => self.self_test.push(check.clone()),
            }
        }
    }

    /// A record was signed: what it says is not said again.
    fn covered(&mut self, announced: &Entry) {
        (self.decisions, self.refusals, self.signatures) = (Vec::new(), 0, 0);
        (self.unlisted, self.beyond) = (0, None);
        if let Event::RecordAnnounced { count, card, .. } = &announced.event {
            // The next signature in this session is counted from behind the record's own.
            self.card = Some((card.clone(), count.saturating_add(1)));
        }
    }

    fn signed(&mut self, request: RequestId, signature: Sha256) {
        self.signatures += 1;
        if let Some(Decided { request: Some(last), decision: Decision::Signed(made), .. }) =
            self.decisions.last_mut()
            && *last == request
        {
            made.push(signature);
            return;
        }
        if self.decisions.len() - self.refusals < MAX_LISTED {
            let decision = Decision::Signed(vec![signature]);
            self.decisions.push(Decided { request: Some(request), file: None, decision });
        } else if self.beyond != Some(request) {
            self.beyond = Some(request);
            self.unlisted += 1;
        }
    }

    fn refused(
        &mut self,
        request: Option<RequestId>,
        file: Option<Sha256>,
        by: Refuser,
        violations: &[Violation],
    ) {
        // Anybody can have any number of requests refused: they take no signature's place.
        if self.refusals == MAX_REFUSALS {
            self.unlisted += 1;
            return;
        }
        self.refusals += 1;
        let rules = violations.iter().map(|v| v.rule.clone()).collect();
        let file = file.filter(|_| request.is_none());
        self.decisions.push(Decided { request, file, decision: Decision::Refused { by, rules } });
    }

    /// How many signatures no record covers.
    pub fn signatures(&self) -> usize {
        self.signatures
    }

    /// How many requests were decided on that no record covers.
    pub fn decisions(&self) -> usize {
        self.decisions.len()
    }

    /// How many sessions the journal knows.
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// The station: the digest of its journal's first entry. None while that is the only one.
    pub fn station(&self) -> Option<Sha256> {
        self.station
    }

    /// The number of the first entry that no record covers; none where there is none.
    pub fn first(&self) -> Option<u64> {
        self.first.map(|(first, _)| first)
    }

    /// The record of all this. None where no session began, or none in which `closing`'s card
    /// was about to sign.
    pub fn record(&self, closing: &Closing<'_>) -> Option<Record> {
        let (first, previous) = self.first?;
        let (_, before) = self.card.as_ref().filter(|(card, _)| card == closing.card)?;
        Some(Record {
            format: Format::Record,
            version: Version,
            authority: self.authority.clone(),
            station: self.station?,
            session: self.sessions,
            created: closing.created,
            master: closing.master,
            card: closing.card.to_owned(),
            counter: Count { before: *before, after: closing.count },
            software: self.software.clone()?,
            policy: self.policy?,
            self_test: self.self_test.clone(),
            rehearsal: self.rehearsal,
            journal: Covered { first, last: closing.last, previous, head: closing.head },
            decisions: self.decisions.clone(),
            unlisted: self.unlisted,
        })
    }
}

#[cfg(test)]
mod tests;
