//! What a revocation would do, before anybody makes or publishes it.
//!
//! [`Effect`] compares two keyrings, before and after: which developers and which modules stop,
//! by gpg, by FreePBX and strictly. The second keyring is that of a scratch copy of the record
//! ([`Scratch`]), or one that supposes a revocation which nobody has made
//! ([`crate::module::Keyring::supposing`]).

mod effect;
mod gpg;
mod revocation;
mod scratch;
mod view;
mod without;
mod words;

pub use effect::{Change, Counts, Effect, Judged, Module, Role, Signatory};
pub use gpg::{Gpg, GpgError, Told};
pub use revocation::{MAX_BYTES, RevocationError, applied, read_revocation};
pub use scratch::Scratch;
pub use view::{Validity, View};
pub use without::without;
pub use words::{counts, stopping, table};
