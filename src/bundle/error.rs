//! Why a file is not a bundle, and why a consumer does not take one that is.

use std::io;

use super::MAX_KEYRING;
use super::head::{HeadError, Serial};
use crate::certificate::ReadError;
use crate::fingerprint::Fingerprint;
use crate::request::CleartextError;
use crate::safe::Safe;
use crate::time::Timestamp;

/// Why a file is not a trust bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It cannot be read.
    #[error("the bundle cannot be read")]
    Io(#[source] io::Error),
    /// No head, or a longer one than anybody writes.
    #[error("the file does not begin with a signed head: it is no trust bundle, or cut off")]
    NoHead,
    /// The head is not one cleartext-signed text.
    #[error("the head is not one signed text")]
    Cleartext(#[from] CleartextError),
    /// The signed text is not a head.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Several signatures, or one that cannot count.
    #[error("the head has not just one plain signature over SHA-2, made when the bundle was")]
    Signature,
    /// A keyring longer than anybody reads.
    #[error("the keyring is {0} bytes long, at most {MAX_KEYRING} are read")]
    TooLong(u64),
    /// The file is cut off, or something stands behind it.
    #[error("the keyring is {actual} bytes long, the head says {expected}")]
    Length {
        /// What is there.
        actual: u64,
        /// What belongs there.
        expected: u64,
    },
    /// Other bytes than the head names.
    #[error("the keyring is not the one of this head: damaged, or of another bundle")]
    Digest,
    /// The keyring is no row of certificates.
    #[error("the keyring is damaged")]
    Keyring(#[source] anyhow::Error),
    /// Its first certificates are not the masters', or there are more or fewer than it says.
    #[error("the keyring does not hold the certificates that the head names")]
    OtherKeys,
    /// A certificate cannot be read.
    #[error("the certificate of {0} cannot be read")]
    Certificate(Fingerprint, #[source] ReadError),
}

/// Why a consumer does not take a bundle. Each begins with a word that never changes.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not a whole bundle.
    #[error("damaged: {0}")]
    Damaged(#[source] BundleError),
    /// The keyring of one bundle behind the head of another.
    #[error("mixed: {0}")]
    Mixed(#[source] BundleError),
    /// Another authority's.
    #[error("foreign: it is of {:?}, and the masters of {expected:?} are pinned here", Safe(.actual).to_string())]
    OtherAuthority {
        /// Whose it is.
        actual: String,
        /// Whose masters are pinned.
        expected: String,
    },
    /// Not signed by a master.
    #[error("foreign: {0} signed it, which is no master of it")]
    NotByMaster(String),
    /// Signed by a master that is not, or no more, trusted.
    #[error("foreign: it is signed by {by}, {why}")]
    BadMaster {
        /// Which.
        by: Fingerprint,
        /// What became of it.
        why: String,
    },
    /// A master that no pinned one stands for.
    #[error(
        "successor: it names the master {new}, which no pinned master certified so that it counts"
    )]
    Successor {
        /// Which.
        new: Fingerprint,
    },
    /// Older than one that was seen.
    #[error("older: it is serial {actual}, and serial {seen} was seen here")]
    Older {
        /// Its serial.
        actual: Serial,
        /// The last one.
        seen: Serial,
    },
    /// A higher serial and an earlier date.
    #[error("older: it was made at {actual}, and one made at {seen} was seen here")]
    MadeEarlier {
        /// When it says that it was made.
        actual: Timestamp,
        /// When the last one was.
        seen: Timestamp,
    },
    /// Another bundle with the same serial.
    #[error("another: a different bundle with the same serial {0} was seen here")]
    Another(Serial),
    /// Past its end and its grace.
    #[error("expired: it was good until {expires}, and with its grace until {last}")]
    Expired {
        /// Its end.
        expires: Timestamp,
        /// The end of its grace.
        last: Timestamp,
    },
}

impl Refusal {
    /// The word that it begins with.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::Mixed(_) => "mixed",
            Self::OtherAuthority { .. } | Self::NotByMaster(_) | Self::BadMaster { .. } => {
                "foreign"
            }
            Self::Successor { .. } => "successor",
            Self::Older { .. } | Self::MadeEarlier { .. } => "older",
            Self::Another(_) => "another",
            Self::Expired { .. } => "expired",
        }
    }
}

impl From<BundleError> for Refusal {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Digest | BundleError::OtherKeys => Self::Mixed(error),
            BundleError::Io(_)
            | BundleError::NoHead
            | BundleError::Cleartext(_)
            | BundleError::Head(_)
            | BundleError::Signature
            | BundleError::TooLong(_)
            | BundleError::Length { .. }
            | BundleError::Keyring(_)
            | BundleError::Certificate(..) => Self::Damaged(error),
        }
    }
}
