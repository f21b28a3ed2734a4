//! Whose keys modules are judged with: those that were named, those of the authority's record, or
//! those of a trust bundle.

use std::cell::OnceCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::args::{JudgeArgs, KeyringArgs};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::bundle::{Accepted, all_known};
use crate::certificate::Certificate;
use crate::cli::args::Common;
use crate::cli::bundle::take;
use crate::exchange;
use crate::module::keyring::Gatherer;
use crate::module::strict::WeakChains;
use crate::module::{Keyring, SignedText};
use crate::safe::{Safe, chain};

/// Longest keyring file, in bytes.
const MAX_FILE: usize = 64 << 20;

/// Masters and developers, all read or only looked up.
pub(super) enum Keys {
    /// Everybody is here.
    Whole(Keyring),
    /// Everybody can be looked up.
    Bundle(Box<Accepted>, OnceCell<Keyring>),
}

/// The keyring for one module.
pub(super) enum Chosen<'a> {
    Everybody(&'a Keyring),
    Few(Box<Keyring>),
}

impl Deref for Chosen<'_> {
    type Target = Keyring;

    fn deref(&self) -> &Keyring {
        match self {
            Self::Everybody(keyring) => keyring,
            Self::Few(keyring) => keyring,
        }
    }
}

impl Keys {
    /// Everybody.
    pub(super) fn whole(&self) -> Result<&Keyring, Failure> {
        match self {
            Self::Whole(keyring) => Ok(keyring),
            Self::Bundle(bundle, whole) => {
                if let Some(keyring) = whole.get() {
                    return Ok(keyring);
                }
                let keyring = bundle.keyring()?;
                Ok(whole.get_or_init(|| keyring))
            }
        }
    }

    /// Everybody who matters for a text that was signed: the others are not even read. Where a
    /// signature is nobody's, everybody matters, to FreePBX at least.
    pub(super) fn for_text(&self, text: Option<&SignedText>) -> Result<Chosen<'_>, Failure> {
        let Self::Bundle(bundle, whole) = self else { return Ok(Chosen::Everybody(self.whole()?)) };
        if let Some(keyring) = whole.get() {
            return Ok(Chosen::Everybody(keyring));
        }
        let signatures = text.map(SignedText::signatures).unwrap_or_default();
        let keyring = bundle.keyring_for(signatures)?;
        if all_known(signatures, &keyring) {
            Ok(Chosen::Few(Box::new(keyring)))
        } else {
            Ok(Chosen::Everybody(self.whole()?))
        }
    }
}

/// Gathers the keys, and says on standard error what of them cannot be read.
pub(super) fn gather(common: &Common, args: &KeyringArgs) -> Result<Keys, Failure> {
    if let Some(bundle) = &args.bundle {
        let accepted = take(common, bundle, args.state.as_deref(), &args.masters)?;
        return Ok(Keys::Bundle(Box::new(accepted), OnceCell::new()));
    }
    let (masters, record) = if args.masters.is_empty() {
        let authority = Authority::open(&common.authority).map_err(|error| {
            Failure::from(error)
                .hint("name the authority's record with --authority DIR")
                .hint("or the masters' certificates with --masters PATH")
                .hint("or a trust bundle with --bundle FILE")
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
        crate::tell!("note: {source} is left out: {}", Safe(&chain(&refused.error)));
    }
    Ok(Keys::Whole(keyring))
}

fn add(gatherer: Gatherer, path: &Path) -> Result<Gatherer, Failure> {
    if path.is_dir() {
        return Ok(gatherer.folder(path));
    }
    let untrusted = exchange::read_path(path, MAX_FILE)?;
    Ok(gatherer.bytes(&path.display().to_string(), &untrusted))
}

/// The masters' certificates in these files and folders.
pub(in crate::cli) fn read_masters(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
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
