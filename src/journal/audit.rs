//! A station's whole journal, checked from its first entry to its last: every signature consented
//! to before, predicted from its request and by the master; every card's counter explained; every
//! record composed again from the entries that it covers.

use std::collections::HashMap;
use std::io::BufRead;

use super::counters::{Counters, Gap};
use super::entry::{Entry, Event};
use super::record::Covered;
use super::uncovered::{Closing, Uncovered};
use super::{Chain, End, JournalError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{SessionRecord, Signable as _, Statement};
use crate::request::{Request, RequestId};
use crate::response::SignatureBlock;
use crate::safe::{Safe, chain};
use crate::time::Timestamp;

/// Most findings that are kept; those beyond are counted.
pub const MAX_FINDINGS: usize = 1_000;

/// What an audit goes by.
pub struct Basis<'a> {
    /// The authority's masters.
    pub masters: &'a [Certificate],
    /// The text of a request that was signed.
    pub request: &'a dyn Fn(RequestId) -> Option<Request>,
}

/// What an audit found.
#[derive(Debug)]
pub struct Audited {
    /// How many entries there are.
    pub entries: u64,
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

/// Something in a journal that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry}: {what}")]
pub struct Finding {
    /// The number of the entry.
    pub entry: u64,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A journal begins with the set-up of its station, and sets up no other.
    #[error("a station is set up by the first entry of its journal, and by no other")]
    SetUp,
    /// A signature that nobody consented to before.
    #[error("request {} was signed without consent", .0.0.short())]
    NoConsent(RequestId),
    /// A signature out of its order.
    #[error("request {}: this is not the signature that comes next", .0.0.short())]
    Order(RequestId),
    /// A signature in no session with a card.
    #[error("a signature before the card's counter was read")]
    NoCounter,
    /// A request that is nowhere.
    #[error("request {} was signed, and its text is not on record", .0.0.short())]
    NoRequest(RequestId),
    /// Consent to something else.
    #[error("request {} asks for other signatures than were consented to", .0.0.short())]
    Statements(RequestId),
    /// A signature that is not the predicted one.
    #[error("request {}: {why}", request.0.short())]
    Signature {
        /// The request.
        request: RequestId,
        /// Why not.
        why: String,
    },
    /// A counter that nobody explained.
    #[error(
        "the counter of card {} is {} where the journal adds up to {}, and nobody explained it",
        Safe(&.0.card), .0.actual, .0.expected
    )]
    Counter(Gap),
    /// A master that is not the authority's.
    #[error("{0} is not one of the authority's masters")]
    Master(Fingerprint),
    /// A record that does not follow from the journal.
    #[error("the record is not the one that follows from this journal")]
    Record,
    /// A record's signature.
    #[error("the record's signature: {0}")]
    RecordSignature(String),
    /// A record's signature that was not announced by the entry before it.
    #[error("a record was signed that the entry before did not announce")]
    NotAnnounced,
}

/// What was consented to, and how far it was signed.
struct Consented {
    master: Fingerprint,
    statements: Vec<Sha256>,
    signed: Vec<Sha256>,
}

/// Reads a journal from its first entry on.
///
/// # Errors
/// [`JournalError`] where it does not hold together as a chain; whatever else is wrong is among
/// the findings.
pub fn audit(journal: impl BufRead, basis: &Basis<'_>) -> Result<Audited, JournalError> {
    let mut auditor = Auditor::new(basis);
    let mut entries = Chain::new(journal);
    for entry in entries.by_ref() {
        auditor.add(&entry?);
    }
    let (head, end) = (entries.head(), entries.end());
    Ok(auditor.finish(head, end))
}

struct Auditor<'a> {
    basis: &'a Basis<'a>,
    entries: u64,
    span: Option<(Timestamp, Timestamp)>,
    counters: Counters,
    uncovered: Uncovered,
    consents: HashMap<RequestId, Consented>,
    signed: HashMap<RequestId, Vec<Sha256>>,
    signatures: u64,
    records: Vec<(Covered, Sha256)>,
    /// The statements of the request that was looked at last.
    predicted: Option<(RequestId, Option<Vec<Statement>>)>,
    /// The record that the entry before announced: what it covers, its digest and its statement.
    announced: Option<(Covered, Sha256, Statement)>,
    findings: Vec<Finding>,
    more: u64,
}

impl<'a> Auditor<'a> {
    fn new(basis: &'a Basis<'a>) -> Self {
        Self {
            basis,
            entries: 0,
            span: None,
            counters: Counters::default(),
            uncovered: Uncovered::default(),
            consents: HashMap::new(),
            signed: HashMap::new(),
            signatures: 0,
            records: Vec::new(),
            predicted: None,
            announced: None,
            findings: Vec::new(),
            more: 0,
        }
    }

    fn add(&mut self, entry: &Entry) {
        let begun = self.span.map_or(entry.at, |(first, _)| first);
        self.span = Some((begun, entry.at));
        self.entries += 1;
        let sets_up = matches!(entry.event, Event::StationCreated { .. });
        if sets_up != (entry.sequence == 0) {
            self.find(entry, Wrong::SetUp);
        }
        let announced = self.announced.take();
        match &entry.event {
            Event::Consented { request, master, statements, .. } => {
                self.consented(entry, *request, *master, statements);
            }
            Event::Signed { request, statement, signature } => {
                self.signature(entry, *request, *statement, signature.digest(), Some(signature));
            }
            Event::Sealed { request, statement, sha256, .. } => {
                self.signature(entry, *request, *statement, *sha256, None);
            }
            Event::RecordAnnounced { .. } => self.announced(entry),
            Event::RecordSigned { signature } => self.record(entry, announced, signature),
            Event::StationCreated { .. }
            | Event::RecordChanged { .. }
            | Event::SessionStarted { .. }
            | Event::SelfTested { .. }
            | Event::Rehearsed { .. }
            | Event::Refused { .. }
            | Event::Counter { .. }
            | Event::CounterExplained { .. }
            | Event::Answered { .. }
            | Event::SessionEnded => {}
        }
        if let Some(gap) = self.counters.add(&entry.event) {
            self.find(entry, Wrong::Counter(gap));
        }
        self.uncovered.add(entry);
    }

    /// A request may be consented to again, after a session that was cut off.
    fn consented(
        &mut self,
        entry: &Entry,
        request: RequestId,
        master: Fingerprint,
        statements: &[Sha256],
    ) {
        if !self.basis.masters.iter().any(|m| m.fingerprint() == master) {
            self.find(entry, Wrong::Master(master));
        }
        let signed = self.consents.remove(&request).map(|c| c.signed).unwrap_or_default();
        let statements = statements.to_vec();
        self.consents.insert(request, Consented { master, statements, signed });
    }

    fn signature(
        &mut self,
        entry: &Entry,
        request: RequestId,
        number: u32,
        digest: Sha256,
        block: Option<&SignatureBlock>,
    ) {
        self.signatures += 1;
        if !self.counters.is_signing() {
            self.find(entry, Wrong::NoCounter);
        }
        let Some(consented) = self.consents.get_mut(&request) else {
            return self.find(entry, Wrong::NoConsent(request));
        };
        let (expected, all) = (consented.signed.len(), consented.statements.len());
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if number != expected || number >= all {
            return self.find(entry, Wrong::Order(request));
        }
        consented.signed.push(digest);
        let (master, statements) = (consented.master, consented.statements.clone());
        if number + 1 == all
            && let Some(done) = self.consents.remove(&request)
        {
            self.signed.insert(request, done.signed);
        }
        self.against_prediction(entry, (request, number), master, &statements, block);
    }

    /// Holds one signature against what its request asks for.
    fn against_prediction(
        &mut self,
        entry: &Entry,
        (request, number): (RequestId, usize),
        master: Fingerprint,
        consented: &[Sha256],
        block: Option<&SignatureBlock>,
    ) {
        if self.predicted.as_ref().is_none_or(|(of, _)| *of != request) {
            self.predicted = Some((request, self.predict(request, master)));
        }
        let Some((_, Some(predicted))) = &self.predicted else {
            return self.find_once(entry, number, Wrong::NoRequest(request));
        };
        if !predicted.iter().map(|s| Sha256::of(s.digest())).eq(consented.iter().copied()) {
            return self.find_once(entry, number, Wrong::Statements(request));
        }
        let (Some(statement), Some(block)) = (predicted.get(number), block) else { return };
        if let Err(why) = accept(statement, block) {
            self.find(entry, Wrong::Signature { request, why });
        }
    }

    fn predict(&self, id: RequestId, master: Fingerprint) -> Option<Vec<Statement>> {
        let request = (self.basis.request)(id).filter(|request| request.id() == id)?;
        let all: Vec<&Certificate> = self.basis.masters.iter().collect();
        let certificate = request.certificate(&all).ok()?;
        let master = self.master(master).filter(|_| request.master() == master)?;
        request.operation().statements(request.created(), master, certificate.as_ref()).ok()
    }

    fn master(&self, fingerprint: Fingerprint) -> Option<&'a Certificate> {
        self.basis.masters.iter().find(|m| m.fingerprint() == fingerprint)
    }

    /// Composes the record that is announced, from what was read until here.
    fn announced(&mut self, entry: &Entry) {
        let (Event::RecordAnnounced { created, master, record, statement, .. }, Some(closing)) =
            (&entry.event, Closing::announced(entry))
        else {
            return;
        };
        let Some(known) = self.master(*master) else {
            return self.find(entry, Wrong::Master(*master));
        };
        let composed = self.uncovered.record(&closing).map(|record| {
            let (covered, digest) = (record.journal, Sha256::of(record.text()));
            let made = SessionRecord { record: Box::new(record) }.statements(*created, known, None);
            (covered, digest, made.ok().and_then(|mut made| made.pop()))
        });
        match composed {
            Some((covered, digest, Some(made)))
                if digest == *record && Sha256::of(made.digest()) == *statement =>
            {
                self.announced = Some((covered, digest, made));
            }
            _ => self.find(entry, Wrong::Record),
        }
    }

    fn record(
        &mut self,
        entry: &Entry,
        announced: Option<(Covered, Sha256, Statement)>,
        signature: &SignatureBlock,
    ) {
        let Some((covered, digest, statement)) = announced else {
            return self.find(entry, Wrong::NotAnnounced);
        };
        match accept(&statement, signature) {
            Ok(()) => self.records.push((covered, digest)),
            Err(why) => self.find(entry, Wrong::RecordSignature(why)),
        }
    }

    /// Of a request with many signatures what is wrong with all of them is said once.
    fn find_once(&mut self, entry: &Entry, number: usize, what: Wrong) {
        if number == 0 {
            self.find(entry, what);
        }
    }

    fn find(&mut self, entry: &Entry, what: Wrong) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { entry: entry.sequence, what });
        } else {
            self.more += 1;
        }
    }

    fn finish(self, head: Sha256, end: End) -> Audited {
        Audited {
            entries: self.entries,
            head,
            end,
            span: self.span,
            uncovered: self.uncovered,
            explained: self.counters.explained(),
            records: self.records,
            signed: self.signed,
            partial: self.consents.into_values().flat_map(|c| c.signed).collect(),
            signatures: self.signatures,
            findings: self.findings,
            more: self.more,
        }
    }
}

/// Whether a signature is the predicted one; in words why not.
fn accept(statement: &Statement, block: &SignatureBlock) -> Result<(), String> {
    let untrusted = block.untrusted_bytes().map_err(|error| chain(&error))?;
    statement.accept(&untrusted).map(|_| ()).map_err(|error| chain(&error))
}
