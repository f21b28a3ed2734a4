//! Who carries messages over the gap. Whoever asks and answers knows these two traits, and not
//! whether a stick or a camera and a screen stand behind them.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{
    ExchangeError, list, make_place, read_beneath, sweep_batches, visit_batches, write_from,
    write_many,
};

/// Where messages come from. What they hold is untrusted.
pub trait Inbox {
    /// Where that is, for people.
    fn place(&self) -> String;

    /// Receives, where that takes time, and hands the name of each message that ends in `suffix`
    /// (in a batch, its path) to `each`, in no order, until it was called `most` + 1 times. Returns how often that was.
    ///
    /// # Errors
    /// [`CourierError`] where nothing can be received.
    fn receive(
        &mut self,
        suffix: &str,
        most: usize,
        each: &mut dyn FnMut(OsString),
    ) -> Result<usize, CourierError>;

    /// One of the messages that were received, at most `limit` bytes.
    ///
    /// # Errors
    /// [`CourierError`] where it is too long or cannot be read.
    fn read(&self, name: &OsStr, limit: usize) -> Result<Vec<u8>, CourierError>;

    /// The folder with the files that lie beside the messages. None where messages come alone.
    fn beside(&self) -> Option<&Path>;
}

/// Where messages go.
pub trait Outbox {
    /// Finds out, before anything is signed, whether it could take messages.
    ///
    /// # Errors
    /// [`CourierError`] where it could not.
    fn check(&self) -> Result<(), CourierError>;

    /// Removes what a program left there half done that was killed.
    fn tidy(&mut self);

    /// What it will cost a person to take so many bytes in so many messages, in words; none where
    /// that is not worth a word.
    fn forecast(&self, messages: usize, bytes: usize) -> Option<String>;

    /// Takes a message, in place of one of the same name. A name may be a path into a batch.
    ///
    /// # Errors
    /// [`CourierError`] where it cannot.
    fn put(&mut self, name: &str, message: &[u8]) -> Result<Delivery, CourierError>;

    /// Takes a text for people, which tells of what was put before.
    ///
    /// # Errors
    /// [`CourierError`] where it cannot.
    fn summary(&mut self, name: &str, text: &mut dyn Read) -> Result<(), CourierError>;

    /// Shows everything that is held to the other side. It can be done again.
    ///
    /// # Errors
    /// [`CourierError`] where it cannot be shown.
    fn show(&mut self) -> Result<(), CourierError>;
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way, whole.
    Done,
    /// It waits to be shown, and has arrived only when a person says so.
    Held,
}

/// Why a message does not come or go.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// A file.
    #[error(transparent)]
    File(#[from] ExchangeError),
    /// Codes.
    #[error("codes cannot be {action}")]
    Codes {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A folder: on a stick, or anywhere.
#[derive(Clone, Debug)]
pub struct Stick(PathBuf);

impl Stick {
    /// The stick that is mounted at `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Inbox for Stick {
    fn place(&self) -> String {
        self.0.display().to_string()
    }

    fn receive(
        &mut self,
        suffix: &str,
        most: usize,
        each: &mut dyn FnMut(OsString),
    ) -> Result<usize, CourierError> {
        Ok(visit_batches(&self.0, suffix, most, |path| each(path.into_os_string()))?)
    }

    fn read(&self, name: &OsStr, limit: usize) -> Result<Vec<u8>, CourierError> {
        Ok(read_beneath(&self.0, Path::new(name), limit)?)
    }

    fn beside(&self) -> Option<&Path> {
        Some(&self.0)
    }
}

impl Outbox for Stick {
    fn check(&self) -> Result<(), CourierError> {
        list(&self.0, ".response.json", 0)?;
        Ok(())
    }

    fn tidy(&mut self) {
        sweep_batches(&self.0);
    }

    fn forecast(&self, _messages: usize, _bytes: usize) -> Option<String> {
        None
    }

    fn put(&mut self, name: &str, message: &[u8]) -> Result<Delivery, CourierError> {
        write_many(&make_place(&self.0, Path::new(name))?, message)?;
        Ok(Delivery::Done)
    }

    fn summary(&mut self, name: &str, mut text: &mut dyn Read) -> Result<(), CourierError> {
        Ok(write_from(&self.0.join(name), &mut text)?)
    }

    fn show(&mut self) -> Result<(), CourierError> {
        Ok(())
    }
}
