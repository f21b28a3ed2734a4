//! Why a package was refused.

use std::io;

use super::{BadMember, Exceeded, MessageError};
use crate::module::RawName;
use crate::safe::Safe;

/// Why a package was refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Neither gzip nor OpenPGP.
    #[error("it is no package: neither a .tgz nor a .tgz.gpg")]
    NotAPackage,
    /// Truncated, or changed.
    #[error("the package is damaged or truncated")]
    Damaged(#[source] io::Error),
    /// The signed message around the `.tgz`.
    #[error("the package's signed message is not as it should be")]
    Message(#[from] MessageError),
    /// Bytes where nothing should be.
    #[error("something follows after the end of the {0}")]
    Trailing(&'static str),
    /// Larger than is read.
    #[error("the package is too large")]
    Limit(#[from] Exceeded),
    /// A member that no package should have.
    #[error("the package holds {}", Safe(path))]
    Member {
        /// Its path as it stands there (lossily), for people.
        path: String,
        /// What is wrong with it.
        source: BadMember,
    },
    /// No folder in it.
    #[error("the package is empty")]
    Empty,
    /// No signature that was asked for.
    #[error("the package is not signed")]
    Unsigned,
    /// A signature that is not true of the package.
    #[error("the package has a bad signature: it was changed, or damaged, after it was signed")]
    BadSignature,
    /// Signed, but by nobody who counts.
    #[error("the package is not signed by any of the given keys, but by {0}")]
    OtherSigner(String),
    /// Signed by a key that must not sign.
    #[error("the package is signed by a key that must not sign: {0}")]
    UnusableKey(String),
    /// The visitor failed: the disk is full, for example.
    #[error("{} cannot be written", Safe(path))]
    Visit {
        /// What was to be written.
        path: String,
        /// Why it could not.
        source: io::Error,
    },
    /// SHA-1 or MD5 cannot be computed.
    #[error("the package's sums cannot be computed")]
    Sums(#[source] anyhow::Error),
}

impl ArchiveError {
    pub(super) fn member(path: &[u8], source: BadMember) -> Self {
        let path: String = String::from_utf8_lossy(path).chars().take(200).collect();
        Self::Member { path, source }
    }

    pub(super) fn top(actual: &str, expected: &RawName) -> BadMember {
        BadMember::Top { actual: actual.to_owned(), expected: expected.clone() }
    }
}
