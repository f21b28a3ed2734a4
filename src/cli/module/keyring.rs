//! The keys that modules are judged with, from the command line or from the authority's record.

use std::path::{Path, PathBuf};

use super::args::{JudgeArgs, KeyringArgs};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::cli::args::Common;
use crate::exchange;
use crate::module::Keyring;
use crate::module::keyring::Gatherer;
use crate::module::strict::WeakChains;
use crate::safe::{Safe, chain};

/// Longest keyring file, in bytes.
const MAX_FILE: usize = 64 << 20;

/// Gathers the keyring, and says on standard error what of it cannot be read.
pub(super) fn gather(common: &Common, args: &KeyringArgs) -> Result<Keyring, Failure> {
    let (masters, record) = if args.masters.is_empty() {
        let authority = Authority::open(&common.authority).map_err(|error| {
            Failure::from(error)
                .hint("name the authority's record with --authority DIR")
                .hint("or the masters' certificates with --masters PATH")
        })?;
        (authority.masters().to_vec(), Some(authority.folder().join("developers")))
    } else {
        (read_masters(&args.masters)?, None)
    };
    let mut gatherer = Keyring::of(&masters);
    for path in record.iter().chain(&args.keyring) {
        gatherer = add(gatherer, path)?;
    }
    let keyring = gatherer.finish();
    for refused in keyring.refused() {
        let source = Safe(&refused.source);
        eprintln!("note: {source} is left out: {}", Safe(&chain(&refused.error)));
    }
    Ok(keyring)
}

fn add(gatherer: Gatherer, path: &Path) -> Result<Gatherer, Failure> {
    if path.is_dir() {
        return Ok(gatherer.folder(path));
    }
    let untrusted = exchange::read_path(path, MAX_FILE)?;
    Ok(gatherer.bytes(&path.display().to_string(), &untrusted))
}

fn read_masters(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let none: [Certificate; 0] = [];
    let gatherer = paths.iter().try_fold(Keyring::of(&none), |all, path| add(all, path))?;
    let keyring = gatherer.finish();
    // A master that is not read is trust that is missing, or a revocation.
    if let Some(refused) = keyring.refused().first() {
        let text = format!("{}: {}", refused.source, chain(&refused.error));
        return Err(Failure::say(Exit::Untrue, text));
    }
    if keyring.others().is_empty() {
        return Err(Failure::say(Exit::Failed, "--masters names no certificate"));
    }
    Ok(keyring.others().to_vec())
}

impl JudgeArgs {
    /// What to make of old SHA-1 certifications.
    pub(super) fn weak(&self) -> WeakChains {
        if self.accept_weak_chains { WeakChains::Accept } else { WeakChains::Refuse }
    }
}
