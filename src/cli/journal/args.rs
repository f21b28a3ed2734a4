//! The arguments of `countersign journal`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::args::Form;

/// `countersign journal …`
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Keep a station's journal, and the records of its sessions, in the authority's record
    #[command(after_help = "Example:\n  countersign journal install stick/journal.jsonl \
stick/*.record.asc")]
    Install {
        /// Journals (`airgap journal export`) and records (`session-….record.asc`)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check every journal from its first entry to its last, and against all that was installed
    #[command(after_help = "Example:\n  countersign journal verify")]
    Verify(Form),
    /// Show what a station did, in words
    #[command(after_help = "Example:\n  countersign journal show stick/journal.jsonl")]
    Show {
        /// A journal; default: those on record
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
}
