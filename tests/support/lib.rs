//! What the end-to-end tests share.

pub mod virtual_reader;
