//! The text that a `module.sig` signs: a header, a `[config]`, and the digest of each file.

use super::RawName;
use crate::digest::Sha256;
use crate::time::Timestamp;

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
    /// `signedby`: the program.
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
    /// No `type`: what the project's own servers write.
    Official,
    /// `type=local`: a tag for a list under `/etc/freepbx.secure`.
    Local,
    /// `type=system`: absolute paths.
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
