//! What stands beside a request, gathered by whoever has it judged.

use crate::bundle::{Contents, Head};
use crate::module::{Comparison, Manifest, ModuleXml};

/// What stands beside a request. Nothing of it is needed for a request about a key.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The module's files, hashed here and held against the request's list.
    pub files: Files,
    /// What the module.xml among the files says, where it can be read.
    pub identity: Option<Identity>,
    /// The list that was signed last for the same module.
    pub previous: Option<Manifest>,
    /// A trust bundle's keyring.
    pub keyring: KeyringFile,
    /// The head of the bundle that was signed last.
    pub last_bundle: Option<Head>,
}

/// A trust bundle's keyring, as it was found.
#[derive(Debug, Default)]
pub enum KeyringFile {
    /// Only the head came.
    #[default]
    Absent,
    /// It is there and was read.
    Read(Contents),
    /// It is there and cannot be read.
    Unreadable(String),
}

/// Who a module says that it is.
#[derive(Debug)]
pub struct Identity {
    /// Its raw name.
    pub raw_name: String,
    /// Its version.
    pub version: String,
}

impl Identity {
    /// Reads a `module.xml`.
    pub fn read(untrusted: &[u8]) -> Option<Self> {
        let xml = ModuleXml::parse(untrusted).ok()?;
        Some(Self { raw_name: xml.raw_name?.text, version: xml.version?.text })
    }
}

/// A module's files, as they were found.
#[derive(Debug, Default)]
pub enum Files {
    /// Only the list came.
    #[default]
    Absent,
    /// They are there and were hashed.
    Hashed(Comparison),
    /// They are there and cannot be read.
    Unreadable(String),
}
