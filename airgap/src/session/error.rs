//! Why a session stopped, and what a person can do about it.

use std::io;

use countersign::exchange::{CourierError, ExchangeError};
use countersign::operation::StatementError;
use countersign::request::{PredictionError, RequestId};
use countersign::response::ResponseError;
use countersign::safe::{Safe, counted};
use countersign::scratch::ScratchError;
use countersign::time::Timestamp;

use crate::card::CardError;
use crate::consent::BatchError;
use crate::recorder::RecorderError;
use crate::rehearsal::Difference;
use crate::station::StationError;

/// Why a session stopped.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is nothing to do.
    #[error("no request (*.request.asc) in {0}")]
    NoRequest(String),
    /// Too many requests.
    #[error("batch-size: {reason}")]
    Batch {
        /// Why.
        reason: String,
        /// What to do about it.
        mend: String,
    },
    /// A file at the station.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Whoever brings or takes.
    #[error(transparent)]
    Courier(#[from] CourierError),
    /// The journal.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// The station's folder.
    #[error(transparent)]
    Station(#[from] StationError),
    /// The card, before anything was signed.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The card, half-way.
    #[error("the session stopped after {done} of {all} signatures")]
    Interrupted {
        /// Signatures made.
        done: usize,
        /// Signatures consented to.
        all: usize,
        /// Why.
        #[source]
        source: Box<SessionError>,
    },
    /// The counter moved without the journal.
    #[error(
        "the card {card} made {} that this journal does not know{}: its counter is {actual}, the \
         journal expects {expected}", signatures(*actual, *expected), since_when(*since)
    )]
    Counter {
        /// The card.
        card: String,
        /// Its counter.
        actual: u32,
        /// What the journal expects.
        expected: u32,
        /// When it was read before; none where that was in this session.
        since: Option<Timestamp>,
    },
    /// The station found itself not in order.
    #[error("the station's self-test failed: {0}")]
    SelfTest(String),
    /// It is not what was rehearsed.
    #[error("this is not the session that was rehearsed: {}", list(.0))]
    NotAsRehearsed(Vec<Difference>),
    /// Nothing happened that a record could tell of.
    #[error("nothing happened since the last record")]
    NothingToRecord,
    /// A signed text cannot be written.
    #[error("the signed record cannot be written")]
    Text(#[source] anyhow::Error),
    /// The card made another signature than predicted.
    #[error("the card's signature is not the predicted one: it is kept back")]
    Signature(#[from] StatementError),
    /// What is to be signed.
    #[error("what the request asks for cannot be predicted")]
    Prediction(#[from] PredictionError),
    /// The answer as a whole is not what was asked.
    #[error("the answer is not what was asked for: it is kept back")]
    Response(#[from] ResponseError),
    /// A signature that is to be sealed, and cannot be.
    #[error("the revocation cannot be sealed: it was not made")]
    Seal(#[source] anyhow::Error),
    /// Nobody typed the passphrase back.
    #[error("nobody proved that the passphrase is written down: the revocation was not made")]
    Passphrase,
    /// The request at the station is not the one that was consented to.
    #[error("the request {0} kept at the station was changed after consent")]
    Changed(RequestId),
    /// The working space on the disk.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// A batch.
    #[error(transparent)]
    Consent(#[from] BatchError),
    /// The terminal.
    #[error("the console failed")]
    Console(#[from] io::Error),
    /// Answers that could not be written out.
    #[error("{} could not be written; what was signed is in the journal", counted(*count, "file"))]
    Stick {
        /// How many.
        count: usize,
        /// The first failure.
        #[source]
        source: CourierError,
    },
    /// Answers that were shown, and nobody said that they were read.
    #[error("{} not read by the other side", were(*.0))]
    Unread(usize),
}

impl SessionError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRequest(_) => Some("is it the right stick? is it mounted?".into()),
            Self::Batch { mend, .. } => Some(mend.clone()),
            Self::Card(error) => error.hint(),
            Self::Interrupted { source, .. } => source.hint(),
            Self::Counter { .. } => Some(
                "find out what was signed; then go on with --explain-counter 'what it was'".into(),
            ),
            Self::Stick { .. } => Some(
                "put in a good stick and run the session again with the same requests: they are \
                 answered from the journal, without the card"
                    .into(),
            ),
            Self::Unread(_) => Some(
                "run the session again: what was signed is shown again, without the card".into(),
            ),
            Self::NotAsRehearsed(_) => Some(
                "rehearse what is to be signed now, or drop the rehearsal: airgap session rehearse \
                 --discard"
                    .into(),
            ),
            Self::SelfTest(_) => Some("look closer with: airgap station self-test".into()),
            Self::Passphrase => Some(
                "run the session again: another passphrase is made, this one is worth nothing"
                    .into(),
            ),
            Self::Recorder(RecorderError::Clock { .. }) => {
                Some("set the machine's clock, or give the right date with --time".into())
            }
            _ => None,
        }
    }
}

fn were(answers: usize) -> String {
    format!("{} {}", counted(answers, "answer"), if answers == 1 { "was" } else { "were" })
}

/// The first differences, and how many more there are.
fn list(differences: &[Difference]) -> String {
    const MOST: usize = 5;
    let mut lines: Vec<String> =
        differences.iter().take(MOST).map(|d| Safe(&d.to_string()).to_string()).collect();
    match differences.len().checked_sub(MOST) {
        Some(more) if more > 0 => lines.push(format!("and {more} more")),
        Some(_) | None => {}
    }
    lines.join("; ")
}

fn since_when(since: Option<Timestamp>) -> String {
    since.map(|since| format!(", since {since}")).unwrap_or_default()
}

fn signatures(actual: u32, expected: u32) -> String {
    match i64::from(actual) - i64::from(expected) {
        1 => "1 signature".into(),
        n if n > 0 => format!("{n} signatures"),
        n => format!("{} fewer signatures", -n),
    }
}
