//! `countersign bundle build`

use std::path::Path;

use super::args::BuildArgs;
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::bundle::{Composed, Contents, Serial, compose, keyring_name};
use crate::cli::args::{Common, OutputArgs};
use crate::cli::module::Count;
use crate::cli::request::Asking;
use crate::cli::signer::Signer;
use crate::exchange;
use crate::operation::{Operation, TrustBundle};
use crate::policy::{Evidence, KeyringFile};
use crate::request::Draft;
use crate::safe::{Safe, counted};
use crate::time::Timestamp;

pub(super) fn run(common: &Common, args: &BuildArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)
        .map_err(|e| Failure::from(e).hint("name the authority's record with --authority DIR"))?;
    let folder = folder_for(&args.ask.output)?;
    let now = crate::cli::now(common.time);
    let asking = Asking::new(common, &authority, now);
    let signer = Signer::new(&args.ask.signer)?;
    let master = asking.master(args.ask.master)?;
    let composed = composed(common, &authority, args.serial.map(Serial), now)?;
    report(common, &composed);

    let contents = Contents::of(&composed.keyring, authority.masters(), |_| Ok::<_, Failure>(()))?;
    let last_bundle = authority.last_bundle()?.map(|bundle| bundle.head().clone());
    let keyring = KeyringFile::Read(contents);
    let evidence = Evidence { keyring, last_bundle, ..Evidence::default() };
    let asked = Operation::TrustBundle(TrustBundle { head: composed.head.clone() });
    let draft = Draft::new(now, master.fingerprint(), asked);
    // Before the request: one without its keyring would be refused.
    let beside = folder.join(keyring_name(composed.head.serial));
    exchange::write_path(&beside, &composed.keyring)?;
    let asked = asking.finish(&signer, &draft, &evidence, &args.ask.output);
    if asked.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    asked?;
    authority.keep_keyring(&composed.head, &composed.keyring)?;
    if !common.quiet {
        crate::tell!("and beside it {}", Safe(&beside.display().to_string()));
    }
    Ok(())
}

fn composed(
    common: &Common,
    authority: &Authority,
    serial: Option<Serial>,
    now: Timestamp,
) -> Result<Composed, Failure> {
    let serial = match serial {
        Some(serial) => serial,
        None => authority.last_serial()?.next(),
    };
    let blocked = authority.blocked()?;
    let count = Count::of(authority.developers()?.len(), common);
    let composed = compose(authority, serial, now, blocked, &|| count.one());
    count.finish();
    Ok(composed?)
}

/// Who is left out, and what should be known of those who are not.
fn report(common: &Common, composed: &Composed) {
    for (key, name, why) in &composed.left_out {
        crate::tell!("left out: {key} {}: {why}", Safe(name));
    }
    for (key, name, note) in &composed.notes {
        crate::tell!("note: {key} {}: {note}", Safe(name));
    }
    if !common.quiet {
        let head = &composed.head;
        let developers = counted(head.developers as usize, "developer");
        let blocked = counted(head.blocked.len(), "blocked module");
        let (serial, bytes) = (head.serial, head.keyring.bytes);
        crate::tell!("trust bundle {serial}: {developers}, {blocked}, {bytes} bytes");
    }
}

/// The keyring lies where the request does.
fn folder_for(output: &OutputArgs) -> Result<&Path, Failure> {
    match output.output.as_deref() {
        None => Ok(Path::new(".")),
        Some(path) if path == Path::new("-") => {
            let text = "a bundle's keyring goes beside the request: name a folder";
            Err(Failure::say(Exit::Usage, text).hint("--output stick"))
        }
        Some(path) if path.is_dir() => Ok(path),
        Some(path) => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => Ok(parent),
            _ => Ok(Path::new(".")),
        },
    }
}
