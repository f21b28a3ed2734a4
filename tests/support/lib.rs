//! What the end-to-end tests share.

pub mod station;
pub mod virtual_reader;
