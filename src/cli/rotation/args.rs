//! The arguments of `countersign rotation`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::args::Form;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// `countersign rotation …`
#[derive(Debug, Subcommand)]
pub enum RotationVerb {
    /// Bring a new master into the record, and write the plan rotation.toml
    #[command(after_help = "Example:\n  countersign rotation plan --successor new-master.asc")]
    Plan(PlanArgs),
    /// Show the stage, what it waits for, and who holds what
    #[command(after_help = "Example:\n  countersign rotation status")]
    Status(StatusArgs),
    /// Write letters to those who have to do something
    #[command(after_help = "Example:\n  countersign rotation invite --output letters")]
    Invite(InviteArgs),
}

/// A new master, and when it takes over.
#[derive(Debug, ClapArgs)]
pub struct PlanArgs {
    /// The new master's certificate
    #[arg(long, value_name = "FILE")]
    pub successor: PathBuf,
    /// The master that goes; default: the last one in the policy
    #[arg(long, value_name = "FINGERPRINT")]
    pub old: Option<Fingerprint>,
    /// When the new master is made known; default: now
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    pub start: Option<Timestamp>,
    /// When consumers are to trust both; default: 30 days after the start
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    pub dual_trust: Option<Timestamp>,
    /// From when on only the new one certifies; default: 120 days after the start
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    pub new_only: Option<Timestamp>,
    /// When the old one is revoked; default: 210 days after the start
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    pub retire: Option<Timestamp>,
    /// Replace the plan if there is one
    #[arg(long)]
    pub force: bool,
}

/// What is to be shown of a rotation.
#[derive(Debug, ClapArgs)]
pub struct StatusArgs {
    /// A line for each developer, too
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// Who is to be written to.
#[derive(Debug, ClapArgs)]
pub struct InviteArgs {
    /// The folder for the letters, one file each
    #[arg(long, short, value_name = "DIR")]
    pub output: PathBuf,
    /// Until when an answer is wanted; default: when the stage new-only begins
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    pub due: Option<Timestamp>,
    /// Write to those as well who need not do anything
    #[arg(long)]
    pub all: bool,
    /// Write again to those who were written to
    #[arg(long)]
    pub again: bool,
}
