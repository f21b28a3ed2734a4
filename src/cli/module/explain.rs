//! `countersign module explain`: a module.sig in plain words.

use std::path::Path;

use super::args::JudgeArgs;
use super::keyring::gather;
use super::{Exit, Failure};
use crate::cli::args::Common;
use crate::exchange;
use crate::module::explain::Explained;
use crate::module::strict::{Case, judge};
use crate::module::{Comparison, MAX_BYTES, MAX_XML, ModuleXml, Reading};
use crate::safe::Safe;

pub(super) fn run(common: &Common, path: &Path, args: &JudgeArgs) -> Result<(), Failure> {
    let keys = gather(common, &args.keys)?;
    let now = crate::cli::now(common.time);
    let file = if path.is_dir() { path.join("module.sig") } else { path.to_owned() };
    let untrusted = exchange::read_path(&file, MAX_BYTES)?;
    let reading = Reading::parse(&untrusted).map_err(|error| {
        let text = format!("{} is not a signed text", Safe(&file.display().to_string()));
        Failure::new(Exit::Untrue, anyhow::Error::new(error).context(text))
    })?;
    let keyring = keys.for_text(Some(&reading.signed))?;
    let xml = exchange::read_path(&file.with_file_name("module.xml"), MAX_XML).ok();
    let xml = xml.and_then(|untrusted| ModuleXml::parse(&untrusted).ok());
    // Only the signature is explained here: the files are `module verify`'s subject, and where
    // the file lies says nothing about the module that it is for.
    let list = reading.manifest.as_ref().ok();
    let named = list.and_then(|list| list.config.raw_name.as_ref());
    let files = Comparison::default();
    let verdict = judge(&Case {
        folder: named.map_or("", |name| name.as_str()),
        file: Some(Ok(&reading)),
        files: &files,
        remarks: &[],
        xml: xml.as_ref(),
        keyring: &keyring,
        weak: args.weak(),
        now,
    });
    crate::cli::put(format_args!("{}", Explained { reading: &reading, verdict: &verdict }));
    for note in &verdict.notes {
        crate::say!("Note: {}.", note.sentence());
    }
    for problem in &verdict.problems {
        crate::say!("Problem: {problem}.");
    }
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.display().to_string();
    crate::say!("The files were not looked at: countersign module verify {}", Safe(&folder));
    match verdict.is_good() {
        true => Ok(()),
        false => Err(Failure::say(Exit::Untrue, "this signature is not good (see above)")),
    }
}
