//! The arguments of `countersign request …`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::super::args::{ListArgs, OutputArgs, PrepareArgs, SignerArgs};
use crate::cli::revocation::args::JudgedArgs;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

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
    /// Ask a master to certify developers whom another master certified
    #[command(
        after_help = "Example:\n  countersign request recertify --all-from OLD --master NEW \
--local-user maria@example.org --output stick\n(OLD and NEW stand for the masters' fingerprints)"
    )]
    Recertify(RecertifyArgs),
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
    /// Have a master make its own revocation in advance, sealed until it is needed
    #[command(after_help = "Example:\n  countersign request prepare-revocation --reason \
superseded --master OLD --custodian cora.asc --local-user maria@example.org --output stick\n\
(OLD stands for the master's fingerprint)")]
    PrepareRevocation(PrepareArgs),
    /// Approve requests with your signature; shows first what each asks for
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
    #[arg(long = "remark", value_name = "TEXT", allow_hyphen_values = true)]
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

/// Who is to be certified by another master.
#[derive(Debug, ClapArgs)]
pub struct RecertifyArgs {
    /// The developers' fingerprints
    #[arg(required_unless_present = "all_from", conflicts_with = "all_from")]
    pub developers: Vec<Fingerprint>,
    /// Everybody on record whom this master certified
    #[arg(long, value_name = "FINGERPRINT")]
    pub all_from: Option<Fingerprint>,
    /// How long: 90d, 18m, 2y, a date, or `none`
    #[arg(long, default_value = "2y")]
    pub validity: String,
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
    #[command(flatten)]
    #[allow(missing_docs)]
    pub why: WhyArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub effect: JudgedArgs,
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

/// Why a key is revoked.
#[derive(Debug, ClapArgs)]
pub struct WhyArgs {
    /// Why, for machines
    #[arg(long, value_enum)]
    pub reason: KeyReasonArg,
    /// Why, for people: one line, published with the revocation
    #[arg(long, default_value = "")]
    pub text: String,
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
    /// The requests
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Do not ask: you have read them
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
