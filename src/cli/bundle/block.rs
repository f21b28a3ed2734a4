//! `countersign bundle block`, `unblock` and `blocked`

use std::path::Path;

use anyhow::Context as _;

use super::args::BlockArgs;
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::cli::args::{Common, Form};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::{Blocked, MAX_BYTES, MAX_XML, ModuleXml, RawName, SignedText};
use crate::safe::Safe;
use crate::time::Timestamp;

pub(super) fn block(common: &Common, args: &BlockArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let now = crate::cli::now(common.time);
    let mut new = match (&args.from, &args.module, &args.version) {
        (Some(folder), _, _) => of_folder(folder, now)?,
        (None, Some(module), Some(version)) => named(module.clone(), version.clone(), now),
        (None, _, _) => return Err(Failure::say(Exit::Usage, "name a module and its version")),
    };
    new.developer = args.developer;
    new.reason.clone_from(&args.reason);
    new.check()?;
    let mut modules = authority.blocked()?;
    if let Some(there) = modules.iter_mut().find(|there| there.same(&new)) {
        // The very list of a version that was blocked by its name only makes it more exact.
        if there.list.is_none() && new.list.is_some() {
            there.list = new.list;
            if !common.quiet {
                crate::say!("and this very list: {} {}", new.module, Safe(&new.version));
            }
            return Ok(authority.block(modules)?);
        }
        let text = format!("{} {} is blocked already", new.module, Safe(&new.version));
        return Err(Failure::say(Exit::Failed, text).hint("countersign bundle blocked"));
    }
    if !common.quiet {
        crate::say!("blocked from the next bundle on: {} {}", new.module, Safe(&new.version));
        crate::say!("next: countersign bundle build");
    }
    modules.push(new);
    Ok(authority.block(modules)?)
}

pub(super) fn unblock(
    common: &Common,
    module: &RawName,
    version: &str,
    developer: Option<Fingerprint>,
) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let mut modules = authority.blocked()?;
    let before = modules.len();
    modules.retain(|b| b.module != *module || b.version != version || b.developer != developer);
    if modules.len() == before {
        let text = format!("{module} {} is not blocked", Safe(version));
        return Err(Failure::say(Exit::Failed, text).hint("countersign bundle blocked"));
    }
    authority.block(modules)?;
    if !common.quiet {
        crate::say!("not blocked any more, from the next bundle on: {module} {}", Safe(version));
    }
    Ok(())
}

pub(super) fn list(common: &Common, form: &Form) -> Result<(), Failure> {
    for blocked in Authority::open(&common.authority)?.blocked()? {
        print(&blocked, form);
    }
    Ok(())
}

/// One blocked module.
pub(super) fn print(blocked: &Blocked, form: &Form) {
    if form.json {
        let value = serde_json::json!({
            "version": 1,
            "module": blocked.module,
            "module_version": blocked.version,
            "developer": blocked.developer,
            "list": blocked.list,
            "reason": blocked.reason,
            "since": blocked.since,
        });
        crate::say!("{value}");
        return;
    }
    let (module, version, reason) = (&blocked.module, &blocked.version, &blocked.reason);
    let by = blocked.developer.map(|key| format!(" by {key}")).unwrap_or_default();
    let since = blocked.since.date();
    crate::say!("{module} {}{by}  since {since}: {}", Safe(version), Safe(reason));
}

fn named(module: RawName, version: String, since: Timestamp) -> Blocked {
    Blocked { module, version, developer: None, list: None, reason: String::new(), since }
}

/// The module in a folder: name and version as its module.xml says, and its very list.
fn of_folder(folder: &Path, since: Timestamp) -> Result<Blocked, Failure> {
    let xml = exchange::read_path(&folder.join("module.xml"), MAX_XML)?;
    let xml = ModuleXml::parse(&xml).context("module.xml cannot be used")?;
    let module = xml.raw_name.context("module.xml names no rawname")?.text.parse()?;
    let version = xml.version.context("module.xml names no version")?.text;
    let signed = exchange::read_path(&folder.join("module.sig"), MAX_BYTES)?;
    let signed = SignedText::parse(&signed).context("module.sig is no signed text")?;
    Ok(Blocked { list: Some(signed.digest()), ..named(module, version, since) })
}
