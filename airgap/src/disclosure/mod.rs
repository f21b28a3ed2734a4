//! The complete list of what leaves the station in a session: before it does, and afterwards.
//!
//! ```text
//! before   what a session over these requests can write, at most
//! after    what is on the stick, held against the list of what the session handed out
//! fields   every field of a file, and its bytes
//! ```

mod after;
mod before;
mod fields;

use countersign::exchange::ExchangeError;
use countersign::request::PredictionError;
use countersign::safe::counted;
use serde::Serialize;

use crate::recorder::RecorderError;
use crate::station::StationError;

pub use after::{OnStick, Stray, after};
pub use before::before;
pub use fields::{Field, fields};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosed {
    /// Its name.
    pub name: String,
    /// Its length in bytes: at most, where it is not written yet; none where it cannot be told.
    pub bytes: Option<u64>,
    /// What it is, for people.
    pub what: String,
    /// Its fields; none where it is a text for people, or encrypted.
    pub fields: Vec<Field>,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// A file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The station.
    #[error(transparent)]
    Station(#[from] StationError),
    /// Its journal.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// A request.
    #[error("what a request asks for cannot be predicted")]
    Prediction(#[from] PredictionError),
    /// No session.
    #[error("no session handed anything out")]
    NoSession,
    /// Not this one.
    #[error("there was no session {0}, or it handed nothing out")]
    NotThatSession(u64),
}

impl Disclosed {
    /// It and its fields, a line each.
    pub fn lines(&self) -> Vec<String> {
        let length = self.bytes.map_or("length not known before".into(), |bytes| {
            counted(usize::try_from(bytes).unwrap_or(usize::MAX), "byte")
        });
        let mut lines = vec![format!("{}  {length}  {}", self.name, self.what)];
        lines.extend(self.fields.iter().map(|field| {
            let times =
                if field.count == 1 { String::new() } else { format!(" in {}", field.count) };
            format!("    {:<44} {}{times}", field.path, counted(field.bytes, "byte"))
        }));
        lines
    }
}
