//! `countersign module package`

use serde_json::json;

use super::args::PackageArgs;
use super::keyring::gather;
use super::sign::own_key;
use super::{Exit, Failure};
use crate::cli::args::Common;
use crate::cli::signer::Signer;
use crate::module::package::{Making, package};
use crate::module::strict::WeakChains;
use crate::module::{Installed, Keyring};
use crate::safe::Safe;
use crate::time::Timestamp;

pub(super) fn run(common: &Common, args: &PackageArgs) -> Result<(), Failure> {
    let time = crate::cli::now(common.time);
    let (signer, certificate) = match args.unverified {
        true => {
            let signer = Signer::new(&args.by.signer)?;
            let certificate = signer.certificate()?;
            (signer, certificate)
        }
        false => {
            let keys = gather(common, &args.by.keys)?;
            let keyring = keys.whole()?;
            is_good(args, keyring, time)?;
            let (signer, candidate) = own_key(&args.by.signer, keyring, time)?;
            (signer, candidate.certificate)
        }
    };
    let sealer = signer.sealer(time)?;
    let selection = args.profile.selection();
    let making = Making { selection, time, sealer: &sealer, certificate: &certificate };
    let made = package(&args.folder, &args.output, &making)?;
    let path = made.path.display().to_string();
    if args.form.json {
        let value = json!({
            "version": 1,
            "file": path,
            "module": made.raw_name,
            "module_version": made.version.to_string(),
            "files": made.files,
            "gpg_sha1": made.gpg.sha1,
            "tgz_md5": made.tgz.md5,
            "tgz_sha1": made.tgz.sha1,
        });
        crate::say!("{value}");
    } else if !common.quiet {
        crate::say!("{}: {} files", Safe(&path), made.files);
        crate::say!("  sha1 of the package  {}", made.gpg.sha1);
        crate::say!("  md5 of the tgz       {}", made.tgz.md5);
        crate::say!("  sha1 of the tgz      {}", made.tgz.sha1);
    }
    Ok(())
}

/// What is packed was signed, and is what was signed.
fn is_good(args: &PackageArgs, keyring: &Keyring, now: Timestamp) -> Result<(), Failure> {
    let installed = Installed::read(&args.folder, std::path::Path::new("/"), &|_| {})?;
    let verdict = installed.strict(keyring, WeakChains::Accept, now);
    let Some(problem) = verdict.problems.first() else { return Ok(()) };
    let text = format!("the module is not good, so it is not packed: {problem}");
    Err(Failure::say(Exit::Untrue, text)
        .hint("countersign module verify --details DIR")
        .hint("sign it anew, or pack it all the same with --unverified"))
}
