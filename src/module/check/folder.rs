//! What stands out among the files of a module.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Concern, Finding};
use crate::exchange::{self, ExchangeError};
use crate::module::path::BadName;
use crate::module::tree::{Place, Remark, Tree};
use crate::module::{Manifest, SignedText};
use crate::safe;

/// The name of the file that lists the others.
const SIGNATURE: &str = "module.sig";

/// What the listing found odd, and files that cannot be read.
pub(super) fn findings(tree: &Tree) -> Vec<Finding> {
    let odd = tree.remarks().iter().map(of_remark);
    let unreadable = tree.files().iter().filter_map(|file| {
        let error = first_byte(tree, &file.path).err()?;
        Some(finding(Concern::Unreadable, &file.path, safe::chain(error.as_ref())))
    });
    odd.chain(unreadable).collect()
}

fn finding(concern: Concern, path: &str, reason: impl Into<String>) -> Finding {
    Finding { concern, path: path.to_owned(), line: None, reason: reason.into() }
}

fn of_remark(remark: &Remark) -> Finding {
    match remark {
        Remark::Hidden { path } => finding(
            Concern::HiddenFile,
            path,
            "its name begins with a dot: it is neither listed nor packed, and FreePBX does not check it",
        ),
        Remark::Stray { path } => {
            finding(Concern::StrayFile, path, "nobody signs it, and it is no translation or text")
        }
        Remark::LeftOut { path } => {
            finding(Concern::LeftOut, path, "the servers' rules leave it out of the list")
        }
        Remark::Link { path, to, place: Place::Inside } => finding(
            Concern::LinkInside,
            path,
            format!("it is a link to {to}: what that leads to is signed and packed in its place"),
        ),
        Remark::Link { path, to, place: Place::Outside } => finding(
            Concern::LinkOutside,
            path,
            format!("it is a link out of the module, to {to}: others do not have what it leads to"),
        ),
        Remark::Dangling { path, to } => finding(
            Concern::LinkDangling,
            path,
            format!("it is a link to {to}, which is not there"),
        ),
        Remark::Loop { path } => {
            finding(Concern::LinkLoop, path, "it is a link to itself or to a folder that it is in")
        }
        Remark::NotAFile { path, actual } => {
            finding(Concern::SpecialFile, path, format!("it is {actual}"))
        }
        Remark::Unreadable { path, reason } => finding(Concern::Unreadable, path, reason),
        Remark::BadName { path, reason: BadName::NotUtf8 } => {
            finding(Concern::NameNotUtf8, path, "its name is not UTF-8")
        }
        Remark::BadName { path, reason } => {
            let reason = format!("{reason}; its line would be \"{path} = DIGEST\"");
            finding(Concern::BadName, path, reason)
        }
    }
}

/// Opening says whether we may, reading whether the disk can.
fn first_byte(tree: &Tree, path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (file, _) = tree.open(path)?;
    match File::from(file).read(&mut [0]) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a `module.sig` that is there does not list.
pub(super) fn unlisted(folder: &Path, tree: &Tree) -> Vec<Finding> {
    let manifest = match listed(folder) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let reason = safe::chain(error.as_ref());
            return vec![finding(Concern::BadSignatureFile, SIGNATURE, reason)];
        }
    };
    let listed: HashSet<&str> = manifest.entries.iter().map(|e| e.path.as_str()).collect();
    let files = tree.files().iter().filter(|file| !listed.contains(file.path.as_str()));
    files
        .map(|file| {
            let reason = "module.sig does not list it: FreePBX does not notice such a file";
            finding(Concern::UnlistedFile, &file.path, reason)
        })
        .collect()
}

fn listed(folder: &Path) -> Result<Option<Manifest>, Box<dyn std::error::Error>> {
    let file = match exchange::open_path(&folder.join(SIGNATURE)) {
        Ok(file) => file,
        Err(ExchangeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let text = SignedText::read(file)?;
    Ok(Some(Manifest::parse(text.text())?))
}
