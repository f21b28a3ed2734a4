//! Why a file on a stick could not be read or written.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use super::MAX_LISTED;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The operating system said no.
    #[error("{} cannot be {action}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// A link, device, pipe or folder where a file is expected.
    #[error("{} is not a regular file: {actual}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        actual: &'static str,
    },
    /// More bytes than are read.
    #[error("{} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// More names than anybody looks at.
    #[error("{} holds more than {MAX_LISTED} files", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// Something else is there already.
    #[error("{} exists already, with other content", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A name that would leave the folder.
    #[error("{name:?} is not a plain file name")]
    Name {
        /// The name.
        name: OsString,
    },
}
