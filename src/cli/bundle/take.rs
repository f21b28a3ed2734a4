//! A consumer takes a bundle, and remembers it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::args::TakenArgs;
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::bundle::{Accepted, Bundle, BundleError, Pinned, Refusal, State};
use crate::certificate::Certificate;
use crate::cli::args::{Common, Form};
use crate::cli::module::read_masters;
use crate::exchange;
use crate::safe::{Safe, chain, counted};

/// Reads a bundle and believes it as far as the state's masters bear it out; at the first use the
/// masters given; without a state these, or those of the authority's record. What was
/// learned is in the state before anybody goes by the bundle.
pub(in crate::cli) fn take(
    common: &Common,
    file: &Path,
    state: Option<&Path>,
    masters: &[PathBuf],
) -> Result<Accepted, Failure> {
    // Two at a time must not put back what the other one took.
    let _alone = state.map(lock).transpose()?;
    let known = state.map(State::read).transpose().map_err(damaged)?.flatten();
    let first = known.is_none();
    let pinned = match known {
        Some(pinned) => pinned,
        None if !masters.is_empty() => Pinned::first(read_masters(masters)?),
        // A state is for good: nobody is pinned because a record happens to lie around.
        None if state.is_some() => {
            let failure = Failure::say(Exit::Usage, "no master is pinned in the state yet");
            return Err(failure.hint("name those to be pinned: --masters PATH"));
        }
        None => by_record(common)?,
    };
    let now = crate::cli::now(common.time);
    let name = file.display().to_string();
    let accepted = read(file)
        .and_then(|bundle| bundle.accept(&pinned, now))
        .map_err(|refusal| refused(&name, refusal))?;
    if let Some(path) = state {
        accepted.state().write(path)?;
        if first && !common.quiet {
            for master in accepted.pinned() {
                crate::tell!("note: pinned from now on: the master {}", master.fingerprint());
            }
        }
    }
    for news in accepted.news() {
        crate::tell!("note: {}: {news}", Safe(&name));
    }
    Ok(accepted)
}

/// `countersign bundle verify`
pub(super) fn verify(common: &Common, args: &TakenArgs, form: &Form) -> Result<(), Failure> {
    let accepted = take(common, &args.file, args.state.as_deref(), &args.masters)?;
    let head = accepted.head();
    if form.json {
        let value = json!({
            "version": 1,
            "authority": head.authority,
            "serial": head.serial,
            "made": head.made,
            "expires": head.expires,
            "signed_by": accepted.signed_by(),
            "masters": accepted.masters().iter().map(Certificate::fingerprint).collect::<Vec<_>>(),
            "pinned": accepted.pinned().iter().map(Certificate::fingerprint).collect::<Vec<_>>(),
            "developers": head.developers,
            "blocked": head.blocked.len(),
            "notes": accepted.news().iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        crate::say!("{value}");
    } else if !common.quiet {
        let file = args.file.display().to_string();
        crate::say!("good  {}: {}, serial {}", Safe(&file), Safe(&head.authority), head.serial);
        crate::say!("      made {}, good until {}", head.made, head.expires);
        crate::say!("      signed by the master {}", accepted.signed_by());
        let masters = counted(accepted.masters().len(), "master");
        let developers = counted(head.developers as usize, "developer");
        let blocked = counted(head.blocked.len(), "blocked module");
        crate::say!("      {masters}, {developers}, {blocked}");
    }
    Ok(())
}

fn read(file: &Path) -> Result<Bundle, Refusal> {
    let opened = exchange::open_path(file);
    let opened = opened.map_err(|error| BundleError::Io(std::io::Error::other(chain(&error))));
    Ok(Bundle::read(opened?)?)
}

fn refused(name: &str, refusal: Refusal) -> Failure {
    let hint = match &refusal {
        Refusal::Damaged(_) | Refusal::Mixed(_) => "get the file again, from another place perhaps",
        Refusal::OtherAuthority { .. } | Refusal::NotByMaster(_) | Refusal::BadMaster { .. } => {
            "do not use this file: ask the authority before you pin anything else"
        }
        Refusal::Successor { .. } => {
            "ask the authority; a new master is pinned by hand, with a new --state and --masters"
        }
        Refusal::Older { .. } | Refusal::MadeEarlier { .. } | Refusal::Another(_) => {
            "somebody serves old files, or the file was swapped: get the newest one"
        }
        Refusal::Expired { .. } => "get a newer one; if there is none, ask the authority",
    };
    let cannot_be_read = matches!(&refusal, Refusal::Damaged(BundleError::Io(_)));
    let exit = if cannot_be_read { Exit::Failed } else { Exit::Untrue };
    let text = format!("the trust bundle {} is not taken", Safe(name));
    Failure::new(exit, anyhow::Error::new(refusal).context(text)).hint(hint)
}

fn damaged(error: crate::bundle::StateError) -> Failure {
    Failure::new(Exit::Untrue, error)
        .hint("bring back a copy of it; or remove it and pin again, with --masters")
}

fn by_record(common: &Common) -> Result<Pinned, Failure> {
    let authority = Authority::open(&common.authority).map_err(|error| {
        Failure::from(error)
            .hint("name the masters that the bundle has to be signed by, with --masters PATH")
            .hint("or the authority's record with --authority DIR")
    })?;
    Ok(Pinned::first(authority.masters().to_vec()))
}

/// Holds the folder of a state file until the value is dropped.
fn lock(state: &Path) -> Result<File, Failure> {
    let folder = match state.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let error = || format!("the folder of {} cannot be locked", Safe(&state.display().to_string()));
    let folder = File::open(folder).with_context(error)?;
    folder.lock().with_context(error)?;
    Ok(folder)
}
