//! The arguments of `countersign`. Manual pages and completions are made from these definitions.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub use super::module::args::{ListArgs, ModuleVerb};
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

impl OutputArgs {
    /// Whether it is one file (or standard output) that results are to go to.
    pub fn names_a_file(&self) -> bool {
        self.output.as_ref().is_some_and(|path| !path.is_dir())
    }
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
    /// Ask two masters to certify each other: one request for each card
    #[command(after_help = "Example:\n  countersign request cross-certify --local-user \
maria@example.org --output stick")]
    CrossCertify(CrossCertifyArgs),
    /// Ask two masters to say in one text that the new one follows the old one
    #[command(after_help = "Example:\n  countersign request transition-statement --effective \
2027-01-01T00:00:00Z --local-user maria@example.org --output stick")]
    TransitionStatement(TransitionArgs),
    /// Ask that a master give itself another end
    #[command(after_help = "Example:\n  countersign request renew-master --expires \
2032-01-01T00:00:00Z --local-user maria@example.org --output stick")]
    RenewMaster(RenewMasterArgs),
    /// Ask that a master revoke itself or one of its subkeys; shows first what would stop
    #[command(after_help = "Example:\n  countersign request revoke-key --master OLD --reason \
superseded --text 'replaced' --local-user maria@example.org --output stick\n\
(OLD stands for the master's fingerprint)")]
    RevokeKey(RevokeKeyArgs),
    /// Approve a request with your signature; shows first what it asks for
    #[command(
        after_help = "Example:\n  countersign request approve stick/revoke-key-*.request.asc \
--local-user bob@example.org --yes"
    )]
    Approve(ApproveArgs),
    /// Put the signatures of several copies of one request together
    #[command(after_help = "Example:\n  countersign request join stick/revoke-key-*.request.asc \
copies/*.request.asc --output stick --force")]
    Join(JoinArgs),
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

/// Two masters of the authority.
#[derive(Debug, ClapArgs)]
pub struct PairArgs {
    /// The master that is followed; default: the last but one in the policy
    #[arg(long, value_name = "FINGERPRINT")]
    pub old: Option<Fingerprint>,
    /// The master that follows; default: the last one in the policy
    #[arg(long, value_name = "FINGERPRINT")]
    pub new: Option<Fingerprint>,
}

/// Which masters are to certify each other.
#[derive(Debug, ClapArgs)]
pub struct CrossCertifyArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub pair: PairArgs,
    /// How long: 90d, 18m, 2y, a date, or `none`
    #[arg(long, default_value = "none")]
    pub validity: String,
    /// Whose certifications whoever trusts the other master alone is to trust as well
    #[arg(long, value_enum, default_value = "new")]
    pub vouch: VouchArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// Whose certifications the other master vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VouchArg {
    /// The old master vouches for the new one's
    New,
    /// Each vouches for the other's
    Both,
    /// Nobody: each is certified, and has to be trusted by itself
    None,
}

/// What both masters are to say.
#[derive(Debug, ClapArgs)]
pub struct TransitionArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub pair: PairArgs,
    /// From when on the new master signs; default: now
    #[arg(long, value_parser = Timestamp::parse, value_name = "DATE")]
    pub effective: Option<Timestamp>,
    /// A further line for people; several for several lines
    #[arg(long = "remark", value_name = "TEXT")]
    pub remarks: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// Which master is to last how long.
#[derive(Debug, ClapArgs)]
pub struct RenewMasterArgs {
    /// The new end: 5y, a date, or `none`
    #[arg(long, value_name = "WHEN")]
    pub expires: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// Which master revokes what of itself, and why.
#[derive(Debug, ClapArgs)]
pub struct RevokeKeyArgs {
    /// Only this subkey, by its fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub subkey: Option<Fingerprint>,
    /// Why, for machines
    #[arg(long, value_enum)]
    pub reason: KeyReasonArg,
    /// Why, for people: one line, published with the revocation
    #[arg(long, default_value = "")]
    pub text: String,
    /// Go on although so many developers stop, as shown before
    #[arg(long, value_name = "N")]
    pub accept_stop: Option<u32>,
    /// The master that is to revoke itself
    #[arg(long, value_name = "FINGERPRINT")]
    pub master: Fingerprint,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// Reasons for a key's revocation.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KeyReasonArg {
    /// Another key takes its place (code 1)
    Superseded,
    /// Somebody else may have it (code 2): nothing that it ever signed counts
    Compromised,
    /// It is not used any more (code 3)
    Retired,
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

/// What is approved, and by whom.
#[derive(Debug, ClapArgs)]
pub struct ApproveArgs {
    /// The request
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Do not ask: you have read it
    #[arg(long)]
    pub yes: bool,
    /// Write to this file or folder, `-` for standard output; default: FILE itself, with your
    /// signature added
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file named with --output if there is one
    #[arg(long, requires = "output")]
    pub force: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
}

/// Copies of one request.
#[derive(Debug, ClapArgs)]
pub struct JoinArgs {
    /// The copies
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
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
