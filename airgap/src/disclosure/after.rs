//! What a session wrote, held against what is on the stick.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};

use super::fields::{fields, rest};
use super::{Disclosed, DisclosureError};
use crate::outgoing::{self, Sent};
use crate::station::Station;

/// Longest file whose fields are listed, in bytes.
const MAX_FILE: usize = 64 << 20;
/// Most other files and folders that are looked at; those beyond are counted.
const MAX_STRAYS: usize = 1_000;
/// Most that are counted.
const MAX_MORE: usize = 100_000;

/// A stick after a session.
#[derive(Debug, Serialize)]
pub struct OnStick {
    /// The session.
    pub session: u64,
    /// What it wrote, and is there.
    pub files: Vec<Disclosed>,
    /// What it wrote, and is not there.
    pub missing: Vec<String>,
    /// What it wrote, and is there with another content.
    pub changed: Vec<String>,
    /// What is there, and did not come from it.
    pub strays: Vec<Stray>,
    /// How many of these beyond those that are named.
    pub more: usize,
}

/// A file that the session did not write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stray {
    /// Its path on the stick.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The session of this station that wrote it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
}

/// Looks at the stick in `folder` after the last session, or after this one.
///
/// # Errors
/// [`DisclosureError`] where there was no session, or the stick cannot be read.
pub fn after(
    station: &Station,
    session: Option<u64>,
    folder: &Path,
) -> Result<OnStick, DisclosureError> {
    let sessions = outgoing::sessions(station.folder())?;
    let last = sessions.last().copied();
    let asked = session;
    let session = session.or(last).ok_or(DisclosureError::NoSession)?;
    // A file that was written twice is there as it was written last.
    let mut sent: BTreeMap<String, Sent> = BTreeMap::new();
    outgoing::read_list(&outgoing::list_of(station.folder(), session), |file| {
        sent.insert(file.name.clone(), file);
    })?;
    if sent.is_empty() {
        return Err(match asked {
            Some(session) => DisclosureError::NotThatSession(session),
            None => DisclosureError::NoSession,
        });
    }
    let mut on_stick = OnStick {
        session,
        files: Vec::new(),
        missing: Vec::new(),
        changed: Vec::new(),
        strays: Vec::new(),
        more: 0,
    };
    for (name, sent) in &sent {
        match exchange::read_beneath(folder, Path::new(name), MAX_FILE) {
            Ok(bytes) if Sha256::of(&bytes) == sent.sha256 => {
                on_stick.files.push(disclosed(name, &bytes));
            }
            Ok(_) | Err(ExchangeError::TooLong { .. } | ExchangeError::NotAFile { .. }) => {
                on_stick.changed.push(name.clone());
            }
            Err(ExchangeError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                on_stick.missing.push(name.clone());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut search = Search { folder, sent: &sent, taken: 0, on_stick: &mut on_stick };
    search.look_into(Path::new(""))?;
    for other in sessions.into_iter().filter(|other| *other != session) {
        outgoing::read_list(&outgoing::list_of(station.folder(), other), |sent| {
            mark(folder, &mut on_stick.strays, &sent, other);
        })?;
    }
    Ok(on_stick)
}

/// Says of a stray that another session wrote it, if it is what that one wrote.
fn mark(folder: &Path, strays: &mut [Stray], sent: &Sent, session: u64) {
    let same = |stray: &&mut Stray| stray.name == sent.name && stray.bytes == sent.bytes;
    if let Some(stray) = strays.iter_mut().find(same) {
        let read = exchange::read_beneath(folder, Path::new(&stray.name), MAX_FILE);
        if read.is_ok_and(|bytes| Sha256::of(&bytes) == sent.sha256) {
            stray.session = Some(session);
        }
    }
}

/// A search for what the session did not write.
struct Search<'a> {
    folder: &'a Path,
    sent: &'a BTreeMap<String, Sent>,
    /// Files and folders that were looked at.
    taken: usize,
    on_stick: &'a mut OnStick,
}

impl Search<'_> {
    /// Everything below `at`. Links are named and not followed.
    fn look_into(&mut self, at: &Path) -> Result<(), ExchangeError> {
        /// Deeper folders are named and not looked into.
        const DEPTH: usize = 8;
        let path = self.folder.join(at);
        let error = |source| ExchangeError::Io { path: path.clone(), action: "listed", source };
        let mut names: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&path).map_err(error)? {
            let entry = entry.map_err(error)?;
            if self.taken < MAX_STRAYS + self.sent.len() {
                self.taken += 1;
                names.push(at.join(entry.file_name()));
            } else if self.on_stick.more < MAX_MORE {
                self.on_stick.more += 1;
            } else {
                break;
            }
        }
        names.sort();
        for name in names {
            let Ok(metadata) = self.folder.join(&name).symlink_metadata() else { continue };
            if metadata.is_dir() && name.components().count() < DEPTH {
                self.look_into(&name)?;
                continue;
            }
            let name = name.to_string_lossy().into_owned();
            if !self.sent.contains_key(&name) {
                let bytes = metadata.len();
                self.on_stick.strays.push(Stray { name, bytes, session: None });
            }
        }
        Ok(())
    }
}

fn disclosed(name: &str, bytes: &[u8]) -> Disclosed {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let (what, json) = if name.ends_with(".record.asc") {
        ("the record, signed by the card", signed_text(text))
    } else if name.ends_with(".summary.txt") {
        ("for people: what the screen showed at the end", None)
    } else {
        ("an answer", Some(text))
    };
    let value = json.and_then(|json| serde_json::from_str::<Value>(json).ok());
    let mut found = value.as_ref().map(fields).unwrap_or_default();
    if let Some(json) = json.filter(|_| !found.is_empty()) {
        found.extend(rest(&found, json.len()));
    }
    if let (Some(json), true) = (json, name.ends_with(".record.asc")) {
        let bytes = text.len() - json.len();
        let path = "(armor and signature)".to_owned();
        found.push(super::Field { path, count: 1, bytes });
    }
    let (name, bytes) = (name.to_owned(), Some(bytes.len() as u64));
    Disclosed { name, bytes, what: what.to_owned(), fields: found }
}

/// The text of a cleartext-signed message.
fn signed_text(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\n\n")?;
    Some(rest.split_once("-----BEGIN PGP SIGNATURE-----")?.0)
}
