//! A `module.sig` read in all its stages, by us and by FreePBX's parser.

use std::collections::HashMap;

use super::ini::{self, Array, Value};
use super::{
    Comparison, Destination, Entry, FileState, Manifest, ManifestError, SignedText,
    SignedTextError, destination, freepbx,
};

/// What stands in a `module.sig`; nothing of it is verified.
#[derive(Debug)]
pub struct Reading {
    /// The signed text.
    pub signed: SignedText,
    /// The list in it, read strictly.
    pub manifest: Result<Manifest, ManifestError>,
    /// The same, as FreePBX reads it.
    pub parsed: Parsed,
}

/// What PHP's parser makes of the text; nothing, where it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What stands under `[config]`, as far as FreePBX looks at it.
    pub config: freepbx::Config,
    /// What stands under `[hashes]`: paths and digests.
    pub hashes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Reading {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SignedTextError`] where it is no signed text. What is wrong with the list in it is said
    /// in [`Reading::manifest`].
    pub fn parse(untrusted: &[u8]) -> Result<Self, SignedTextError> {
        Ok(Self::of(SignedText::parse(untrusted)?))
    }

    /// Reads what a signed text holds.
    pub fn of(signed: SignedText) -> Self {
        let manifest = Manifest::parse(signed.text());
        let parsed = ini::parse(signed.text()).as_ref().map(Parsed::of).unwrap_or_default();
        Self { signed, manifest, parsed }
    }

    /// The list to hold against the folder: ours, or where we read none, what FreePBX reads and
    /// has the form of one.
    pub fn entries(&self) -> Vec<Entry> {
        match &self.manifest {
            Ok(manifest) => manifest.entries.clone(),
            Err(_) => self.parsed.hashes.iter().filter_map(entry).collect(),
        }
    }

    /// The files that FreePBX looks at for the folder `raw_name`, and what it finds: `files` is
    /// [`Reading::entries`] held against the places of [`destination`].
    pub fn files_for_freepbx(
        &self,
        raw_name: &str,
        files: &Comparison,
    ) -> Vec<(String, FileState)> {
        let entries = self.entries();
        let digests: HashMap<&str, String> =
            entries.iter().map(|e| (e.path.as_str(), e.sha256.to_string())).collect();
        let states: HashMap<&str, &FileState> =
            files.listed.iter().map(|(path, state)| (path.as_str(), state)).collect();
        let found = self.parsed.hashes.iter().filter_map(|(path, digest)| {
            let path = String::from_utf8_lossy(path).into_owned();
            match destination(raw_name, &path) {
                Destination::Unchecked => return None,
                Destination::Module(_) | Destination::System(..) => {}
            }
            let listed = digests.get(path.as_str()).map(String::as_str);
            let state = states.get(path.as_str()).copied();
            let state = of_digest(state, listed, &String::from_utf8_lossy(digest));
            Some((path, state))
        });
        found.collect()
    }
}

/// What FreePBX finds where it has another digest in mind than ours, `listed`.
fn of_digest(state: Option<&FileState>, listed: Option<&str>, digest: &str) -> FileState {
    let unseen = FileState::Unreadable { reason: "no digest that FreePBX could compare".into() };
    match state {
        None => unseen,
        Some(FileState::Altered { actual }) if actual.to_string() == digest => FileState::Same,
        Some(FileState::Same | FileState::SameOutside) if listed != Some(digest) => unseen,
        Some(state) => state.clone(),
    }
}

fn entry((path, digest): &(Vec<u8>, Vec<u8>)) -> Option<Entry> {
    let path = String::from_utf8(path.clone()).ok()?;
    let sha256 = std::str::from_utf8(digest).ok()?.parse().ok()?;
    Some(Entry { path, sha256 })
}

impl Parsed {
    fn of(all: &Array) -> Self {
        let config = section(all, b"config");
        let text = |key: &[u8]| match config.and_then(|c| c.get(key)) {
            Some(Value::Text(value)) => Some(String::from_utf8_lossy(value).into_owned()),
            Some(Value::Array(_)) | None => None,
        };
        let config = freepbx::Config {
            version: text(b"version"),
            form: text(b"type"),
            expires_after: text(b"expiresafter"),
        };
        // An array where a digest belongs is like no digest.
        let digest = |value: &Value| match value {
            Value::Text(digest) => digest.clone(),
            Value::Array(_) => Vec::new(),
        };
        let hashes = section(all, b"hashes").into_iter().flat_map(Array::iter);
        let hashes = hashes.map(|(path, value)| (path.to_vec(), digest(value))).collect();
        Self { config, hashes }
    }
}

fn section<'a>(all: &'a Array, name: &[u8]) -> Option<&'a Array> {
    match all.get(name) {
        Some(Value::Array(section)) => Some(section),
        Some(Value::Text(_)) | None => None,
    }
}
