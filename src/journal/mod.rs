//! The station's journal, as anybody can read and check it: one JSON object a line, each naming
//! the SHA-256 of the line before it. Writing is the station's work, not this module's.

mod again;
mod audit;
mod compare;
mod counters;
mod entry;
mod ledger;
mod record;
mod slot;
mod software;
mod uncovered;

use std::io::{self, BufRead, Read as _};

pub use again::signed_records;
pub use audit::{Audited, Basis, Explanation, Finding, MAX_FINDINGS, Wrong, audit};
pub use compare::{Compared, compare};
pub use counters::{Counters, Gap};
pub use entry::{Consent, Entry, Event, Moment, Witness};
pub use ledger::{Ledger, Pending};
pub use record::{
    Count, Covered, Decided, Decision, Format as RecordFormat, MAX_BYTES, MAX_LISTED, MAX_REFUSALS,
    Record, RecordError,
};
pub use software::{SelfCheck, SelfResult, SelfTest, Software};
pub use uncovered::{Closing, Uncovered};

use crate::digest::Sha256;
use crate::time::Timestamp;

/// Longest line of a journal, in bytes.
pub const MAX_LINE: u64 = 4 << 20;

/// Why a journal does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Reading failed.
    #[error("the journal cannot be read")]
    Io(#[from] io::Error),
    /// A line longer than any entry.
    #[error("line {line} of the journal is longer than {MAX_LINE} bytes")]
    TooLong {
        /// The line, from 1.
        line: u64,
    },
    /// A line that is not an entry.
    #[error("line {line} of the journal is not an entry")]
    Form {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// An entry that does not continue the one before.
    #[error("the chain breaks at line {line} of the journal: it was edited, cut or mixed")]
    Broken {
        /// The line, from 1.
        line: u64,
    },
    /// An entry dated before the one before it.
    #[error("line {line} of the journal is dated {actual}, before the entry above it, {previous}")]
    Time {
        /// The line, from 1.
        line: u64,
        /// Its date.
        actual: Timestamp,
        /// The date above it.
        previous: Timestamp,
    },
}

/// How a journal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After a whole line.
    Whole,
    /// In the middle of a line, as when the power went: everything from this offset is not part
    /// of the journal.
    Torn {
        /// Bytes that are whole entries.
        at: u64,
    },
}

/// Reads a journal entry by entry, checking the chain.
pub struct Chain<R> {
    input: R,
    line: u64,
    start: u64,
    offset: u64,
    head: Sha256,
    last: Option<Timestamp>,
    end: End,
}

impl<R: BufRead> Chain<R> {
    /// Reads from the first entry on.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: 0,
            start: 0,
            offset: 0,
            head: Sha256::ZERO,
            last: None,
            end: End::Whole,
        }
    }

    /// The digest of the last entry read: what the next one must name.
    pub fn head(&self) -> Sha256 {
        self.head
    }

    /// How the journal ended; final once the iterator is exhausted.
    pub fn end(&self) -> End {
        self.end
    }

    /// Where the last entry that was read begins, in bytes from the journal's beginning.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes are whole entries, so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn read(&mut self) -> Result<Option<Entry>, JournalError> {
        let mut line = Vec::new();
        let length = self.input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.line += 1;
        if length > MAX_LINE {
            return Err(JournalError::TooLong { line: self.line });
        }
        if line.pop() != Some(b'\n') {
            self.end = End::Torn { at: self.offset };
            return Ok(None);
        }
        let entry: Entry = serde_json::from_slice(&line)
            .map_err(|source| JournalError::Form { line: self.line, source })?;
        if entry.previous != self.head || entry.sequence != self.line - 1 {
            return Err(JournalError::Broken { line: self.line });
        }
        if let Some(previous) = self.last.filter(|last| *last > entry.at) {
            return Err(JournalError::Time { line: self.line, actual: entry.at, previous });
        }
        self.head = Sha256::of(&line);
        self.last = Some(entry.at);
        self.start = self.offset;
        self.offset += length;
        Ok(Some(entry))
    }
}

impl<R: BufRead> Iterator for Chain<R> {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
