//! `countersign revocation drill`

use std::path::Path;

use super::args::DrillArgs;
use super::show::{GpgColumn, effect, show};
use super::{Exit, Failure, kind};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::cli::args::{Common, KeyReasonArg};
use crate::cli::response;
use crate::drill::{self, Gpg, Scratch};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::keyring::Supposed;
use crate::module::{Keyring, Revoked};
use crate::time::Timestamp;

pub(super) fn run(
    common: &Common,
    authority: &Authority,
    args: &DrillArgs,
    now: Timestamp,
) -> Result<(), Failure> {
    let what = &args.what;
    if args.reason.is_some() && what.master.is_none() {
        return Err(Failure::say(Exit::Usage, "--reason belongs to --master"));
    }
    let before = authority.keyring();
    let (premise, after) = if let Some(file) = &what.certificate {
        let after = with_certificate(authority, file)?;
        ("if this revocation were published".to_owned(), after)
    } else if let Some(developer) = what.developer {
        let after = without_developer(authority, &before, developer, now)?;
        (format!("if every master revoked {developer} today"), after)
    } else if let Some(master) = what.master {
        authority.master(master)?;
        let revoked =
            Revoked { at: now, kind: kind(args.reason.unwrap_or(KeyReasonArg::Superseded)) };
        let after = before.supposing([Supposed::Key { key: master, revoked }]);
        (format!("if the master {master} were revoked today"), after)
    } else {
        ("if these answers were published".to_owned(), with_answers(common, authority, args)?)
    };
    let mut effect = effect(authority, &before, &after, &args.judge.judged, now)?;
    let real = what.certificate.is_some() || !what.responses.is_empty();
    let gpg = match Gpg::find(&args.gpg).filter(|_| real) {
        None => GpgColumn::Model,
        Some(gpg) => {
            let told = (gpg.told(&before, now)?, gpg.told(&after, now)?);
            let otherwise = effect.told_by_gpg(&told.0, &told.1);
            GpgColumn::Run(gpg.version().to_owned(), otherwise)
        }
    };
    show(&premise, &effect, &gpg, &args.judge);
    Ok(())
}

/// The keyring of a copy of the record in which these answers are installed.
fn with_answers(
    common: &Common,
    authority: &Authority,
    args: &DrillArgs,
) -> Result<Keyring, Failure> {
    let scratch = Scratch::of(authority)?;
    for file in &args.what.responses {
        // Read anew each time: what one answer says of a master matters to the next.
        let copy = scratch.record()?;
        match response::accepted(&copy, file, args.requests.as_deref())? {
            response::Accepted::Signed(request, verified) => {
                copy.install(&request, &verified)?;
            }
            response::Accepted::Sealed(..) => {
                let text = format!("{} is sealed: nobody sees what is in it", file.display());
                let failure = Failure::say(Exit::Refused, text);
                return Err(failure.hint("open it in memory: countersign revocation test FILE"));
            }
        }
        if !common.quiet {
            crate::tell!("tried in a scratch copy: {}", file.display());
        }
    }
    Ok(scratch.record()?.keyring())
}

/// The keyring of a copy of the record in which one key is revoked by this certificate.
fn with_certificate(authority: &Authority, file: &Path) -> Result<Keyring, Failure> {
    let untrue = |error: drill::RevocationError| {
        let context = file.display().to_string();
        Failure::new(Exit::Untrue, anyhow::Error::new(error).context(context))
    };
    let bytes = exchange::read_path(file, drill::MAX_BYTES)?;
    let revocation = drill::read_revocation(&bytes).map_err(untrue)?;
    let before = authority.keyring();
    let masters: Vec<&Certificate> = authority.masters().iter().collect();
    let revoked = drill::applied(&revocation, before.all(), &masters).map_err(untrue)?;
    let scratch = Scratch::of(authority)?;
    scratch.put(&revoked)?;
    Ok(scratch.record()?.keyring())
}

fn without_developer(
    authority: &Authority,
    before: &Keyring,
    developer: Fingerprint,
    now: Timestamp,
) -> Result<Keyring, Failure> {
    if authority.master(developer).is_ok() {
        let text = format!("{developer} is a master of this authority, no developer");
        let failure = Failure::say(Exit::Usage, text);
        return Err(failure.hint(format!("countersign revocation drill --master {developer}")));
    }
    authority.developer(developer)?;
    Ok(before.supposing([Supposed::Certifications { key: developer, at: now }]))
}
