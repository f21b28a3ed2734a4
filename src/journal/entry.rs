//! What a station writes down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{Object, OperationName};
use crate::policy::Violation;
use crate::request::RequestId;
use crate::response::{Refuser, SignatureBlock};
use crate::sealed::SealedMessage;
use crate::time::Timestamp;

use super::software::{SelfCheck, Software};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number, from 0.
    pub sequence: u64,
    /// SHA-256 of the line before, without its line end; zeros for the first.
    pub previous: Sha256,
    /// When, by the date that the operator confirmed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The station was set up.
    StationCreated {
        /// The authority's name.
        authority: String,
        /// The program and its version.
        software: String,
    },
    /// The station took over a changed record of its authority.
    RecordChanged {
        /// The digest of the policy that was in force.
        from: Sha256,
        /// The digest of the policy in force from here on.
        to: Sha256,
        /// The masters from here on.
        masters: Vec<Fingerprint>,
    },
    /// A session began.
    SessionStarted {
        /// The digest of the policy in force.
        policy: Sha256,
        /// The program that runs.
        software: Software,
    },
    /// The station tried itself.
    SelfTested {
        /// What was tried, and what came of it.
        checks: Vec<SelfCheck>,
    },
    /// What follows has to be what was rehearsed.
    Rehearsed {
        /// SHA-256 of the rehearsal's file.
        rehearsal: Sha256,
    },
    /// A request was refused.
    Refused {
        /// The request, where the text was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
        /// SHA-256 of the file, where it could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Sha256>,
        /// Who refused.
        by: Refuser,
        /// Every reason.
        violations: Vec<Violation>,
    },
    /// The operator consented to a request. Written before the card is touched.
    Consented {
        /// The request.
        request: RequestId,
        /// The master that will sign.
        master: Fingerprint,
        /// What it asks for.
        operation: OperationName,
        /// What it is about.
        object: Object,
        /// The user IDs, where it is about some.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        user_ids: Vec<String>,
        /// The module's version, where it is about a module.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The creation time in the signatures.
        created: Timestamp,
        /// When what is stated ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
        /// SHA-256 of each statement's SHA-512 digest, in order: what the card will be given.
        statements: Vec<Sha256>,
        /// How consent was given.
        consent: Consent,
        /// Who approved the request, by the fingerprints of their primary keys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<Fingerprint>,
        /// How a second person confirmed, where the policy asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        witness: Option<Witness>,
    },
    /// The card's signature counter was read.
    Counter {
        /// The card, `MANUFACTURER:SERIAL`.
        card: String,
        /// The master on it.
        master: Fingerprint,
        /// The counter.
        count: u32,
        /// Before or after the session's signatures.
        moment: Moment,
    },
    /// A person explained why the counter had moved between sessions.
    CounterExplained {
        /// The card.
        card: String,
        /// Signatures that this journal does not know; negative where the counter went back.
        unknown: i64,
        /// The explanation.
        explanation: String,
    },
    /// The card made a signature.
    Signed {
        /// The request.
        request: RequestId,
        /// Which of its statements, from 0.
        statement: u32,
        /// The signature packet.
        signature: SignatureBlock,
    },
    /// The card made a signature that nobody is to see yet: what stands here is sealed.
    Sealed {
        /// The request.
        request: RequestId,
        /// Which of its statements, from 0.
        statement: u32,
        /// SHA-256 of the signature packet.
        sha256: Sha256,
        /// The packet, sealed.
        message: SealedMessage,
    },
    /// The card is about to sign the record of all entries before this one that no record covers.
    RecordAnnounced {
        /// When the record was made.
        created: Timestamp,
        /// The master that signs it.
        master: Fingerprint,
        /// The card.
        card: String,
        /// The card's signature counter.
        count: u32,
        /// SHA-256 of the record's text.
        record: Sha256,
        /// SHA-256 of its SHA-512 digest: what the card will be given.
        statement: Sha256,
    },
    /// The card signed the record that the entry before this one announced.
    RecordSigned {
        /// The signature packet.
        signature: SignatureBlock,
    },
    /// A request's answer was written out.
    Answered {
        /// The request.
        request: RequestId,
        /// SHA-256 of the response's text.
        response: Sha256,
    },
    /// A session came to its end.
    SessionEnded,
}

/// How consent was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// Typed at a terminal.
    Typed,
    /// Read from a pipe or a file: a script spoke for the operator.
    Scripted,
}

/// How a second person confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Witness {
    /// With the word `Witnessed`, given as the operator's consent was.
    Word {
        /// The name that the witness typed.
        name: String,
    },
    /// With a signature over the request, by this key.
    Signature {
        /// The fingerprint of the primary key.
        key: Fingerprint,
    },
}

/// When in a session the counter was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before the first signature.
    Before,
    /// After the last one.
    After,
}
