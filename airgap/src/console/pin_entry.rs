//! How PINs come in: the one place that decides.
//!
//! A file descriptor or a pinentry program is used where it was named. Otherwise a reader with keys
//! of its own gets the PIN that signs, unless a person said no; and the terminal gets the rest. An
//! Admin PIN, a new PIN and a resetting code are never asked for on a reader: what is typed there
//! cannot be looked at, and a PIN that cards are delivered with would pass.

use std::fs::File;
use std::io::{self, BufRead as _};
use std::path::PathBuf;

use pinentry::PassphraseInput;
use secrecy::SecretString;

use crate::card::PinPad;

/// How a person wants to type PINs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinWay {
    /// On the reader where it has keys, at the terminal otherwise.
    Best,
    /// At the terminal.
    Terminal,
    /// Line by line from this file descriptor.
    Descriptor(u32),
    /// Into this pinentry program.
    Pinentry(String),
}

/// Where PINs come from.
pub struct PinEntry {
    way: PinWay,
    lines: Option<io::Lines<io::BufReader<File>>>,
}

impl PinEntry {
    /// Opens what it takes.
    ///
    /// # Errors
    /// Where the file descriptor is not open, or there is no such program.
    pub fn new(way: PinWay) -> io::Result<Self> {
        let mut lines = None;
        match &way {
            PinWay::Best | PinWay::Terminal => {}
            PinWay::Descriptor(fd) => {
                let file = File::open(PathBuf::from(format!("/proc/self/fd/{fd}")))?;
                // A PIN file of any length is read no further than PINs go.
                lines = Some(io::BufReader::with_capacity(128, file).lines());
            }
            PinWay::Pinentry(program) => {
                PassphraseInput::with_binary(program).ok_or(io::ErrorKind::NotFound)?;
            }
        }
        Ok(Self { way, lines })
    }

    /// Whether a script speaks, which is asked nothing twice.
    pub(super) fn is_scripted(&self) -> bool {
        self.lines.is_some()
    }

    /// Whether the PIN that signs is typed on the reader.
    pub(super) fn is_left_to(&self, pad: PinPad) -> bool {
        match (&self.way, pad) {
            (PinWay::Best, PinPad::OnReader) => true,
            (PinWay::Best, PinPad::None)
            | (PinWay::Terminal | PinWay::Descriptor(_) | PinWay::Pinentry(_), _) => false,
        }
    }

    /// Asks for a PIN, which is not shown.
    pub(super) fn ask(&mut self, question: &str) -> io::Result<SecretString> {
        let gone = || {
            let text = "the file descriptor holds no PIN";
            io::Error::new(io::ErrorKind::UnexpectedEof, text)
        };
        match (&self.way, &mut self.lines) {
            (_, Some(lines)) => Ok(SecretString::from(lines.next().ok_or_else(gone)??)),
            (PinWay::Pinentry(program), None) => from_program(program, question),
            (PinWay::Best | PinWay::Terminal | PinWay::Descriptor(_), None) => {
                Ok(SecretString::from(rpassword::prompt_password(question)?))
            }
        }
    }
}

/// Asks through a pinentry program, which speaks Assuan.
fn from_program(program: &str, question: &str) -> io::Result<SecretString> {
    let mut input = PassphraseInput::with_binary(program).ok_or(io::ErrorKind::NotFound)?;
    let (description, prompt) = ("airgap, the signing station", question.trim());
    input.with_title("airgap").with_description(description).with_prompt(prompt);
    input.interact().map_err(|error| match error {
        pinentry::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_keys_are_used_where_nobody_said_otherwise() {
        let left = |way| PinEntry { way, lines: None }.is_left_to(PinPad::OnReader);
        assert!(left(PinWay::Best));
        assert!(!left(PinWay::Terminal));
        assert!(!left(PinWay::Descriptor(3)));
        assert!(!left(PinWay::Pinentry("pinentry-curses".into())));
        assert!(!PinEntry { way: PinWay::Best, lines: None }.is_left_to(PinPad::None));
    }

    #[test]
    fn a_descriptor_that_is_not_open_and_a_program_that_is_not_there_are_errors() {
        assert!(PinEntry::new(PinWay::Descriptor(9_999)).is_err());
        assert!(PinEntry::new(PinWay::Pinentry("/no/such/pinentry".into())).is_err());
    }
}
