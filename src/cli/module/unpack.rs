//! `countersign module unpack`

use super::args::UnpackArgs;
use super::keyring::gather;
use super::{Exit, Failure};
use crate::certificate::Certificate;
use crate::cli::args::Common;
use crate::exchange;
use crate::module::archive::{Demand, Limits, Standing};
use crate::module::candidates::{Fitness, candidates};
use crate::module::unpack::{UnpackError, unpack};
use crate::safe::Safe;

pub(super) fn run(common: &Common, args: &UnpackArgs) -> Result<(), Failure> {
    let now = crate::cli::now(common.time);
    let file = exchange::open_path(&args.file)?;
    let trusted = match args.trust.verify {
        true => Some(certified(common, args)?),
        false => None,
    };
    let certificates: Vec<&Certificate> = trusted.iter().flatten().collect();
    let demand = match &trusted {
        Some(_) => Demand::SignedBy { certificates: &certificates, now },
        None => Demand::Nothing,
    };
    let unpacked = unpack(file, &args.into, None, &demand, &Limits::default());
    let unpacked = unpacked.map_err(|error| {
        let refused = matches!(error, UnpackError::Archive(_));
        let failure = Failure::new(if refused { Exit::Untrue } else { Exit::Failed }, error);
        match refused && args.trust.verify {
            true => failure.hint("whoever signed it: --unverified"),
            false => failure,
        }
    })?;
    if !common.quiet {
        let (folder, files) = (unpacked.folder.display().to_string(), unpacked.contents.files);
        crate::say!("{}: {files} files", Safe(&folder));
        for signature in &unpacked.contents.signatures {
            let worth = match &signature.standing {
                Standing::Good { certificate } => format!("signed by {certificate}"),
                Standing::Unusable { reason, .. } => format!("not counted: {reason}"),
                Standing::Bad => "bad".to_owned(),
                Standing::Unknown => format!("by {}, not looked at", signature.issuer),
            };
            crate::say!("  signature over {}: {worth}", signature.hash);
        }
        crate::say!("next: countersign module verify {}", Safe(&folder));
    }
    Ok(())
}

/// The certificates of everybody whose signature counts now: the masters, and whom they certified.
fn certified(common: &Common, args: &UnpackArgs) -> Result<Vec<Certificate>, Failure> {
    let keys = gather(common, &args.keys)?;
    let keyring = keys.whole()?;
    let all: Vec<Certificate> = keyring.all().cloned().collect();
    let counts = |fitness: &Fitness| match fitness {
        Fitness::Master | Fitness::Certified { .. } => true,
        Fitness::Unfit(_) => false,
    };
    let judged = candidates(keyring, &all, crate::cli::now(common.time));
    Ok(judged.into_iter().filter(|c| counts(&c.fitness)).map(|c| c.certificate).collect())
}
