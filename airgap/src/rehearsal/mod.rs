//! A rehearsal: the very batch through the very code, on a practice card with a throwaway master.
//!
//! ```text
//! copy    the station, copied: nothing of a rehearsal stays in the journal
//! mod     the session on the copy; what it signed, looked at as consumers will
//! file    what was rehearsed: the real session has to be the same
//! ```
//!
//! The real card is asked who it is, where it is in the reader, and for nothing else.

mod copy;
mod file;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::drill::Gpg;
use countersign::exchange::{self, CourierError, ExchangeError, Inbox, Stick};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Software;
use countersign::lint::{Consumer, Consumers, Word};
use countersign::request::{MAX_BYTES, Request, RequestId, Version};
use countersign::response::{self, Outcome, Rehearsed, Response, ResponseError};
use countersign::safe::{Safe, counted};
use countersign::scratch::ScratchError;
use countersign::time::Timestamp;

use crate::card::{Card, CardError, LastTry, NewPins, Selector};
use crate::console::Console;
use crate::master::{self, MasterError};
use crate::recorder::{Access, Recorder, RecorderError};
use crate::session::{self, Couriers, Options, SessionError, StandIn, Task};
use crate::station::{Station, StationError};

use copy::Copy;
pub use file::{Difference, Format, MAX_BYTES as MAX_REHEARSAL, Real, Rehearsal};

/// The PIN of every practice card that a rehearsal makes: it protects nothing.
pub const PIN: &str = "rehearse";
/// Its Admin PIN.
const ADMIN_PIN: &str = "rehearsal-admin";
/// So many answers are given to gpg in one keyring.
const AT_ONCE: usize = 200;

/// What is to be rehearsed.
pub struct Plan<'a> {
    /// The station.
    pub station: &'a Station,
    /// The master that is stood in for.
    pub master: Fingerprint,
    /// The card that is to sign, where it is in the reader.
    pub card: Option<String>,
    /// The gpg program, where there is one.
    pub gpg: Option<Gpg>,
    /// The program that runs.
    pub software: Software,
    /// The date that the operator confirmed.
    pub now: Timestamp,
}

/// Why there was no rehearsal, or what it found.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// Requests are half-way signed.
    #[error("a request at the station is half-way signed: finish it first")]
    Pending,
    /// The session.
    #[error("the rehearsal did not come to its end")]
    Session(#[source] Box<SessionError>),
    /// Nothing was signed.
    #[error("nothing was signed in the rehearsal: there is nothing to hold the session against")]
    Nothing,
    /// A consumer would not take an answer.
    #[error("{} would not be taken as meant", counted(*.0, "answer"))]
    Consumers(usize),
    /// An answer to nothing that was consented to.
    #[error("an answer to request {0}, which nobody consented to")]
    NotConsented(RequestId),
    /// The practice card.
    #[error("no practice card could be made")]
    Card(#[from] CardError),
    /// The throwaway master.
    #[error("no throwaway master could be made")]
    Master(#[from] MasterError),
    /// What was signed.
    #[error("an answer is not what was asked for")]
    Response(#[from] ResponseError),
    /// The station.
    #[error(transparent)]
    Station(#[from] StationError),
    /// The journal.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// Working space.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// A file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// Holds a rehearsal, and keeps at the station what it came to.
///
/// # Errors
/// [`RehearsalError`]; then nothing is kept.
pub fn rehearse<'a>(
    plan: &Plan<'_>,
    inbox: Box<dyn Inbox + 'a>,
    console: &mut impl Console,
) -> Result<Rehearsal, RehearsalError> {
    // Held until the end: neither a session nor another rehearsal begins meanwhile.
    let (held, _) = plan.station.recorder(plan.now, Access::Look)?;
    if is_half_way(&held)? {
        return Err(RehearsalError::Pending);
    }
    console.show(
        "A REHEARSAL: nothing is signed by the master, and nothing goes into the journal or onto \
         the stick.\n",
    );
    let copy = Copy::of(plan.station.folder())?;
    let stand_in = stand_in(plan, &copy)?;
    console.show(&format!(
        "{} stands in for {}; its PIN is {PIN}\n",
        stand_in.master.fingerprint(),
        plan.master
    ));
    let station = Station::open(&copy.station())?;
    let (recorder, _) = station.recorder(plan.now, Access::Write)?;
    let there = RefCell::default();
    let inbox = Box::new(Watched { inbox, there: &there });
    let couriers = Couriers { inbox, outbox: Box::new(Stick::new(copy.answers())) };
    let options = Options {
        last_try: LastTry::Use,
        task: Task::Requests,
        dry_run: false,
        explain_counter: None,
        software: plan.software.clone(),
        stand_in: Some(stand_in.clone()),
    };
    let card = || Card::open(&Selector::Practice(copy.card()));
    session::run(&station, recorder, couriers, &options, console, card)
        .map_err(|error| RehearsalError::Session(Box::new(error)))?;
    let requests = looked_at(plan, &copy, &station, &stand_in.master, console)?;
    if requests.is_empty() {
        return Err(RehearsalError::Nothing);
    }
    let rehearsal = Rehearsal {
        format: Format::Rehearsal,
        version: Version,
        made: plan.now,
        policy: plan.station.authority().policy().digest(),
        master: plan.master,
        card: plan.card.clone(),
        others: there.take().into_iter().filter(|id| !requests.contains_key(id)).collect(),
        requests,
    };
    exchange::write_path(&plan.station.rehearsal_path(), rehearsal.text().as_bytes())?;
    Ok(rehearsal)
}

/// Whether something of a request was signed, and not all.
fn is_half_way(recorder: &Recorder) -> Result<bool, RehearsalError> {
    let mut last = None;
    while let Some(pending) = recorder.ledger().pending_after(last)? {
        if pending.signed > 0 {
            return Ok(true);
        }
        last = Some(pending.request);
    }
    Ok(false)
}

/// Whoever brings the requests, and a list of them.
struct Watched<'a> {
    inbox: Box<dyn Inbox + 'a>,
    there: &'a RefCell<BTreeSet<RequestId>>,
}

impl Inbox for Watched<'_> {
    fn place(&self) -> String {
        self.inbox.place()
    }

    fn receive(
        &mut self,
        suffix: &str,
        most: usize,
        each: &mut dyn FnMut(OsString),
    ) -> Result<usize, CourierError> {
        self.inbox.receive(suffix, most, each)
    }

    fn read(&self, name: &OsStr, limit: usize) -> Result<Vec<u8>, CourierError> {
        let bytes = self.inbox.read(name, limit)?;
        if let Ok(request) = Request::parse(&bytes, limit) {
            self.there.borrow_mut().insert(request.id());
        }
        Ok(bytes)
    }

    fn beside(&self) -> Option<&Path> {
        self.inbox.beside()
    }
}

fn stand_in(plan: &Plan<'_>, copy: &Copy) -> Result<StandIn, RehearsalError> {
    let real = plan.station.authority().master(plan.master).map_err(StationError::from)?;
    let mut card = Card::open_or_make(&Selector::Practice(copy.card()))?;
    let pins = NewPins::new(SecretString::from(PIN), SecretString::from(ADMIN_PIN))?;
    let master = master::stand_in(&mut card.session()?, &pins, real)?;
    Ok(StandIn { asked: plan.master, master })
}

/// Looks at every answer of the rehearsal as consumers will; returns what each request had signed.
fn looked_at(
    plan: &Plan<'_>,
    copy: &Copy,
    station: &Station,
    stand_in: &Certificate,
    console: &mut impl Console,
) -> Result<BTreeMap<RequestId, Vec<Sha256>>, RehearsalError> {
    let masters: Vec<Certificate> = plan
        .station
        .authority()
        .masters()
        .iter()
        .map(|m| if m.fingerprint() == plan.master { stand_in.clone() } else { m.clone() })
        .collect();
    let gpg = plan.gpg.as_ref();
    let consumers = Consumers { masters: &masters, stand_in, gpg, now: plan.now };
    // The rehearsal took its time.
    let now = station.ledger()?.last().map_or(plan.now, |last| last.max(plan.now));
    let (recorder, _) = station.recorder(now, Access::Look)?;
    let mut names: Vec<PathBuf> = Vec::new();
    let answers = copy.answers();
    exchange::visit_batches(&answers, ".response.json", exchange::MAX_LISTED, |n| names.push(n))?;
    names.sort();
    let (mut signed, mut bad) = (BTreeMap::new(), 0);
    for some in names.chunks(AT_ONCE) {
        let some = read(some, &answers, &recorder, station, stand_in)?;
        let both = some.iter().filter_map(|a| a.answer.as_ref().map(|x| (&a.request, x)));
        let told = consumers.told(both);
        for Answered { request, answer, statements } in some {
            if signed.is_empty() {
                console.show("\nWHAT CONSUMERS MAKE OF IT\n");
            }
            let words = match &answer {
                Some(answer) => consumers.look(&request, answer, &told),
                None => vec![sealed()],
            };
            signed.insert(request.id(), statements);
            bad += usize::from(words.iter().any(|word| !word.good));
            show(console, request.id(), &words, signed.len());
        }
    }
    if bad > 0 {
        return Err(RehearsalError::Consumers(bad));
    }
    Ok(signed)
}

/// One answer of the rehearsal; without signatures where they are sealed.
struct Answered {
    request: Request,
    answer: Option<Rehearsed>,
    statements: Vec<Sha256>,
}

/// Reads some answers, but for refusals.
fn read(
    names: &[PathBuf],
    answers: &Path,
    recorder: &Recorder,
    station: &Station,
    stand_in: &Certificate,
) -> Result<Vec<Answered>, RehearsalError> {
    let mut found = Vec::new();
    for name in names {
        let bytes = exchange::read_path(&answers.join(name), response::MAX_BYTES)?;
        let response = Response::parse(&bytes)?;
        let id = response.request;
        if matches!(response.outcome, Outcome::Refused { .. }) {
            continue;
        }
        let consented = recorder.consented(id)?.ok_or(RehearsalError::NotConsented(id))?;
        let bytes = exchange::read_path(&station.kept(id), MAX_BYTES)?;
        let unreadable = |_| RehearsalError::Session(Box::new(SessionError::Changed(id)));
        let request = Request::parse(&bytes, MAX_BYTES).map_err(unreadable)?;
        let answer = match response.sealed() {
            Some(_) => None,
            None => Some(response.rehearsed(&request, stand_in)?),
        };
        found.push(Answered { request, answer, statements: consented.statements });
    }
    Ok(found)
}

fn sealed() -> Word {
    let text = "sealed: only a custodian can look at it".to_owned();
    Word { consumer: Consumer::Countersign, text, good: true }
}

/// The first answers of a batch are shown, and every one that is not good.
fn show(console: &mut impl Console, id: RequestId, words: &[Word], number: usize) {
    const MOST: usize = 20;
    let good = words.iter().all(|word| word.good);
    if good && number > MOST {
        return;
    }
    console.show(&format!("request {}\n", id.0.short()));
    for word in words {
        let mark = if word.good { "good " } else { "WRONG" };
        let consumer = word.consumer.to_string();
        console.show(&format!("  {mark} {consumer:<12} {}\n", Safe(&word.text)));
    }
}
