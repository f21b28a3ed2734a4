//! The text that a `module.sig` signs: a header, a `[config]`, and the digest of each file.
//!
//! Read strictly: what is not spelled as [`Manifest::text`] spells it is refused, with the line.

mod read;

use super::RawName;
use crate::digest::Sha256;
use crate::time::Timestamp;

pub use read::{ManifestError, Problem};

/// Most files that a list may have.
pub const MAX_ENTRIES: usize = 200_000;

/// The text under the signature, as this project reads and writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What stands under `[config]`.
    pub config: Config,
    /// The files, in the order of the list.
    pub entries: Vec<Entry>,
}

/// What stands under `[config]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Which of the forms of the file it is.
    pub form: Form,
    /// `version`: 1 or 2.
    pub version: u32,
    /// `signedwith`: key id or fingerprint in hex, as it is written.
    pub signed_with: String,
    /// `signedby`: the program, without the quotes that it has in the file where INI needs them.
    pub signed_by: String,
    /// `repo`: `manual`, `standard`, `extended`, `commercial`, `unsupported` or another word.
    pub repo: String,
    /// `rawname`, where it is given.
    pub raw_name: Option<RawName>,
    /// `timestamp`, as it is written: Unix seconds with up to four decimals.
    pub timestamp: Option<String>,
    /// `expiresafter`, where it is given.
    pub expires_after: Option<Timestamp>,
}

/// The forms of a `module.sig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `type=public`: what the public packaging tool writes.
    Public,
    /// No `type`: what the project's own servers write, and the public tool's first version.
    Official,
    /// `type=local`: the tag for a list under `/etc/freepbx.secure` (its one entry is that list,
    /// and `;# End` is missing), or that list itself.
    Local,
    /// `type=system`: absolute paths, and a header of its own.
    System,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path within the module, with `/` between its parts.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// `repo` of the tag that names the list under `/etc/freepbx.secure`.
const TAG_REPO: &str = "local";

/// The header; each line is 49 bytes.
const HEADER: &str = "\
;################################################
;#        FreePBX Module Signature File         #
;################################################
;# Do not alter the contents of this file!  If  #
;# this file is tampered with, the module will  #
;# fail validation and be marked as invalid!    #
;################################################

";

/// The header of the system form.
const SYSTEM_HEADER: &str = "\
;################################################
;#        FreePBX SYSTEM Signature File         #
;################################################
;# Do not alter the contents of this file!  If  #
;# this file is tampered with, the application  #
;# will fail validation and WILL NOT BE RUN!    #
;################################################

";

const END: &str = ";# End\n";

impl Manifest {
    /// Reads the text of a signed text, at most [`MAX_ENTRIES`] files.
    ///
    /// # Errors
    /// [`ManifestError`] with the first line that is not as it should be.
    pub fn parse(untrusted: &[u8]) -> Result<Self, ManifestError> {
        read::read(untrusted)
    }

    /// The text, byte for byte as FreePBX's tools write it, with a final line end.
    pub fn text(&self) -> String {
        let config = &self.config;
        let mut text = String::with_capacity(1024 + self.entries.len() * 160);
        text.push_str(config.form.header());
        text.push_str("[config]\n");
        for (key, value) in config.lines() {
            text.extend([key.as_str(), "=", &value, "\n"]);
        }
        text.push_str("[hashes]\n");
        for entry in &self.entries {
            text.extend([entry.path.as_str(), " = ", &entry.sha256.to_string(), "\n"]);
        }
        if !config.is_tag() {
            text.push_str(END);
        }
        text
    }
}

/// A key that `[config]` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Version,
    Hash,
    SignedWith,
    SignedBy,
    Repo,
    RawName,
    Type,
    Timestamp,
    ExpiresAfter,
}

impl Key {
    /// All of them, in the order of every form but the system form, which has `type` first.
    const ALL: [Self; 9] = [
        Self::Version,
        Self::Hash,
        Self::SignedWith,
        Self::SignedBy,
        Self::Repo,
        Self::RawName,
        Self::Type,
        Self::Timestamp,
        Self::ExpiresAfter,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Hash => "hash",
            Self::SignedWith => "signedwith",
            Self::SignedBy => "signedby",
            Self::Repo => "repo",
            Self::RawName => "rawname",
            Self::Type => "type",
            Self::Timestamp => "timestamp",
            Self::ExpiresAfter => "expiresafter",
        }
    }
}

impl Config {
    /// Whether this is the tag of the local form.
    pub fn is_tag(&self) -> bool {
        self.form == Form::Local && self.repo == TAG_REPO
    }

    /// The keys that are there and their values as they are written, in their order.
    fn lines(&self) -> Vec<(Key, String)> {
        let mut keys = Key::ALL.to_vec();
        if self.form == Form::System {
            keys.retain(|key| *key != Key::Type);
            keys.insert(0, Key::Type);
        }
        let value = |key: Key| self.value(key).map(|value| (key, value));
        keys.into_iter().filter_map(value).collect()
    }

    fn value(&self, key: Key) -> Option<String> {
        match key {
            Key::Version => Some(self.version.to_string()),
            Key::Hash => Some("sha256".to_owned()),
            Key::SignedWith => Some(self.signed_with.clone()),
            Key::SignedBy => Some(quoted(&self.signed_by)),
            Key::Repo => Some(self.repo.clone()),
            Key::RawName => self.raw_name.as_ref().map(ToString::to_string),
            Key::Type => self.form.name().map(str::to_owned),
            Key::Timestamp => self.timestamp.clone(),
            Key::ExpiresAfter => self.expires_after.map(|time| time.unix().to_string()),
        }
    }
}

/// In single quotes, unless it is a plain word.
fn quoted(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
    if value.bytes().all(plain) { value.to_owned() } else { format!("'{value}'") }
}

impl Form {
    /// What stands above the list, with the empty line.
    pub fn header(self) -> &'static str {
        match self {
            Self::Public | Self::Official | Self::Local => HEADER,
            Self::System => SYSTEM_HEADER,
        }
    }

    /// The value of `type`.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Public => Some("public"),
            Self::Official => None,
            Self::Local => Some("local"),
            Self::System => Some("system"),
        }
    }
}

#[cfg(test)]
mod tests;
