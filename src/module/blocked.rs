//! A single version of a module that the authority stopped, without a word about its developer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Manifest, RawName, SignedText, Signer};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::safe::is_unsafe;
use crate::time::Timestamp;

/// Longest version and reason, in characters.
const MAX_VERSION: usize = 64;
const MAX_REASON: usize = 200;

/// A version of a module that is not to run any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blocked {
    /// The module.
    pub module: RawName,
    /// Its version, as its module.xml has it.
    pub version: String,
    /// The developer whose signature is meant; absent: whoever signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer: Option<Fingerprint>,
    /// The digest of a list ([`SignedText::digest`]) that is blocked wherever it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Sha256>,
    /// Why, for people: one line.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A module that may be blocked, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<'a> {
    /// The name of its folder.
    pub folder: &'a str,
    /// Its version, by its module.xml.
    pub version: Option<&'a str>,
    /// The text that was signed.
    pub text: &'a SignedText,
    /// The list that the text is.
    pub list: Option<&'a Manifest>,
    /// Who signed it.
    pub signer: Option<&'a Signer<'a>>,
}

/// Why a block cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// No version, or one that is not one short line.
    #[error("a version is one word of at most {MAX_VERSION} characters")]
    Version,
    /// No reason, or one that is not one short line.
    #[error("a reason is one plain line of 1 to {MAX_REASON} characters")]
    Reason,
}

impl Blocked {
    /// Whether it can stand in a bundle, on a screen and in a person's terminal.
    ///
    /// # Errors
    /// [`BlockError`] where a text is missing, long or not plain.
    pub fn check(&self) -> Result<(), BlockError> {
        let plain = |text: &str, most: usize| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(is_unsafe)
        };
        if !plain(&self.version, MAX_VERSION) || self.version.contains(char::is_whitespace) {
            return Err(BlockError::Version);
        }
        if plain(&self.reason, MAX_REASON) { Ok(()) } else { Err(BlockError::Reason) }
    }

    /// Whether two entries block the same thing.
    pub fn same(&self, other: &Self) -> bool {
        self.module == other.module
            && self.version == other.version
            && self.developer == other.developer
    }

    /// Whether this module is meant: by its list, or by name and version, and the developer where
    /// one is named.
    ///
    /// A list that carries the name counts like a folder: a copy under another name is the same
    /// module.
    pub fn meets(&self, suspect: &Suspect<'_>) -> bool {
        if self.list.is_some_and(|list| list == suspect.text.digest()) {
            return true;
        }
        let listed = suspect.list.and_then(|list| list.config.raw_name.as_ref());
        let named = suspect.folder == self.module.as_str() || listed == Some(&self.module);
        let signer = suspect.signer.map(|s| s.key.certificate().fingerprint());
        named
            && suspect.version == Some(self.version.as_str())
            && self.developer.is_none_or(|developer| Some(developer) == signer)
    }
}
