//! The arguments of `countersign revocation …` and of `request prepare-revocation`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::args::{AskArgs, Form, KeyReasonArg};
use crate::cli::request::args::WhyArgs;
use crate::fingerprint::Fingerprint;

/// `countersign revocation …`
#[derive(Debug, Subcommand)]
pub enum RevocationVerb {
    /// Show what a revocation would do, in a scratch copy of the record
    #[command(after_help = "Example:\n  countersign revocation drill --developer ALICE\n\
(ALICE stands for the developer's fingerprint)")]
    Drill(DrillArgs),
    /// Open a sealed revocation in memory and show what it would do: nothing is written
    #[command(after_help = "Example:\n  countersign revocation test \
authority/revocations/*-superseded.pgp --local-user cora@example.org")]
    Test(SealedArgs),
    /// Open a sealed revocation for publication, once the effect was typed back
    #[command(after_help = "Example:\n  countersign revocation open \
authority/revocations/*-superseded.pgp --local-user cora@example.org --output revocation.asc")]
    Open {
        #[command(flatten)]
        #[allow(missing_docs)]
        sealed: SealedArgs,
        /// The file for the revocation certificate: whoever has it can revoke the master
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Put a colon before its first line, as gpg does: it cannot be imported by accident
        #[arg(long)]
        guard: bool,
    },
}

/// What is tried.
#[derive(Debug, ClapArgs)]
pub struct DrillArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub what: WhatArgs,
    /// A request, or a folder of requests, for --response; default: the folder of each answer
    #[arg(long, value_name = "PATH")]
    pub requests: Option<PathBuf>,
    /// Why the master would be revoked; default: superseded
    #[arg(long, value_enum)]
    pub reason: Option<KeyReasonArg>,
    /// The gpg program, to be asked in a scratch home
    #[arg(long, default_value = "gpg", value_name = "PROGRAM")]
    pub gpg: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judge: EffectArgs,
}

/// One of: answers, a revocation certificate, or a revocation that nobody has made.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct WhatArgs {
    /// Answers of the station, as if they were installed
    #[arg(long = "response", value_name = "FILE")]
    pub responses: Vec<PathBuf>,
    /// A revocation certificate in clear
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// If every master revoked this developer
    #[arg(long, value_name = "FINGERPRINT")]
    pub developer: Option<Fingerprint>,
    /// If this master revoked itself
    #[arg(long, value_name = "FINGERPRINT")]
    pub master: Option<Fingerprint>,
}

/// How an effect is judged, and shown.
#[derive(Debug, ClapArgs)]
pub struct EffectArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judged: JudgedArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub form: Form,
}

/// For which modules an effect is shown, and how it is judged.
#[derive(Debug, ClapArgs)]
pub struct JudgedArgs {
    /// A module's folder; default: the lists in the authority's record
    #[arg(long = "module", value_name = "DIR")]
    pub modules: Vec<PathBuf>,
    /// Accept a chain that rests on a SHA-1 certification of before 2019-01-19
    #[arg(long)]
    pub accept_weak_chains: bool,
}

/// A sealed revocation, and what opens it.
#[derive(Debug, ClapArgs)]
pub struct SealedArgs {
    /// The sealed message
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The request that it answers; default: by the authority's record
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub opener: OpenerArgs,
    /// The gpg program
    #[arg(long, default_value = "gpg", value_name = "PROGRAM")]
    pub gpg: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub judge: EffectArgs,
}

/// What opens a sealed message; by default any secret key of gpg.
#[derive(Debug, ClapArgs)]
#[group(multiple = false)]
pub struct OpenerArgs {
    /// Have gpg try this key first: fingerprint, key id or address
    #[arg(long, short = 'u', value_name = "KEY")]
    pub local_user: Option<String>,
    /// Open with this exported secret key, without gpg
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Open with the passphrase that the station showed, typed at the terminal
    #[arg(long)]
    pub passphrase: bool,
    /// Open with the passphrase in the first line of this file descriptor
    #[arg(long, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
}

/// Which master prepares its revocation, why, and for whom it is sealed.
#[derive(Debug, ClapArgs)]
pub struct PrepareArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub why: WhyArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub seal: SealArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// Who will be able to open it.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct SealArgs {
    /// A custodian's certificate, with a key for encryption; several for several custodians
    #[arg(long = "custodian", value_name = "FILE")]
    pub custodians: Vec<PathBuf>,
    /// Whoever has the passphrase that the station makes and shows once
    #[arg(long)]
    pub passphrase: bool,
}
