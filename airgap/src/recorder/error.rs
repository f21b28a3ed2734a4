//! Why the journal cannot be used.

use std::io;
use std::path::PathBuf;

use countersign::exchange::ExchangeError;
use countersign::journal::JournalError;
use countersign::scratch::ScratchError;
use countersign::time::Timestamp;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The file.
    #[error("the journal {} cannot be {action}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another program has it open.
    #[error("another session uses the journal {}", .0.display())]
    InUse(PathBuf),
    /// It does not hold together.
    #[error("the journal {} does not hold together", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Where it breaks.
        source: JournalError,
    },
    /// The confirmed date is before the last entry.
    #[error("the date {actual} is before the journal's last entry, {last}")]
    Clock {
        /// The confirmed date.
        actual: Timestamp,
        /// The last entry's.
        last: Timestamp,
    },
    /// A request's text could not be kept.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// An entry that no reader would take.
    #[error("an entry is longer than the journal's lines may be; it is not written")]
    TooLong,
    /// An operation about nothing: no review lets one through.
    #[error("the request is about nothing that history could be kept of")]
    NoObject,
    /// The index of the journal.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// An earlier write failed: nothing more is written, so that nothing is written after a gap.
    #[error("the journal failed before and is not written any more in this session")]
    Poisoned,
}
