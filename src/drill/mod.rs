//! What a revocation would do, before anybody makes or publishes it.
//!
//! [`Effect`] compares two keyrings, before and after: which developers and which modules stop,
//! by gpg, by FreePBX and strictly.

mod effect;
mod view;
mod words;

pub use effect::{Change, Counts, Effect, Judged, Role, Signatory};
pub use view::{Validity, View};
pub use words::{counts, table};
