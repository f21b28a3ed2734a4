//! `countersign request module`

use std::path::Path;

use anyhow::Context as _;

use super::super::args::RequestModuleArgs;
use super::super::module::{hash, list, raw_name};
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use crate::exchange;
use crate::module::{Comparison, FileState};
use crate::module::{MAX_XML, ModuleXml};
use crate::operation::{Operation, SignModule};
use crate::policy::{Evidence, Files};
use crate::request::Draft;

impl Asking<'_> {
    pub(super) fn module(&self, args: &RequestModuleArgs) -> Result<(), Failure> {
        let signer = Signer::new(&args.signer, &args.gpg)?;
        let master = self.master(args.master)?;
        let name = raw_name(&args.path)?;
        let version = version(&args.path)?;
        let entries = hash(self.common, &args.path, args.list.profile)?;
        let list = list(&args.list, &name, master.fingerprint(), entries, self.now)?;
        let same = list.entries.iter().map(|entry| (entry.path.clone(), FileState::Same));
        let files = Comparison { listed: same.collect(), unlisted: Vec::new() };
        let previous = self.authority.last_list(&name)?;
        let evidence = Evidence { files: Files::Hashed(files), previous };
        let asked = SignModule::new(name, version, &list);
        let draft = Draft::new(self.now, master.fingerprint(), Operation::SignModule(asked));
        self.finish(&signer, &draft, &evidence, &args.output)
    }
}

/// The version that a module's module.xml names.
fn version(folder: &Path) -> Result<String, Failure> {
    let path = folder.join("module.xml");
    let xml = ModuleXml::parse(&exchange::read_path(&path, MAX_XML)?)
        .with_context(|| format!("{} cannot be used", path.display()))?;
    let version = xml.version.map(|field| field.text);
    version.ok_or_else(|| Failure::say(Exit::Refused, "module.xml names no version"))
}
