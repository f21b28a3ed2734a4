//! Codes on paper.

use crate::qr::Sender;

/// What a sheet says besides its codes.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// What this is, in plain words.
    pub heading: &'a str,
    /// Names of the files, and whatever else a person should know: a line each.
    pub lines: &'a [String],
    /// The command that reads the sheets back.
    pub command: &'a str,
}

/// The message on sheets of A4, as PDF.
pub fn pdf(_sender: &Sender, _sheet: &Sheet<'_>) -> Vec<u8> {
    Vec::new()
}
