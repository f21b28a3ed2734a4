//! The record of a session: the text that the card signs at its end.
//!
//! A record covers the journal's entries from where the record before it ended to the moment at
//! which it is made, so that the records of a station say everything that the journal says, once.
//! It follows from the journal alone: whoever has the journal makes the same text from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::software::{SelfCheck, Software};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::request::{RequestId, Version};
use crate::response::Refuser;
use crate::time::Timestamp;

/// Most signed requests that a record lists; it counts those beyond.
pub const MAX_LISTED: usize = 20_000;
/// Most refusals that a record lists; it counts those beyond.
pub const MAX_REFUSALS: usize = 5_000;
/// Longest record that is read, in bytes.
pub const MAX_BYTES: usize = 32 << 20;

/// The record of a session, version 1. Members stand in this order, indented by two spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Always `countersign-record`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// The authority's name.
    pub authority: String,
    /// The station: the digest of its journal's first entry.
    pub station: Sha256,
    /// The session's number at this station, from 1.
    pub session: u64,
    /// When the record was made, by the date that the operator confirmed.
    pub created: Timestamp,
    /// The master that signs it.
    pub master: Fingerprint,
    /// The card that the master is on, `MANUFACTURER:SERIAL`.
    pub card: String,
    /// The card's signature counter.
    pub counter: Count,
    /// The program that ran.
    pub software: Software,
    /// The digest of the policy in force.
    pub policy: Sha256,
    /// What the station found when it tried itself.
    pub self_test: Vec<SelfCheck>,
    /// SHA-256 of the rehearsal that the session had to be the same as, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Sha256>,
    /// What it covers.
    pub journal: Covered,
    /// What was decided and signed, in the journal's order.
    pub decisions: Vec<Decided>,
    /// How many decisions beyond [`MAX_LISTED`] and [`MAX_REFUSALS`] are in the journal only.
    pub unlisted: u64,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// A session's record.
    #[serde(rename = "countersign-record")]
    Record,
}

/// What a card's counter read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Before the first of the signatures that are listed.
    pub before: u32,
    /// After the last of them, and before the record's own.
    pub after: u32,
}

/// Which entries of the journal a record covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    /// The number of the first entry.
    pub first: u64,
    /// The number of the last entry.
    pub last: u64,
    /// The digest of the entry before the first; zeros where it is the journal's first.
    pub previous: Sha256,
    /// The digest of the last entry: the journal's head.
    pub head: Sha256,
}

/// One decision, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// The request, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// SHA-256 of the file that was refused, where it was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Sha256>,
    /// The decision.
    pub decision: Decision,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decision {
    /// SHA-256 of each signature packet that the card made.
    Signed(Vec<Sha256>),
    /// It was refused.
    Refused {
        /// Who refused.
        by: Refuser,
        /// The rules that were broken.
        rules: Vec<String>,
    },
}

/// Why a text is not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Longer than any record.
    #[error("a session's record has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Not one.
    #[error("it is not a session's record")]
    Form(#[source] serde_json::Error),
    /// A record in another spelling.
    #[error("it is not written as records are: somebody edited or reformatted it")]
    NotCanonical,
}

impl Record {
    /// The one spelling of this record, with a final newline: what the master signs.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a record has only string keys");
        text.push('\n');
        text
    }

    /// Reads a record from untrusted text.
    ///
    /// # Errors
    /// [`RecordError`] where it is too long, no record, or spelled in another way.
    pub fn parse(untrusted: &str) -> Result<Self, RecordError> {
        if untrusted.len() > MAX_BYTES {
            return Err(RecordError::TooLong);
        }
        let record: Self = serde_json::from_str(untrusted).map_err(RecordError::Form)?;
        if record.text() == untrusted { Ok(record) } else { Err(RecordError::NotCanonical) }
    }

    /// How many signatures it lists.
    pub fn signatures(&self) -> usize {
        self.decisions.iter().map(|d| d.signatures().len()).sum()
    }
}

impl Decided {
    /// The signatures that were made.
    pub fn signatures(&self) -> &[Sha256] {
        match &self.decision {
            Decision::Signed(signatures) => signatures,
            Decision::Refused { .. } => &[],
        }
    }
}
