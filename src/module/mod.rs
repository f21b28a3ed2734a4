//! Modules as FreePBX signs them: what is in a `module.sig`, whether it is true of a folder, who
//! signed it and by which chain that counts, and what FreePBX would say.
//!
//! A `module.sig` is read in stages, each a type of its own: [`SignedText`] (bytes from outside,
//! nothing believed), [`Manifest`] (what the text lists), [`Comparison`] (the list against the
//! files). Verdicts are functions of these and of a keyring; only the files' reader touches a disk.

pub mod archive;
mod armor;
mod block;
pub mod check;
mod comparison;
pub mod ini;
pub mod licence;
mod lines;
mod manifest;
mod name;
pub mod package;
mod path;
mod signed_text;
pub mod sums;
pub mod tree;
pub mod unpack;
mod version;
mod xml;

pub use armor::ArmorError;
pub use comparison::{Comparison, FileState};
pub use manifest::{Config, Entry, Form, MAX_ENTRIES, Manifest, ManifestError, Problem};
pub use name::{NameError, RawName};
pub use path::{BadName, judge};
pub use signed_text::{
    Deviation, MAX_BYTES, MAX_LINE, MAX_SIGNATURES, SignedText, SignedTextError, write_signed,
};
pub use version::{Version, VersionError};
pub use xml::{Field, MAX_XML, ModuleXml, XmlError};
