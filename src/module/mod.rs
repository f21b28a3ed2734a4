//! Modules as FreePBX signs them: what is in a `module.sig`, whether it is true of a folder, who
//! signed it and by which chain that counts, and what FreePBX would say.
//!
//! A `module.sig` is read in stages, each a type of its own: [`SignedText`] (bytes from outside,
//! nothing believed), [`Manifest`] (what the text lists), [`Comparison`] (the list against the
//! files). Verdicts are functions of these and of a keyring; only the files' reader touches a disk.

pub mod chain;
mod comparison;
mod destination;
pub mod freepbx;
pub mod gpg;
pub mod keyring;
mod manifest;
mod name;
mod signer;
mod signing_key;
mod status;

pub use comparison::{Comparison, FileState};
pub use destination::{Destination, SystemFolder, destination};
pub use keyring::Keyring;
pub use manifest::{Config, Entry, Form, Manifest};
pub use name::{NameError, RawName};
pub use signer::{Author, Flaw, Signer, author};
pub use signing_key::{Capability, KeyState, Kind, Revoked, SigningKey};
pub use status::Status;
