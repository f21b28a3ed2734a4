//! The act: an offline station that turns reviewed requests into signatures.
//!
//! Start reading at [`session`]: a request becomes a `Review` (every rule holds), a [`Consent`]
//! (a person said yes), a [`Recorded`] (it is on disk), and only then reaches the [`card`].
//! Everything that can be asked or checked lives in the crate `countersign`; nothing here can
//! open a network connection.

pub mod backup;
pub mod baseline;
pub mod card;
pub mod cli;
mod consent;
pub mod console;
pub mod disclosure;
pub mod inspection;
pub mod master;
mod outgoing;
pub mod privacy;
mod recorder;
pub mod rehearsal;
pub mod report;
pub mod selftest;
pub mod session;
pub mod shelf;
pub mod software;
pub mod station;

pub use consent::{Answer, Consent};
pub use recorder::{Access, Recorded, Recorder, RecorderError};
