//! How both programs end when something is wrong: words on standard error, and an exit status.

use std::process::ExitCode;

use crate::safe::Safe;

/// Exit statuses of `countersign` and `airgap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something failed that has no status of its own.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A rule of the policy is broken, or a person said no.
    Refused = 3,
    /// An answer, journal or certificate is not what it should be.
    Untrue = 4,
    /// The card or its reader.
    Card = 5,
    /// A session stopped half-way; it can be continued.
    Interrupted = 6,
    /// Something ends within the days that were asked about.
    Due = 7,
}

/// An error with its exit status and with hints: commands that can be pasted.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: anyhow::Error,
    hints: Vec<String>,
}

impl Failure {
    /// A failure with this exit status.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new() }
    }

    /// A failure that is a sentence.
    pub fn say(exit: Exit, text: impl std::fmt::Display) -> Self {
        Self::new(exit, anyhow::anyhow!("{text}"))
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether the error is this one.
    pub fn is<E: std::error::Error + Send + Sync + 'static>(&self) -> bool {
        self.error.is::<E>()
    }

    /// The error, for whoever has hints of their own.
    pub fn into_error(self) -> anyhow::Error {
        self.error
    }

    /// The exit status.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Writes the error, its causes and its hints to standard error.
    pub fn report(&self) -> ExitCode {
        crate::tell!("error: {}", shown(&self.error.to_string()));
        for cause in self.error.chain().skip(1) {
            crate::tell!("because: {}", shown(&cause.to_string()));
        }
        for hint in &self.hints {
            crate::tell!("hint: {}", shown(hint));
        }
        ExitCode::from(self.exit as u8)
    }
}

/// Lines stay lines (TOML's errors have several); everything else unsafe is escaped.
fn shown(text: &str) -> String {
    text.trim_end().lines().map(|l| Safe(l).to_string()).collect::<Vec<_>>().join("\n  ")
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Failed, error)
    }
}
