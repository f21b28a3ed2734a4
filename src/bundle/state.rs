//! The file in which a consumer keeps what it goes by.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::head::Serial;
use super::pinned::{Pinned, Seen};
use crate::certificate::{Certificate, ReadError};
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::operation::CertificateBlock;
use crate::request::Version;
use crate::time::Timestamp;

/// Longest state file, in bytes.
const MAX_STATE: usize = 8 << 20;

/// The file's content, version 1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: Format,
    version: Version,
    authority: String,
    serial: Serial,
    bundle: Sha256,
    made: Timestamp,
    masters: Vec<Master>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "countersign-bundle-state")]
    State,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Master {
    fingerprint: Fingerprint,
    certificate: CertificateBlock,
}

/// Why a state file cannot be used. It is never taken for absent: that would pin anew.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] ExchangeError),
    /// It is not what was written there.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A master's certificate in it is not.
    #[error("{} is damaged: a master's certificate in it", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// It pins nobody, or somebody else than it says.
    #[error("{} is damaged: it does not hold the masters that it names", path.display())]
    Masters {
        /// The file.
        path: PathBuf,
    },
}

impl State {
    /// Reads the file at `path`; none, where there is no file at all.
    ///
    /// # Errors
    /// [`StateError`] where it is there and is not whole.
    pub fn read(path: &Path) -> Result<Option<Pinned>, StateError> {
        let text = match exchange::read_path(path, MAX_STATE) {
            Ok(text) => text,
            Err(ExchangeError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let state: Self = serde_json::from_slice(&text)
            .map_err(|source| StateError::Damaged { path: path.to_owned(), source })?;
        let mut masters = Vec::new();
        for master in &state.masters {
            let certificate = Certificate::read(master.certificate.untrusted_bytes(), &[])
                .map_err(|source| StateError::Certificate { path: path.to_owned(), source })?;
            if certificate.fingerprint() != master.fingerprint {
                return Err(StateError::Masters { path: path.to_owned() });
            }
            masters.push(certificate);
        }
        if masters.is_empty() {
            return Err(StateError::Masters { path: path.to_owned() });
        }
        let seen = Seen { serial: state.serial, digest: state.bundle, made: state.made };
        Ok(Some(Pinned { authority: Some(state.authority), masters, seen: Some(seen) }))
    }

    /// What is to be kept after a bundle of `authority` was accepted.
    pub fn of(authority: &str, masters: &[Certificate], seen: Seen) -> Self {
        let master = |m: &Certificate| Master {
            fingerprint: m.fingerprint(),
            certificate: CertificateBlock::new(m.to_bytes()),
        };
        Self {
            format: Format::State,
            version: Version,
            authority: authority.to_owned(),
            serial: seen.serial,
            bundle: seen.digest,
            made: seen.made,
            masters: masters.iter().map(master).collect(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a state has only string keys");
        text.push('\n');
        text
    }

    /// Writes it at `path`, whole or not at all; not at all where nothing changed.
    ///
    /// # Errors
    /// [`StateError`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), StateError> {
        let text = self.text();
        if exchange::read_path(path, MAX_STATE).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        Ok(exchange::write_path(path, text.as_bytes())?)
    }
}
