//! The arguments of `countersign bundle …`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::cli::args::{AskArgs, Form};
use crate::fingerprint::Fingerprint;
use crate::module::RawName;

/// `countersign bundle …`
#[derive(Debug, Subcommand)]
pub enum BundleVerb {
    /// Make a bundle of the record, and ask the master to sign it
    #[command(after_help = "Example:\n  countersign bundle build --local-user \
maria@example.org --output stick\n(the answer, once installed, makes it \
authority/bundles/<serial>.bundle)")]
    Build(BuildArgs),
    /// Block a version of a module, from the next bundle on
    #[command(after_help = "Example:\n  countersign bundle block blacklist 17.0.3 --reason \
'sends call records to strangers'")]
    Block(BlockArgs),
    /// Take a block back, from the next bundle on
    #[command(after_help = "Example:\n  countersign bundle unblock blacklist 17.0.3")]
    Unblock {
        /// The module's raw name
        module: RawName,
        /// Its version
        #[arg(id = "module_version", value_name = "VERSION")]
        version: String,
        /// The developer whom the block names
        #[arg(long, value_name = "FINGERPRINT")]
        developer: Option<Fingerprint>,
    },
    /// List what the next bundle blocks
    #[command(after_help = "Example:\n  countersign bundle blocked")]
    Blocked(Form),
    /// Take a bundle as a consumer does: newer than all before, by pinned masters
    #[command(after_help = "Example:\n  countersign bundle verify \
authority/bundles/1.bundle --state bundle.state --masters authority/masters")]
    Verify {
        #[command(flatten)]
        #[allow(missing_docs)]
        taken: TakenArgs,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Show who and what is in a bundle, trusted or not
    #[command(after_help = "Example:\n  countersign bundle show authority/bundles/1.bundle")]
    Show {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Tell what is new in a bundle since another one
    #[command(after_help = "Example:\n  countersign bundle diff authority/bundles/1.bundle \
authority/bundles/1.bundle")]
    Diff {
        /// The one that is out
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The one to be published
        #[arg(value_name = "NEW")]
        new: PathBuf,
        #[command(flatten)]
        #[allow(missing_docs)]
        form: Form,
    },
    /// Write a bundle as the files that a consumer takes
    #[command(after_help = "Example:\n  countersign bundle export \
authority/bundles/1.bundle --format freepbx --output keys")]
    Export {
        #[command(flatten)]
        #[allow(missing_docs)]
        taken: TakenArgs,
        /// The form
        #[arg(long, value_enum)]
        format: FormatArg,
        /// A new folder for the files
        #[arg(long, short, value_name = "DIR")]
        output: PathBuf,
        /// Only this domain's addresses (--format wkd)
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
    },
}

/// Who asks for the signature.
#[derive(Debug, ClapArgs)]
pub struct BuildArgs {
    /// The bundle's number, if not the next one
    #[arg(long, value_name = "NUMBER")]
    pub serial: Option<u32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// What is blocked, and why.
#[derive(Debug, ClapArgs)]
pub struct BlockArgs {
    /// The module's raw name
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    pub module: Option<RawName>,
    /// Its version, as its module.xml has it
    #[arg(id = "module_version", value_name = "VERSION")]
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    pub version: Option<String>,
    /// The module's folder: its name, its version, and this very list wherever it turns up
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Only what this developer signed; default: whoever signed it
    #[arg(long, value_name = "FINGERPRINT")]
    pub developer: Option<Fingerprint>,
    /// Why, for people: one line, published
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// A bundle, and by whom it has to be signed; without state and masters, by the authority's record.
#[derive(Debug, ClapArgs)]
pub struct TakenArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What was taken before: no older bundle is taken after it
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The masters' certificates, a file or a folder: they are pinned at the first use
    #[arg(long, value_name = "PATH")]
    pub masters: Vec<PathBuf>,
}

/// Forms of an exported bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// FreePBX: `<16 HEX>.key` for masters, `signatures/<16 HEX>.key` for developers
    Freepbx,
    /// GnuPG: a keyring, ownertrust, and a script that imports both
    Gnupg,
    /// A Web Key Directory: a webroot for each host
    Wkd,
    /// A shared OpenPGP certificate directory
    Certd,
    /// The source of a Debian package with the keyring
    Debian,
}
