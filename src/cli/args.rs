//! The arguments of `countersign`. Manual pages and completions are made from these definitions.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub use super::module::args::{ListArgs, ModuleVerb};
pub use super::qr::args::{QrVerb, ScanArgs, ShowArgs};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// Requests to an offline OpenPGP signing station, and what becomes of them
#[derive(Debug, Parser)]
#[command(name = "countersign", version, propagate_version = true)]
#[command(after_help = "Exit status: 0 done · 1 failed · 2 wrong usage · 3 refused by the policy \
or by a person · 4 an answer, certificate or journal is not what it should be")]
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
    /// Check and install the station's answers
    #[command(subcommand)]
    Response(ResponseVerb),
    /// Developers on record, and what the masters say of them
    #[command(subcommand)]
    Developer(DeveloperVerb),
    /// Sign modules, judge them, and tell what FreePBX says of them
    #[command(subcommand)]
    Module(ModuleVerb),
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

/// `countersign request …`
#[derive(Debug, Subcommand)]
pub enum RequestVerb {
    /// Ask for the certification of your own key
    #[command(after_help = "Example:\n  countersign request certify --local-user \
alice@example.org --validity 2y --accept-agreement authority/agreement.txt --output stick")]
    Certify(CertifyArgs),
    /// Ask that everything a master ever certified on a key be revoked
    #[command(after_help = "Example:\n  countersign request revoke ALICE --reason \
user-id-invalid --text 'left the project' --local-user maria@example.org --output stick\n\
(ALICE stands for the developer's fingerprint)")]
    Revoke(RevokeArgs),
    /// Ask that the master sign a module
    #[command(after_help = "Example:\n  countersign request module blacklist --local-user \
maria@example.org --output stick")]
    Module(RequestModuleArgs),
    /// Show requests as the station will, with every rule's verdict
    #[command(after_help = "Example:\n  countersign request show stick/*.request.asc")]
    Show {
        /// The requests
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Who asks, which master, and where the request goes.
#[derive(Debug, ClapArgs)]
pub struct AskArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
    /// The master to ask; default: the last one in the policy (to revoke: that certified the key)
    #[arg(long, value_name = "FINGERPRINT")]
    pub master: Option<Fingerprint>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// A developer's own key, and what is asked for it.
#[derive(Debug, ClapArgs)]
pub struct CertifyArgs {
    /// The key-signing agreement that you have read and accept
    #[arg(long, value_name = "FILE")]
    pub accept_agreement: PathBuf,
    /// How long: 90d, 18m, 2y, a date, or `none`
    #[arg(long, default_value = "2y")]
    pub validity: String,
    /// A user ID to certify, exactly; default: all that are valid
    #[arg(long = "user-id", value_name = "TEXT")]
    pub user_ids: Vec<String>,
    /// Ask to become a trusted introducer with this amount (60 partial, 120 complete)
    #[arg(long, value_name = "AMOUNT")]
    pub trust: Option<u8>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// Whose certifications are to be revoked, and why.
#[derive(Debug, ClapArgs)]
pub struct RevokeArgs {
    /// The developer's fingerprint
    pub developer: Fingerprint,
    /// Why, for machines
    #[arg(long, value_enum, default_value = "unspecified")]
    pub reason: ReasonArg,
    /// Why, for people: one line, published with the revocation
    #[arg(long, default_value = "")]
    pub text: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// The module that the master is to sign.
#[derive(Debug, ClapArgs)]
pub struct RequestModuleArgs {
    /// The module's folder; carry it (or its package) to the station beside the request
    #[arg(value_name = "DIR|TGZ")]
    pub path: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// Reasons for a revocation.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReasonArg {
    /// No reason given (code 0)
    Unspecified,
    /// The user ID is no longer valid (code 32)
    UserIdInvalid,
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
    /// The answers
    #[arg(required = true, value_name = "FILE")]
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
