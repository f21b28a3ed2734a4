//! The language between a developer, a release manager and an offline signing station.
//!
//! What can be asked ([`operation`]), how it is asked ([`request`]), what is allowed
//! ([`policy`]), what was answered and how that is checked ([`response`]), and what the
//! station wrote down ([`journal`]). Nothing in here knows a card, prompts a person or reads
//! a clock; the command line ([`cli`]) is the one edge that does.
//!
//! Follow one request: [`request::Request`] → [`policy::Review`] → (at the station: consent,
//! journal, card) → [`response::Response`] → [`response::Verified`].

pub mod authority;
pub mod bundle;
pub mod certificate;
mod cleartext;
pub mod cli;
pub mod digest;
pub mod drill;
pub mod exchange;
pub mod fingerprint;
pub mod forecast;
pub mod journal;
pub mod lint;
pub mod module;
pub mod operation;
pub mod policy;
pub mod qr;
pub mod request;
pub mod response;
pub mod rotation;
pub mod safe;
pub mod scratch;
pub mod screen;
pub mod sealed;
pub mod time;
