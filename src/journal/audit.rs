//! A station's whole journal, checked from its first entry to its last: every signature consented
//! to before, predicted from its request and by the master; every card's counter explained; every
//! record composed again from the entries that it covers.

mod consents;
mod finding;
mod records;

use std::collections::HashMap;
use std::io::BufRead;

use self::consents::{Consents, Made};
use self::finding::Findings;
pub use self::finding::{Explanation, Finding, MAX_FINDINGS, Wrong};
use self::records::Announced;
use super::counters::Counters;
use super::entry::{Entry, Event};
use super::record::Covered;
use super::uncovered::Uncovered;
use super::{Chain, End, JournalError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::Statement;
use crate::request::{Request, RequestId};
use crate::response::SignatureBlock;
use crate::safe::chain;
use crate::time::Timestamp;

/// What an audit goes by.
pub struct Basis<'a> {
    /// The authority's masters.
    pub masters: &'a [Certificate],
    /// Masters that it had once. What they signed counts where a record by one of its masters
    /// covers it: anybody may call a key of their own a former master.
    pub former: &'a [Certificate],
    /// The text of a request that was signed.
    pub request: &'a dyn Fn(RequestId) -> Option<Request>,
}

impl<'a> Basis<'a> {
    /// Every master, the present ones first.
    fn all(&self) -> impl Iterator<Item = &'a Certificate> {
        self.masters.iter().chain(self.former)
    }

    fn master(&self, fingerprint: Fingerprint) -> Option<&'a Certificate> {
        self.all().find(|m| m.fingerprint() == fingerprint)
    }

    fn is_present(&self, fingerprint: Fingerprint) -> bool {
        self.masters.iter().any(|m| m.fingerprint() == fingerprint)
    }
}

/// What an audit found.
#[derive(Debug)]
pub struct Audited {
    /// How many entries there are.
    pub entries: u64,
    /// The digest of the first entry, which names the station; none where there is no entry.
    pub first: Option<Sha256>,
    /// The digest of the last entry.
    pub head: Sha256,
    /// Whether the journal ends with a whole line.
    pub end: End,
    /// When the first entry was written, and the last one; none where there is no entry.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The journal's sum: sessions, and what no record covers.
    pub uncovered: Uncovered,
    /// Signatures that nobody asked for and that people explained.
    pub explained: u64,
    /// By how much counters went back, as people explained.
    pub went_back: u64,
    /// What they said, at most [`MAX_FINDINGS`] of it.
    pub explanations: Vec<Explanation>,
    /// Where a former master signs first, and which, that no record by a present one covers.
    pub unvouched: Option<(u64, Fingerprint)>,
    /// The records, with the digest of each one's text.
    pub records: Vec<(Covered, Sha256)>,
    /// What was signed to its end, by request: the digest of each signature packet.
    pub signed: HashMap<RequestId, Vec<Sha256>>,
    /// The digests of the signatures of requests that were not signed to their end.
    pub partial: Vec<Sha256>,
    /// How many signatures requests asked for.
    pub signatures: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// How many findings beyond [`MAX_FINDINGS`] there are.
    pub more: u64,
}

/// Reads a journal from its first entry on.
///
/// # Errors
/// [`JournalError`] where it does not hold together as a chain; whatever else is wrong is among
/// the findings.
pub fn audit(journal: impl BufRead, basis: &Basis<'_>) -> Result<Audited, JournalError> {
    let mut auditor = Auditor::new(basis);
    let mut entries = Chain::new(journal);
    let mut first = None;
    while let Some(entry) = entries.next() {
        auditor.add(&entry?);
        first.get_or_insert(entries.head());
    }
    Ok(auditor.finish(first, entries.head(), entries.end()))
}

/// What the entry above is, for the signature of a record.
enum Above {
    /// It announces this record.
    Announced(Box<Announced>),
    /// It announces one that does not follow from the journal.
    Wrong,
    /// It announces none.
    Another,
}

struct Auditor<'a> {
    basis: &'a Basis<'a>,
    entries: u64,
    span: Option<(Timestamp, Timestamp)>,
    counters: Counters,
    uncovered: Uncovered,
    consents: Consents,
    signatures: u64,
    records: Vec<(Covered, Sha256)>,
    above: Above,
    /// Where a former master appears first that no record by a present one covers yet.
    former: Option<(u64, Fingerprint)>,
    explanations: Vec<Explanation>,
    findings: Findings,
}

impl<'a> Auditor<'a> {
    fn new(basis: &'a Basis<'a>) -> Self {
        Self {
            basis,
            entries: 0,
            span: None,
            counters: Counters::default(),
            uncovered: Uncovered::default(),
            consents: Consents::default(),
            signatures: 0,
            records: Vec::new(),
            above: Above::Another,
            former: None,
            explanations: Vec::new(),
            findings: Findings::default(),
        }
    }

    fn add(&mut self, entry: &Entry) {
        let above = self.span.map(|(_, last)| last);
        let begun = self.span.map_or(entry.at, |(first, _)| first);
        self.span = Some((begun, entry.at));
        self.entries += 1;
        let sets_up = matches!(entry.event, Event::StationCreated { .. });
        if sets_up != (entry.sequence == 0) {
            self.find(entry, Wrong::SetUp);
        }
        if let Err(wrong) = self.look_at(entry, above) {
            self.findings.add_once(entry.sequence, wrong);
        }
        if let Some(gap) = self.counters.add(&entry.event) {
            self.find(entry, Wrong::Counter(gap));
        }
        self.uncovered.add(entry);
    }

    fn look_at(&mut self, entry: &Entry, above: Option<Timestamp>) -> Result<(), Wrong> {
        let before = std::mem::replace(&mut self.above, Above::Another);
        match &entry.event {
            Event::Consented { master, .. } => {
                self.by(entry, *master);
                self.consents.add(&entry.event)
            }
            Event::Signed { request, statement, signature } => {
                self.signature(entry, (*request, *statement), Made::Open(signature))
            }
            Event::Sealed { request, statement, sha256, .. } => {
                self.signature(entry, (*request, *statement), Made::Sealed(*sha256))
            }
            Event::RecordAnnounced { master, card, .. } => {
                self.by(entry, *master);
                self.above = Above::Wrong;
                self.by_the_card(*master, Some(card))?;
                let announced = records::announced(entry, above, &self.uncovered, self.basis)?;
                self.above = Above::Announced(Box::new(announced));
                Ok(())
            }
            Event::RecordSigned { signature } => self.record(before, signature),
            Event::CounterExplained { card, unknown, explanation } => {
                self.explained(entry, card, *unknown, explanation);
                Ok(())
            }
            Event::StationCreated { .. }
            | Event::RecordChanged { .. }
            | Event::SessionStarted { .. }
            | Event::SelfTested { .. }
            | Event::Rehearsed { .. }
            | Event::Refused { .. }
            | Event::Counter { .. }
            | Event::Answered { .. }
            | Event::SessionEnded => Ok(()),
        }
    }

    /// Notes who is asked to sign.
    fn by(&mut self, entry: &Entry, master: Fingerprint) {
        if self.basis.master(master).is_none() {
            self.find(entry, Wrong::Master(master));
        } else if !self.basis.is_present(master) {
            self.former.get_or_insert((entry.sequence, master));
        }
    }

    /// Whether `master` is the one on the card that was counted before signatures.
    fn by_the_card(&self, master: Fingerprint, card: Option<&str>) -> Result<(), Wrong> {
        let (on, counted) = self.counters.signing().ok_or(Wrong::NoCounter)?;
        if counted != master {
            return Err(Wrong::OtherMaster { counted, asked: master });
        }
        if card.is_some_and(|card| card != on) { Err(Wrong::NoCounter) } else { Ok(()) }
    }

    fn signature(
        &mut self,
        entry: &Entry,
        of: (RequestId, u32),
        made: Made<'_>,
    ) -> Result<(), Wrong> {
        self.signatures += 1;
        if let Some(asked) = self.consents.asked(of.0)
            && let Err(wrong) = self.by_the_card(asked, None)
        {
            self.findings.add_once(entry.sequence, wrong);
        }
        self.consents.signature(of, made, self.basis)
    }

    fn record(&mut self, above: Above, signature: &SignatureBlock) -> Result<(), Wrong> {
        let announced = match above {
            Above::Announced(announced) => announced,
            // That was said.
            Above::Wrong => return Ok(()),
            Above::Another => return Err(Wrong::NotAnnounced),
        };
        let present = self.basis.is_present(announced.master);
        self.records.push(announced.signed(signature)?);
        if present {
            self.former = None;
        }
        Ok(())
    }

    fn explained(&mut self, entry: &Entry, card: &str, unknown: i64, text: &str) {
        if self.explanations.len() < MAX_FINDINGS {
            let (card, text) = (card.to_owned(), text.to_owned());
            let (entry, at) = (entry.sequence, entry.at);
            self.explanations.push(Explanation { entry, at, card, unknown, text });
        }
    }

    fn find(&mut self, entry: &Entry, what: Wrong) {
        self.findings.add(entry.sequence, what);
    }

    fn finish(self, first: Option<Sha256>, head: Sha256, end: End) -> Audited {
        let (signed, partial) = self.consents.finish();
        Audited {
            entries: self.entries,
            first,
            head,
            end,
            span: self.span,
            uncovered: self.uncovered,
            explained: self.counters.explained(),
            went_back: self.counters.went_back(),
            explanations: self.explanations,
            unvouched: self.former,
            records: self.records,
            signed,
            partial,
            signatures: self.signatures,
            findings: self.findings.kept,
            more: self.findings.more,
        }
    }
}

/// Whether a signature is the predicted one; in words why not.
fn accept(statement: &Statement, block: &SignatureBlock) -> Result<(), String> {
    let untrusted = block.untrusted_bytes().map_err(|error| chain(&error))?;
    statement.accept(&untrusted).map(|_| ()).map_err(|error| chain(&error))
}
