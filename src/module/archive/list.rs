//! The list of a package's files, without unpacking it.

use std::io::Read;

use super::compare::{SIGNATURE, sha256};
use super::{ArchiveError, Demand, Kind, Limits, read};
use crate::module::tree::Selection;
use crate::module::{BadName, Entry, MAX_XML, RawName, judge};

/// What a package lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The module.
    pub raw_name: RawName,
    /// Its files, in a list's order.
    pub entries: Vec<Entry>,
    /// Names that cannot stand in a list, and why.
    pub bad_names: Vec<(String, BadName)>,
    /// What its module.xml holds, as far as it is read.
    pub module_xml: Vec<u8>,
}

/// Lists and hashes the files of a package (`.tgz` or `.tgz.gpg`) that belong in a list. Who
/// signed the package is not asked: the list is to be signed.
///
/// # Errors
/// [`ArchiveError`] as for [`read`].
pub fn list(
    package: impl Read + Send + Sync,
    selection: Selection,
    limits: &Limits,
) -> Result<Listed, ArchiveError> {
    let mut entries = Vec::new();
    let mut bad_names = Vec::new();
    let mut module_xml = Vec::new();
    let contents = read(package, None, &Demand::Nothing, limits, |member| {
        let path = member.path;
        let Kind::File { content, .. } = &mut member.kind else { return Ok(()) };
        if path == SIGNATURE || !path.split('/').all(|part| selection.lists(part.as_bytes())) {
            return Ok(());
        }
        let sha256 = if path == "module.xml" {
            content.take(MAX_XML as u64 + 1).read_to_end(&mut module_xml)?;
            sha256(&mut module_xml.as_slice().chain(content))?
        } else {
            sha256(content)?
        };
        match judge(path.as_bytes()) {
            Ok(_) => entries.push(Entry { path: path.to_owned(), sha256 }),
            Err(reason) => bad_names.push((path.to_owned(), reason)),
        }
        Ok(())
    })?;
    // The names of each folder by their bytes, files and folders mixed.
    entries.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    Ok(Listed { raw_name: contents.raw_name, entries, bad_names, module_xml })
}
