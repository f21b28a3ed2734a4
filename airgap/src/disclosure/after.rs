//! What a session wrote, held against what is on the stick.

use std::collections::BTreeMap;
use std::fs;
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
/// Most other files that are named; those beyond are counted.
const MAX_STRAYS: usize = 1_000;

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
    let last = outgoing::last_session(station.folder())?;
    let session = session.or(last).ok_or(DisclosureError::NoSession)?;
    // A file that was written twice is there as it was written last.
    let mut sent: BTreeMap<String, Sent> = BTreeMap::new();
    outgoing::read_list(&outgoing::list_of(station.folder(), session), |file| {
        sent.insert(file.name.clone(), file);
    })?;
    if sent.is_empty() {
        return Err(DisclosureError::NoSession);
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
            Err(_) => on_stick.missing.push(name.clone()),
        }
    }
    strays(folder, Path::new(""), &sent, &mut on_stick)?;
    Ok(on_stick)
}

/// Everything below `at` that the session did not write. Links are named and not followed.
fn strays(
    folder: &Path,
    at: &Path,
    sent: &BTreeMap<String, Sent>,
    on_stick: &mut OnStick,
) -> Result<(), ExchangeError> {
    /// Deeper folders are named and not looked into.
    const DEPTH: usize = 8;
    let path = folder.join(at);
    let error = |source| ExchangeError::Io { path: path.clone(), action: "listed", source };
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&path).map_err(error)? {
        if on_stick.strays.len() + names.len() >= MAX_STRAYS + sent.len() {
            on_stick.more += 1;
        } else {
            names.push(at.join(entry.map_err(error)?.file_name()));
        }
    }
    names.sort();
    for name in names {
        let Ok(metadata) = folder.join(&name).symlink_metadata() else { continue };
        if metadata.is_dir() && name.components().count() < DEPTH {
            strays(folder, &name, sent, on_stick)?;
            continue;
        }
        let name = name.to_string_lossy().into_owned();
        if !sent.contains_key(&name) {
            on_stick.strays.push(Stray { name, bytes: metadata.len() });
        }
    }
    Ok(())
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
