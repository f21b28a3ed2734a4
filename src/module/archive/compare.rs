//! A package against a list, without unpacking it.

use std::collections::BTreeMap;
use std::io::{self, Read};

use sha2::Digest as _;

use super::{ArchiveError, Demand, Kind, Limits, read};
use crate::digest::Sha256;
use crate::module::{Comparison, Entry, FileState, RawName};

/// The name of the file that holds the list, which is never in it.
pub(super) const SIGNATURE: &str = "module.sig";

/// Holds what a package (`.tgz` or `.tgz.gpg`) has in its folder `raw_name` against a list. Who
/// signed the package is not asked: the list is to be signed.
///
/// # Errors
/// [`ArchiveError`] as for [`read`].
pub fn compare(
    package: impl Read + Send + Sync,
    raw_name: &RawName,
    entries: &[Entry],
    limits: &Limits,
) -> Result<Comparison, ArchiveError> {
    let mut files: BTreeMap<String, Sha256> = BTreeMap::new();
    read(package, Some(raw_name), &Demand::Nothing, limits, |member| {
        match &mut member.kind {
            Kind::Folder => {}
            Kind::File { content, .. } => {
                files.insert(member.path.to_owned(), sha256(content)?);
            }
        }
        Ok(())
    })?;
    let mut listed = Vec::with_capacity(entries.len());
    for entry in entries {
        let state = match files.get(&entry.path) {
            Some(actual) if *actual == entry.sha256 => FileState::Same,
            Some(actual) => FileState::Altered { actual: *actual },
            None => FileState::Missing,
        };
        listed.push((entry.path.clone(), state));
    }
    for entry in entries {
        files.remove(&entry.path);
    }
    files.remove(SIGNATURE);
    Ok(Comparison { listed, unlisted: files.into_keys().collect() })
}

pub(super) fn sha256(content: &mut dyn Read) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(<[u8; 32]>::from(hasher.finalize()).into()),
            Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
