//! The arguments of `countersign module …`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::cli::args::{Form, SignerArgs};
use crate::module::tree::Selection;
use crate::time::Timestamp;

/// `countersign module …`
#[derive(Debug, Subcommand)]
pub enum ModuleVerb {
    /// Sign a module's folder: writes module.sig once the new one verifies
    #[command(after_help = "Example:\n  countersign module sign blacklist --local-user \
alice@example.org")]
    Sign(SignArgs),
    /// Look for what keeps a module from being signed or FreePBX from reading it
    #[command(after_help = "Example:\n  countersign module check blacklist")]
    Check {
        /// The modules' folders
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// Whose rules say which files are listed
        #[arg(long, value_enum, default_value = "public")]
        profile: Profile,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Judge modules strictly, and say what FreePBX says of them
    #[command(after_help = "Example:\n  countersign module verify blacklist")]
    Verify {
        /// The modules' folders
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs)]
        judge: JudgeArgs,
        /// Say all that was found, not the first thing alone
        #[arg(long)]
        details: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Tell in plain words what is in a module.sig, who signed it and why that counts
    #[command(after_help = "Example:\n  countersign module explain blacklist/module.sig")]
    Explain {
        /// A module.sig, or a module's folder
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
        #[command(flatten)]
        #[allow(missing_docs)]
        judge: JudgeArgs,
    },
    /// Make the package that FreePBX downloads, RAWNAME-VERSION.tgz.gpg
    #[command(after_help = "Example:\n  countersign module package blacklist --local-user \
alice@example.org --output packages")]
    Package(PackageArgs),
    /// Unpack a package as a new folder, all of it or nothing
    #[command(after_help = "Example:\n  countersign module unpack --verify \
packages/blacklist-17.0.3.tgz.gpg --into unpacked")]
    Unpack(UnpackArgs),
}

/// What is packed, and by whom it is signed.
#[derive(Debug, ClapArgs)]
pub struct PackageArgs {
    /// The module's folder, signed
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub by: ByArgs,
    /// Pack the module although it is not good
    #[arg(long)]
    pub unverified: bool,
    /// By whose rules the module was signed
    #[arg(long, value_enum, default_value = "public")]
    pub profile: Profile,
    /// The folder for the package
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// What is unpacked, and whether its signature is asked for.
#[derive(Debug, ClapArgs)]
pub struct UnpackArgs {
    /// The package
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub trust: TrustArgs,
    /// The folder that the module's folder is made in
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keys: KeyringArgs,
}

/// Whether a package's signature is asked for: one of the two has to be said.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct TrustArgs {
    /// Only if a key signed it that a master certified
    #[arg(long)]
    pub verify: bool,
    /// Whoever signed it, if anybody did
    #[arg(long)]
    pub unverified: bool,
}

/// What is signed, and how.
#[derive(Debug, ClapArgs)]
pub struct SignArgs {
    /// The module's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub by: ByArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// What a module's list says of itself.
#[derive(Debug, ClapArgs)]
pub struct ListArgs {
    /// Whose rules say which files are listed and how the list looks
    #[arg(long, value_enum, default_value = "public")]
    pub profile: Profile,
    /// The repository that the list names; default: manual, or standard with --profile official
    #[arg(long, value_name = "WORD")]
    pub repo: Option<String>,
    /// The program that the list names
    #[arg(long, value_name = "TEXT", default_value = concat!("countersign ", env!("CARGO_PKG_VERSION")))]
    pub signed_by: String,
    /// From when on FreePBX disables the module (--profile public)
    #[arg(long, value_parser = Timestamp::parse, value_name = "DATE")]
    pub expires_after: Option<Timestamp>,
    /// Name the module in the list, so that it is not good in another module's folder
    #[arg(long)]
    pub rawname: bool,
}

/// Whose key signs, and with whose keys that is judged.
#[derive(Debug, ClapArgs)]
pub struct ByArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub signer: SignerArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keys: KeyringArgs,
}

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// The public packaging tool's: what third parties use
    Public,
    /// The project's own servers': no i18n, no *.txt, a time stamp
    Official,
}

impl Profile {
    /// The files that belong in a list.
    pub fn selection(self) -> Selection {
        match self {
            Self::Public => Selection::Public,
            Self::Official => Selection::Official,
        }
    }
}

/// With whose keys modules are judged; without these, by the authority's record.
#[derive(Debug, ClapArgs)]
pub struct KeyringArgs {
    /// The masters' certificates, a file or a folder: these are trusted, whatever they say
    #[arg(long, value_name = "PATH")]
    pub masters: Vec<PathBuf>,
    /// Developers' certificates, a file or a folder: these count as far as the masters say
    #[arg(long, value_name = "PATH")]
    pub keyring: Vec<PathBuf>,
    /// A trust bundle instead of keyrings, signed by masters that are pinned or named
    #[arg(long, value_name = "FILE", conflicts_with = "keyring")]
    pub bundle: Option<PathBuf>,
    /// What bundles were taken before: no older one is taken after it
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub state: Option<PathBuf>,
}

/// How modules are judged.
#[derive(Debug, ClapArgs)]
pub struct JudgeArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keys: KeyringArgs,
    /// Accept a chain that rests on a SHA-1 certification of before 2019-01-19
    #[arg(long)]
    pub accept_weak_chains: bool,
    /// Where the PBX's files are, if not on this system
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
}
