//! Who was written to: `invitations.jsonl` in the record, one line for each letter.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// The name of the file in the record.
const FILE: &str = "invitations.jsonl";
/// Longest file that is read, in bytes: some 300,000 letters.
const MAX_BYTES: usize = 64 << 20;

/// One letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Whom it went to.
    pub key: Fingerprint,
    /// The master that is to certify the key.
    pub master: Fingerprint,
    /// When it was written.
    pub written: Timestamp,
    /// Until when an answer is wanted; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// The last letter to each.
#[derive(Clone, Debug, Default)]
pub struct Invitations {
    last: BTreeMap<Fingerprint, Invitation>,
    text: Vec<u8>,
}

/// Why the letters cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// The file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A line.
    #[error("line {number} of invitations.jsonl is not an invitation")]
    Line {
        /// Which one, from 1.
        number: usize,
        /// Why.
        source: serde_json::Error,
    },
}

impl Invitations {
    /// The letters about `master` in the record at `folder`.
    ///
    /// # Errors
    /// [`InvitationError`] where the file is damaged.
    pub fn open(folder: &Path, master: Fingerprint) -> Result<Self, InvitationError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = exchange::read_path(&path, MAX_BYTES)?;
        let mut last = BTreeMap::new();
        for (at, line) in text.split(|b| *b == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let wrong = |source| InvitationError::Line { number: at + 1, source };
            let invitation: Invitation = serde_json::from_slice(line).map_err(wrong)?;
            if invitation.master == master {
                last.insert(invitation.key, invitation);
            }
        }
        Ok(Self { last, text })
    }

    /// The last letter to a key's owner.
    pub fn of(&self, key: Fingerprint) -> Option<&Invitation> {
        self.last.get(&key)
    }

    /// Adds a letter.
    pub fn add(&mut self, invitation: Invitation) {
        let line = serde_json::to_vec(&invitation).expect("an invitation is plain data");
        self.text.extend_from_slice(&line);
        self.text.push(b'\n');
        self.last.insert(invitation.key, invitation);
    }

    /// Writes them into the record at `folder`.
    ///
    /// # Errors
    /// [`InvitationError`] where it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), InvitationError> {
        Ok(exchange::write_path(&folder.join(FILE), &self.text)?)
    }
}
