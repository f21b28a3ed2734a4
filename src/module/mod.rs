//! Modules as FreePBX signs them: what is in a `module.sig`, whether it is true of a folder, who
//! signed it and by which chain that counts, and what FreePBX would say.
//!
//! A `module.sig` is read in stages, each a type of its own: [`SignedText`] (bytes from outside,
//! nothing believed), [`Manifest`] (what the text lists), [`Comparison`] (the list against the
//! files). Verdicts are functions of these and of a keyring; only the files' reader touches a disk.

pub mod archive;
mod armor;
mod block;
mod blocked;
pub mod candidates;
pub mod chain;
mod changes;
pub mod check;
mod comparison;
mod counted;
mod destination;
pub mod explain;
#[cfg(test)]
pub(crate) mod forge;
pub mod freepbx;
pub mod gpg;
pub mod ini;
mod installed;
pub mod keyring;
pub mod licence;
mod lines;
mod manifest;
mod name;
pub mod package;
mod path;
mod reading;
mod signed_text;
mod signer;
mod signing_key;
mod status;
pub mod strict;
pub mod sums;
pub mod tree;
pub mod unpack;
mod version;
mod xml;

pub use armor::ArmorError;
pub use blocked::{BlockError, Blocked, Suspect};
pub use changes::Changes;
pub use comparison::{Comparison, FileState};
pub use destination::{Destination, SystemFolder, destination};
pub use installed::{Installed, InstalledError};
pub use keyring::Keyring;
pub use manifest::{Config, Entry, Form, MAX_ENTRIES, Manifest, ManifestError, Problem};
pub use name::{NameError, RawName};
pub use path::{BadName, judge};
pub use reading::{Parsed, Reading};
pub use signed_text::{
    Deviation, MAX_BYTES, MAX_LINE, MAX_SIGNATURES, SignedText, SignedTextError, write_signed,
};
pub use signer::{Author, Flaw, Signer, author};
pub use signing_key::{Capability, KeyState, Kind, Revoked, SigningKey};
pub use status::Status;
pub use version::{Version, VersionError};
pub use xml::{Field, MAX_XML, ModuleXml, XmlError};
