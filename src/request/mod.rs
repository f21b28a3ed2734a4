//! A request: a cleartext-signed text that asks the master for one operation.
//!
//! People read it in an editor, `gpg --verify` checks it, and its id is the SHA-256 of the exact
//! text under the signatures. There is one way to write a request: a body that is not spelled as
//! [`Draft::text`] spells it is refused, so an old request cannot come back under a new id.

mod body;
mod cleartext;
mod prediction;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

pub use body::{Body, Version};
pub use cleartext::CleartextError;
pub(crate) use cleartext::read as read_cleartext;
pub use prediction::{Prediction, PredictionError};

use crate::certificate::{Certificate, ReadError};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::Operation;
use crate::time::Timestamp;

/// Longest request that anybody reads, in bytes; policy may set less.
pub const MAX_BYTES: usize = 2 << 20;

/// A well-formed request. Its signatures are not verified yet: that is
/// [`crate::policy::Policy::review`]'s work.
#[derive(Clone, Debug)]
pub struct Request {
    id: RequestId,
    body: Body,
    text: String,
    signatures: Vec<Signature>,
}

/// The name of a request: SHA-256 of the exact text under its signatures.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct RequestId(pub Sha256);

impl RequestId {
    /// The first 16 hex digits: what file names carry. Too long for anybody to find a second
    /// request with the same ones; still, what counts is the id inside.
    pub fn token(&self) -> String {
        self.0.to_string().chars().take(16).collect()
    }
}

impl RequestId {
    /// The digest that names a set of requests: SHA-256 over their ids, 32 bytes each. They have
    /// to come in ascending order, each once.
    pub fn digest_of_all<E>(ascending: impl Iterator<Item = Result<Self, E>>) -> Result<Sha256, E> {
        Sha256::of_parts(ascending.map(|id| id.map(|id| *id.0.as_bytes())))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A request that is not signed yet.
#[derive(Clone, Debug)]
pub struct Draft(Body);

/// Why a text is not a request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Longer than anybody reads.
    #[error("the request is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the request is not UTF-8 text")]
    NotText,
    /// Not a cleartext-signed message.
    #[error("the request is not one cleartext-signed text")]
    Cleartext(#[from] CleartextError),
    /// The signed text is not a request's body.
    #[error("the signed text is not a request")]
    Body(#[source] serde_json::Error),
    /// Another format or version.
    #[error("the text is {actual}, this program reads {expected}")]
    Version {
        /// What the text says it is.
        actual: String,
        /// What is read here.
        expected: String,
    },
    /// A body with the same meaning but another spelling.
    #[error("the request is not written as requests are: somebody edited or reformatted it")]
    NotCanonical,
    /// Signatures over another text.
    #[error("these are two requests: {actual} and {expected}")]
    OtherRequest {
        /// The request whose signatures were to be added.
        actual: RequestId,
        /// The request that they were to be added to.
        expected: RequestId,
    },
    /// The text cannot be written with all its signatures.
    #[error("the request cannot be written with all its signatures")]
    Unwritable(#[source] anyhow::Error),
}

impl Draft {
    /// Asks `master` at `created` for `operation`.
    pub fn new(created: Timestamp, master: Fingerprint, operation: Operation) -> Self {
        Self(Body { format: body::Format::Request, version: Version, created, master, operation })
    }

    /// The text to be cleartext-signed.
    pub fn text(&self) -> String {
        self.0.canonical()
    }

    /// What is asked.
    pub fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// The draft as a request without signatures, for the lint: no review accepts one.
    pub(crate) fn unsigned(&self) -> Request {
        let text = self.text();
        let id = RequestId(Sha256::of(&text));
        Request { id, body: self.0.clone(), text, signatures: Vec::new() }
    }

    /// The name that the request will have.
    pub fn id(&self) -> RequestId {
        RequestId(Sha256::of(self.text()))
    }
}

impl Request {
    /// Reads a request from untrusted bytes, at most `limit` of them.
    ///
    /// # Errors
    /// [`RequestError`] where it is anything but one cleartext-signed body, spelled as
    /// [`Draft::text`] spells it. Nothing is repaired.
    pub fn parse(untrusted: &[u8], limit: usize) -> Result<Self, RequestError> {
        if untrusted.len() > limit.min(MAX_BYTES) {
            return Err(RequestError::TooLong { limit: limit.min(MAX_BYTES) });
        }
        let text = std::str::from_utf8(untrusted).map_err(|_| RequestError::NotText)?;
        let text = text.replace("\r\n", "\n");
        let (content, signatures) = cleartext::read(&text)?;
        let body = Body::parse(&content)?;
        Ok(Self { id: RequestId(Sha256::of(&content)), body, text, signatures })
    }

    /// The request's name.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// When it was made: the creation time of every signature that it asks for.
    pub fn created(&self) -> Timestamp {
        self.body.created
    }

    /// The master key that is asked.
    pub fn master(&self) -> Fingerprint {
        self.body.master
    }

    /// What is asked.
    pub fn operation(&self) -> &Operation {
        &self.body.operation
    }

    /// The certificate that it carries, with what `masters` said on it; none where it carries none.
    ///
    /// # Errors
    /// [`ReadError`] where it carries something else.
    pub fn certificate(&self, masters: &[&Certificate]) -> Result<Option<Certificate>, ReadError> {
        let block = self.operation().certificate();
        block.map(|block| Certificate::read(block.untrusted_bytes(), masters)).transpose()
    }

    /// The whole text with its signatures, LF line ends.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under the signatures, with its final line end.
    pub fn signed_text(&self) -> String {
        self.body.canonical()
    }

    /// The signatures over the text, with the digest that they should sign computed.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// This request with the signatures of another copy of it as well, each once. The text under
    /// them stays byte for byte what it was; nothing is verified.
    ///
    /// # Errors
    /// [`RequestError`] where the other is another request, or the whole is no request any more:
    /// too many signatures, too long.
    pub fn joined(&self, other: &Self) -> Result<Self, RequestError> {
        if self.id != other.id {
            return Err(RequestError::OtherRequest { actual: other.id, expected: self.id });
        }
        let mut signatures = self.signatures.clone();
        for signature in &other.signatures {
            if !signatures.contains(signature) {
                signatures.push(signature.clone());
            }
        }
        let text = crate::cleartext::write(&self.signed_text(), &signatures)
            .map_err(RequestError::Unwritable)?;
        let joined = Self::parse(text.as_bytes(), MAX_BYTES)?;
        match joined.id == self.id {
            true => Ok(joined),
            false => Err(RequestError::OtherRequest { actual: joined.id, expected: self.id }),
        }
    }

    /// The name of the file that it travels in: the operation, and enough of the id.
    pub fn file_name(&self) -> String {
        format!("{}-{}.request.asc", self.operation().name(), self.id.token())
    }
}
