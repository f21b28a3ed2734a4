//! How a new master takes over from an old one: who can be certified anew.

mod candidate;

pub use candidate::{Candidate, Wanted};
