//! The arguments of `countersign`. Manual pages and completions are made from these definitions.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub use super::adopt::args::AdoptArgs;
pub use super::bundle::args::BundleVerb;
pub use super::journal::args::JournalVerb;
pub use super::module::args::{ListArgs, ModuleVerb};
pub use super::qr::args::{QrVerb, ScanArgs, ShowArgs};
pub use super::request::args::{AskArgs, KeyReasonArg, RequestVerb};
pub use super::revocation::args::{PrepareArgs, RevocationVerb};
pub use super::rotation::args::RotationVerb;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// Requests to an offline OpenPGP signing station, and what becomes of them
#[derive(Debug, Parser)]
#[command(name = "countersign", version, propagate_version = true)]
#[command(after_help = "Exit status: 0 done · 1 failed · 2 wrong usage · 3 refused by the policy \
or by a person · 4 an answer, certificate or journal is not what it should be · 6 signatures that no \
record covers · 7 something ends soon (authority forecast)")]
pub struct Args {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: Common,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// The authority's public record (a folder)
    #[arg(long, global = true, value_name = "DIR", env = "COUNTERSIGN_AUTHORITY")]
    #[arg(default_value = "authority")]
    pub authority: PathBuf,
    /// Go by this time instead of the clock's, like 2026-11-22T05:40:00Z
    #[arg(long, global = true, value_parser = Timestamp::parse)]
    pub time: Option<Timestamp>,
    /// Print nothing but errors and what was asked for
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// Whether output is for people or for programs.
#[derive(Debug, ClapArgs)]
pub struct Form {
    /// Print JSON (documented in docs/exchange-format.md)
    #[arg(long)]
    pub json: bool,
}

/// What the command is about.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The authority's public record: masters, policy, agreement
    #[command(subcommand)]
    Authority(AuthorityVerb),
    /// Ask the station for something
    #[command(subcommand)]
    Request(RequestVerb),
    /// Have a new master take over: plan, progress, letters
    #[command(subcommand)]
    Rotation(RotationVerb),
    /// Check and install the station's answers
    #[command(subcommand)]
    Response(ResponseVerb),
    /// Developers on record, and what the masters say of them
    #[command(subcommand)]
    Developer(DeveloperVerb),
    /// What a revocation would do; the masters' own ones, sealed in advance
    #[command(subcommand)]
    Revocation(RevocationVerb),
    /// Sign modules, judge them, and tell what FreePBX says of them
    #[command(subcommand)]
    Module(ModuleVerb),
    /// The trust bundle: what consumers need to judge modules
    #[command(subcommand)]
    Bundle(BundleVerb),
    /// What stations did: their published journals, and the records of their sessions
    #[command(subcommand)]
    Journal(JournalVerb),
    /// Carry files by screen and camera, or on paper, instead of on a stick
    #[command(subcommand)]
    Qr(QrVerb),
    /// Write manual pages, shell completions and schemas
    #[command(subcommand, hide = true)]
    Generate(GenerateVerb),
}

/// `countersign authority …`
#[derive(Debug, Subcommand)]
pub enum AuthorityVerb {
    /// Begin a public record around a master key
    #[command(after_help = "Example:\n  countersign authority init --name 'Example Project' \
--domain example.org --master master.asc --agreement agreement.txt --manager maria.asc")]
    Init {
        /// The authority's name
        #[arg(long)]
        name: String,
        /// The project's domain: it names the notation that records the agreement
        #[arg(long)]
        domain: String,
        /// A master's certificate; several for several masters
        #[arg(long = "master", required = true, value_name = "FILE")]
        masters: Vec<PathBuf>,
        /// The key-signing agreement's text
        #[arg(long, value_name = "FILE")]
        agreement: PathBuf,
        /// The certificate of somebody who may ask for revocations
        #[arg(long = "manager", value_name = "FILE")]
        managers: Vec<PathBuf>,
        /// Where the certification policy is published
        #[arg(long, value_name = "URI")]
        policy_uri: Option<String>,
    },
    /// Show masters, managers, agreement and limits
    #[command(after_help = "Example:\n  countersign authority show")]
    Show(Form),
    /// Take over an existing project: who certified whom, what counts, and what has to be done
    #[command(after_help = "Example:\n  countersign authority adopt --keyring old-keys")]
    Adopt(AdoptArgs),
    /// Tell what ends by when, and what stops working with it
    #[command(
        after_help = "Example:\n  countersign authority forecast --days 30\n(exit status 0: \
nothing ends within these days; 7: something does)"
    )]
    Forecast(ForecastArgs),
}

/// What is looked ahead for.
#[derive(Debug, ClapArgs)]
pub struct ForecastArgs {
    /// How many days to look ahead
    #[arg(long, default_value = "90", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=36_600))]
    pub days: u32,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// Who signs, and by which program.
#[derive(Debug, ClapArgs)]
pub struct SignerArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub key: KeyArgs,
    /// The gpg program
    #[arg(long, default_value = "gpg", value_name = "PROGRAM")]
    pub gpg: PathBuf,
}

/// With which key.
#[derive(Debug, ClapArgs)]
#[group(multiple = false)]
pub struct KeyArgs {
    /// Sign with this key of gpg: fingerprint, key id or address
    #[arg(long, short = 'u', value_name = "KEY")]
    pub local_user: Option<String>,
    /// Sign with this exported secret key, without gpg
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Where a result goes.
#[derive(Debug, ClapArgs)]
pub struct OutputArgs {
    /// Write to this file or folder, `-` for standard output; default: this folder
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long)]
    pub force: bool,
}

impl OutputArgs {
    /// Whether it is one file (or standard output) that results are to go to.
    pub fn names_a_file(&self) -> bool {
        self.output.as_ref().is_some_and(|path| !path.is_dir())
    }
}

/// `countersign response …`
#[derive(Debug, Subcommand)]
pub enum ResponseVerb {
    /// Check answers against what was asked
    #[command(after_help = "Example:\n  countersign response verify stick/*.response.json \
--requests stick")]
    Verify(ResponseArgs),
    /// Check answers and add them to the authority's record
    #[command(after_help = "Example:\n  countersign response install stick/*.response.json \
--requests stick")]
    Install(ResponseArgs),
}

/// Answers, and the requests that they answer.
#[derive(Debug, ClapArgs)]
pub struct ResponseArgs {
    /// The answers, or folders of answers
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// A request, or a folder of requests; default: the folder of each answer
    #[arg(long, value_name = "PATH")]
    pub requests: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// `countersign developer …`
#[derive(Debug, Subcommand)]
pub enum DeveloperVerb {
    /// List the developers on record
    #[command(after_help = "Example:\n  countersign developer list")]
    List(Form),
    /// Show what the masters say of one developer
    #[command(after_help = "Example:\n  countersign developer show ALICE\n\
(ALICE stands for the developer's fingerprint)")]
    Show {
        /// The developer's fingerprint
        developer: Fingerprint,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Write certificates in the form that a consumer takes
    #[command(after_help = "Example:\n  countersign developer export --format freepbx \
--output module\n(writes module/signatures/<16 hex digits>.key)")]
    Export {
        /// Whom; default: every developer on record
        developers: Vec<Fingerprint>,
        /// The form
        #[arg(long, value_enum, default_value = "certificate")]
        format: ExportFormat,
        #[command(flatten)]
        #[allow(missing_docs)]
        output: OutputArgs,
    },
}

/// Forms of exported certificates.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportFormat {
    /// One armored file
    Certificate,
    /// A binary keyring with masters and developers
    Keyring,
    /// `signatures/<16 hex digits>.key` as a FreePBX module carries them
    Freepbx,
}

/// `countersign generate …`
#[derive(Debug, Subcommand)]
pub enum GenerateVerb {
    /// Write manual pages into a folder
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Write shell completions into a folder
    Completions {
        /// The folder
        folder: PathBuf,
    },
    /// Write the JSON schemas of requests, responses and journal entries into a folder
    Schema {
        /// The folder
        folder: PathBuf,
    },
    /// Print every rule's name and demand
    Rules,
}
