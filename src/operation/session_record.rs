//! `session-record`: the master signs what its station did. The station makes it by itself, at
//! the end of a session; nobody can ask for it (rule `station-record`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Line, Signable, Statement, StatementError};
use crate::certificate::Certificate;
use crate::journal::Record;
use crate::policy::{Kind, Rule};
use crate::safe::counted;
use crate::time::Timestamp;

/// A cleartext signature (type 0x01, RFC 9580 §5.2.1.2), SHA-512, over a session's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRecord {
    /// The record. Its text is spelled as a request is.
    pub record: Box<Record>,
}

impl Signable for SessionRecord {
    fn rules() -> &'static [Rule] {
        &[]
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::Stated
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        _: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let about = format!("record of session {}", self.record.session);
        Ok(vec![Statement::over_text(created, master, &self.record.text(), about)?])
    }

    fn describe(&self) -> Vec<Line> {
        let record = &self.record;
        let (journal, counter) = (&record.journal, &record.counter);
        vec![
            Line::new("session", record.session.to_string()),
            Line::new("entries", format!("{} to {}", journal.first, journal.last)),
            Line::new("journal head", journal.head.spaced()),
            Line::new("card", &record.card),
            Line::new("counter", format!("{} to {}", counter.before, counter.after)),
            Line::new("decisions", record.decisions.len().to_string()),
        ]
    }

    fn brief(&self) -> String {
        let signatures = counted(self.record.signatures(), "signature");
        format!("session {}, {signatures}", self.record.session)
    }
}
