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

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;

use countersign::certificate::Certificate;
use countersign::drill::Gpg;
use countersign::exchange::{self, ExchangeError, Inbox, Stick};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Software;
use countersign::lint::{Consumer, Consumers, Word};
use countersign::request::{MAX_BYTES, Request, RequestId, Version};
use countersign::response::{self, Outcome, Response, ResponseError};
use countersign::safe::{Safe, counted};
use countersign::scratch::ScratchError;
use countersign::time::Timestamp;

use crate::card::{Card, CardError, LastTry, NewPins, Selector};
use crate::console::Console;
use crate::master::{self, MasterError};
use crate::recorder::{Access, RecorderError};
use crate::session::{self, Couriers, Options, SessionError, StandIn, Task};
use crate::station::{Station, StationError};

use copy::Copy;
pub use file::{Difference, Format, MAX_BYTES as MAX_REHEARSAL, Real, Rehearsal};

/// The PIN of every practice card that a rehearsal makes: it protects nothing.
pub const PIN: &str = "rehearse";
/// Its Admin PIN.
const ADMIN_PIN: &str = "rehearsal-admin";

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
    #[error("requests wait at the station that were consented to: finish them first")]
    Pending,
    /// The session.
    #[error("the rehearsal did not come to its end")]
    Session(#[source] Box<SessionError>),
    /// Nothing was signed.
    #[error("nothing was signed in the rehearsal: there is nothing to hold the session against")]
    Nothing,
    /// A consumer would not take an answer.
    #[error("{0} would not be taken as they are meant")]
    Consumers(String),
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
    if plan.station.ledger()?.pending_after(None)?.is_some() {
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
        requests,
    };
    exchange::write_path(&plan.station.rehearsal_path(), rehearsal.text().as_bytes())?;
    Ok(rehearsal)
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
) -> Result<BTreeMap<RequestId, Vec<countersign::digest::Sha256>>, RehearsalError> {
    let masters: Vec<Certificate> = plan
        .station
        .authority()
        .masters()
        .iter()
        .map(|m| if m.fingerprint() == plan.master { stand_in.clone() } else { m.clone() })
        .collect();
    let gpg = plan.gpg.as_ref();
    let consumers = Consumers { masters: &masters, stand_in, gpg, now: plan.now };
    let (recorder, _) = station.recorder(plan.now, Access::Look)?;
    let mut names: Vec<PathBuf> = Vec::new();
    let answers = copy.answers();
    exchange::visit_batches(&answers, ".response.json", exchange::MAX_LISTED, |n| names.push(n))?;
    names.sort();
    console.show("\nWHAT CONSUMERS MAKE OF IT\n");
    let (mut signed, mut bad) = (BTreeMap::new(), 0);
    for name in names {
        let bytes = exchange::read_path(&answers.join(&name), response::MAX_BYTES)?;
        let response = Response::parse(&bytes)?;
        let id = response.request;
        if matches!(response.outcome, Outcome::Refused { .. }) {
            continue;
        }
        let Some(consented) = recorder.consented(id)? else { continue };
        signed.insert(id, consented.statements);
        let words = words(&consumers, station, id, response)?;
        bad += usize::from(words.iter().any(|word| !word.good));
        show(console, id, &words, signed.len());
    }
    if bad > 0 {
        return Err(RehearsalError::Consumers(counted(bad, "answer")));
    }
    Ok(signed)
}

fn words(
    consumers: &Consumers<'_>,
    station: &Station,
    id: RequestId,
    response: Response,
) -> Result<Vec<Word>, RehearsalError> {
    if response.sealed().is_some() {
        let text = "sealed: only a custodian can look at it".to_owned();
        return Ok(vec![Word { consumer: Consumer::Countersign, text, good: true }]);
    }
    let bytes = exchange::read_path(&station.kept(id), MAX_BYTES)?;
    let unreadable = |_| RehearsalError::Session(Box::new(SessionError::Changed(id)));
    let request = Request::parse(&bytes, MAX_BYTES).map_err(unreadable)?;
    Ok(consumers.look(&request, &response.rehearsed(&request, consumers.stand_in)?))
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
