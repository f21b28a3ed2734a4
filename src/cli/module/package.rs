//! `countersign module package`

use serde_json::json;

use super::Failure;
use super::args::PackageArgs;
use crate::cli::args::Common;
use crate::cli::signer::Signer;
use crate::module::package::{Making, package};
use crate::safe::Safe;

pub(super) fn run(common: &Common, args: &PackageArgs) -> Result<(), Failure> {
    let time = crate::cli::now(common.time);
    let signer = Signer::new(&args.signer)?;
    let certificate = signer.certificate()?;
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
