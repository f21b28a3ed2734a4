//! `countersign bundle …`

pub mod args;
mod block;
mod build;
mod show;
mod take;

use std::path::Path;

use super::args::Common;
use super::{Exit, Failure};
use crate::bundle::export::{self, Format};
use crate::safe::{Safe, counted};
use args::{BundleVerb, FormatArg, TakenArgs};
pub(super) use take::take;

pub(super) fn run(common: &Common, verb: &BundleVerb) -> Result<(), Failure> {
    match verb {
        BundleVerb::Build(args) => build::run(common, args),
        BundleVerb::Block(args) => block::block(common, args),
        BundleVerb::Unblock { module, version, developer } => {
            block::unblock(common, module, version, *developer)
        }
        BundleVerb::Blocked(form) => block::list(common, form),
        BundleVerb::Verify { taken, form } => take::verify(common, taken, form),
        BundleVerb::Show { file, form } => show::show(common, file, form),
        BundleVerb::Diff { old, new, form } => show::diff(common, old, new, form),
        BundleVerb::Export { taken, format, output, domains } => {
            write(common, taken, *format, output, domains)
        }
    }
}

fn write(
    common: &Common,
    taken: &TakenArgs,
    format: FormatArg,
    output: &Path,
    domains: &[String],
) -> Result<(), Failure> {
    let format = match format {
        FormatArg::Freepbx => Format::Freepbx,
        FormatArg::Gnupg => Format::Gnupg,
        FormatArg::Wkd => {
            Format::Wkd { domains: domains.iter().map(|d| d.to_ascii_lowercase()).collect() }
        }
        FormatArg::Certd => Format::Certd,
        FormatArg::Debian => Format::Debian,
    };
    let accepted = take(common, &taken.file, taken.state.as_deref(), &taken.masters)?;
    let files = export::export(&accepted, &format, output).map_err(|error| {
        Failure::new(Exit::Failed, error).hint("--output names a new folder, or an empty one")
    })?;
    if !common.quiet {
        let files = counted(files, "file");
        crate::say!("{}: {files}", Safe(&output.display().to_string()));
    }
    Ok(())
}
