//! The arguments of `countersign authority adopt`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::args::Form;
use crate::fingerprint::Fingerprint;

/// The keyring of a project, and what is to become of it.
#[derive(Debug, ClapArgs)]
pub struct AdoptArgs {
    /// Certificates of masters and developers: files and folders
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub keyring: Vec<PathBuf>,
    /// A master's fingerprint; several for several, the newest last. Without any, the masters
    /// are proposed
    #[arg(long = "master", num_args = 1.., value_name = "FINGERPRINT")]
    pub masters: Vec<Fingerprint>,
    /// Accept a chain that rests on a SHA-1 certification of before 2019-01-19
    #[arg(long)]
    pub accept_weak_chains: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub record: RecordArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// The record that is written, if one is.
#[derive(Debug, ClapArgs)]
pub struct RecordArgs {
    /// Write a new authority's record into this folder
    #[arg(long, short, value_name = "DIR", requires_all = ["masters", "name", "domain", "agreement"])]
    pub output: Option<PathBuf>,
    /// The authority's name
    #[arg(long, requires = "output")]
    pub name: Option<String>,
    /// The project's domain: it names the notation that records the agreement
    #[arg(long, requires = "output")]
    pub domain: Option<String>,
    /// The key-signing agreement's text
    #[arg(long, value_name = "FILE", requires = "output")]
    pub agreement: Option<PathBuf>,
    /// The certificate of somebody who may ask for revocations
    #[arg(long = "manager", value_name = "FILE", requires = "output")]
    pub managers: Vec<PathBuf>,
    /// Where the certification policy is published
    #[arg(long, value_name = "URI", requires = "output")]
    pub policy_uri: Option<String>,
}
