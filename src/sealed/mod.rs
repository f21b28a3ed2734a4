//! A signature that must not be seen before its time: the master's own revocation, made in
//! advance, encrypted to its custodians or to a passphrase.
//!
//! A sealed message is the one thing that leaves the station and cannot be compared with a
//! prediction, because encryption is random. What can be said of it without opening it is said by
//! [`SealedMessage::check`]: for whom it is, and that there is room in it for the predicted packet
//! and nothing else. What is in it, only a custodian can tell ([`open`]).

mod custodian;
mod message;
mod opener;
mod passphrase;

pub use custodian::{Custodian, CustodianError, MAX_CUSTODIANS, MAX_INPUT};
pub use message::{MAX_BYTES, Recipients, SealError, SealedMessage};
pub use opener::{OpenError, Opener, open, secret_keys};
pub use passphrase::Passphrase;
