//! The trust bundle: what a consumer needs to judge modules, and nothing else.
//!
//! One file: a head (JSON, cleartext-signed by a master) and behind it the keyring that the head
//! names by length and digest: the masters' minimal certificates, then the developers'. A consumer
//! pins the masters once ([`Pinned`]) and from then on takes only bundles by those, never an older
//! one than it has seen, never an expired one.
//!
//! ```text
//! compose  the authority's record → head and keyring      the keyring goes to the station too
//! Contents a keyring's certificates, each read anew       what the station's rules judge
//! Bundle   a file, whole: head, signature, keyring        nothing believed yet
//! Accepted what a consumer believes, by its pinned masters
//! ```

mod accept;
mod accepted;
mod compose;
mod contents;
mod diff;
mod error;
pub mod export;
mod file;
mod head;
mod index;
mod people;
mod pinned;
mod rotation;
mod state;

pub use accept::News;
pub use accepted::{Accepted, all_known};
pub use compose::{Composed, Note, Why, compose};
pub use contents::{Contents, Flaw, Missing};
pub use diff::{Change, Diff};
pub use error::{BundleError, Refusal};
pub use file::{Bundle, MAX_KEYRING};
pub use head::{
    Format as HeadFormat, Head, HeadError, KeyringDigest, MAX_BLOCKED, MAX_MASTERS, MasterName,
    Serial,
};
pub use people::{Person, Trust};
pub use pinned::{Pinned, Seen};
pub use rotation::Followed;
pub use state::{State, StateError};

/// The name of a bundle's keyring while it travels beside the request for its signature, and in the
/// record until that is answered.
pub fn keyring_name(serial: Serial) -> String {
    format!("bundle-{serial}.keyring")
}

#[cfg(test)]
mod tests;
