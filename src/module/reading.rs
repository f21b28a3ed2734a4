//! A `module.sig` read in all its stages, by us and by FreePBX's parser.

use super::ini::{self, Array, Value};
use super::{Manifest, ManifestError, SignedText, SignedTextError, freepbx};

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

/// What PHP's parser makes of the text: nothing, where it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What stands under `[config]`, as far as FreePBX looks at it.
    pub config: freepbx::Config,
    /// What stands under `[hashes]`.
    pub hashes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Reading {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SignedTextError`] where it is no signed text. What is wrong with the list in it is said
    /// in [`Reading::manifest`].
    pub fn parse(untrusted: &[u8]) -> Result<Self, SignedTextError> {
        let signed = SignedText::parse(untrusted)?;
        let manifest = Manifest::parse(signed.text());
        let parsed = Parsed::by_php(signed.text());
        Ok(Self { signed, manifest, parsed })
    }
}

impl Parsed {
    /// Reads a list as FreePBX has PHP read it.
    pub fn by_php(text: &[u8]) -> Self {
        let Some(all) = ini::parse(text) else { return Self::default() };
        let setting = |key: &str| {
            let text = section(&all, "config")?.get(key.as_bytes()).and_then(as_text)?;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let config = freepbx::Config {
            version: setting("version"),
            form: setting("type"),
            expires_after: setting("expiresafter"),
        };
        let hashes = section(&all, "hashes").map(|hashes| {
            let text = |value| as_text(value).map(<[u8]>::to_vec).unwrap_or_default();
            hashes.iter().map(|(path, value)| (path.to_vec(), text(value))).collect()
        });
        Self { config, hashes: hashes.unwrap_or_default() }
    }
}

fn section<'a>(all: &'a Array, name: &str) -> Option<&'a Array> {
    match all.get(name.as_bytes())? {
        Value::Array(section) => Some(section),
        Value::Text(_) => None,
    }
}

fn as_text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Text(text) => Some(text),
        Value::Array(_) => None,
    }
}
