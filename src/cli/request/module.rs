//! `countersign request module`

use std::path::Path;

use anyhow::Context as _;

use super::super::module::{self, Profile};
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use super::args::RequestModuleArgs;
use crate::exchange;
use crate::module::archive::{self, Limits};
use crate::module::{Comparison, Entry, FileState, MAX_XML, ModuleXml, RawName};
use crate::operation::{Operation, SignModule};
use crate::policy::{Evidence, Files, Identity};
use crate::request::Draft;
use crate::safe::Safe;

/// A module, as the request will name it.
struct Found {
    name: RawName,
    version: String,
    entries: Vec<Entry>,
}

impl Asking<'_> {
    pub(super) fn module(&self, args: &RequestModuleArgs) -> Result<(), Failure> {
        let signer = Signer::new(&args.ask.signer)?;
        let master = self.master(args.ask.master)?;
        let found = match args.path.is_dir() {
            true => self.in_folder(&args.path, args.list.profile)?,
            false => in_package(&args.path, args.list.profile)?,
        };
        let Found { name, version, entries } = found;
        let package = format!("{name}-{version}.tgz");
        let list = module::list(&args.list, &name, master.fingerprint(), entries, self.now)?;
        let same = list.entries.iter().map(|entry| (entry.path.clone(), FileState::Same));
        let files = Comparison { listed: same.collect(), unlisted: Vec::new() };
        let previous = self.authority.last_list(&name)?;
        let identity = Identity { raw_name: name.to_string(), version: version.clone() };
        let identity = Some(identity);
        let files = Files::Hashed(files);
        let evidence = Evidence { files, identity, previous, ..Evidence::default() };
        let asked = SignModule::new(name, version, &list);
        let draft = Draft::new(self.now, master.fingerprint(), Operation::SignModule(asked));
        self.finish(&signer, &draft, &evidence, &args.ask.output)?;
        if !self.common.quiet {
            let path = args.path.display().to_string();
            match args.path.is_dir() {
                true => crate::tell!("and beside it the folder {}", Safe(&path)),
                false => crate::tell!("and beside it {}, as {package}", Safe(&path)),
            }
        }
        Ok(())
    }

    fn in_folder(&self, folder: &Path, profile: Profile) -> Result<Found, Failure> {
        let name = module::raw_name(folder)?;
        let path = folder.join("module.xml");
        let xml = exchange::read_path(&path, MAX_XML)?;
        let version = version(&xml, &name)?;
        Ok(Found { name, version, entries: module::hash(self.common, folder, profile)? })
    }
}

fn in_package(path: &Path, profile: Profile) -> Result<Found, Failure> {
    let file = exchange::open_path(path)?;
    let listed = archive::list(file, profile.selection(), &Limits::default())
        .with_context(|| format!("{} cannot be listed", path.display()))?;
    if let Some((name, reason)) = listed.bad_names.first() {
        let text = format!("the module cannot be signed as it is: {}: {reason}", Safe(name));
        return Err(Failure::say(Exit::Refused, text));
    }
    let version = version(&listed.module_xml, &listed.raw_name)?;
    Ok(Found { name: listed.raw_name, version, entries: listed.entries })
}

/// The version that a module.xml names, if it is this module's.
fn version(untrusted: &[u8], module: &RawName) -> Result<String, Failure> {
    let refuse = |text: String| Failure::say(Exit::Refused, text);
    let xml = ModuleXml::parse(untrusted).context("module.xml cannot be used")?;
    match xml.raw_name {
        Some(named) if named.text == module.as_str() => {}
        Some(named) => {
            let text = format!("module.xml names {}, the folder {module}", Safe(&named.text));
            return Err(refuse(text));
        }
        None => return Err(refuse("module.xml names no rawname".into())),
    }
    let version = xml.version.map(|field| field.text);
    version.ok_or_else(|| refuse("module.xml names no version".into()))
}
