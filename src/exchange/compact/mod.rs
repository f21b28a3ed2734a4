//! Less to carry where each byte takes time to show: what the other side has already stays here.
//!
//! An [`Answer`] is the signatures' RSA values: whoever has the request computes the rest of the
//! response. A [`Reference`] is a request without its certificate: whoever has that puts it back.
//! Both give the very same text again, or nothing.

mod answer;
mod reference;

pub use answer::Answer;
pub use reference::{Reference, as_carried};

use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::StatementError;
use crate::request::{MAX_BYTES, PredictionError, RequestError, RequestId};

/// What the names of small forms end in, and what their whole texts' names end in.
pub const ANSWER: (&str, &str) = (".response.rsa", ".response.json");
/// See [`ANSWER`].
pub const REFERENCE: (&str, &str) = (".request.ref", ".request.asc");

/// Why a small form does not become the whole text.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// Longer than any whole text.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not the form.
    #[error("it is not {0}")]
    Form(&'static str),
    /// The answer to another request.
    #[error("the answer is to request {actual}, not {expected}")]
    OtherRequest {
        /// The request that it names.
        actual: RequestId,
        /// The request that was given.
        expected: RequestId,
    },
    /// Too few or too many signatures.
    #[error("the answer holds {actual} signatures, the request asked for {expected}")]
    Count {
        /// How many there are.
        actual: usize,
        /// How many were asked for.
        expected: usize,
    },
    /// A value that is not the master's.
    #[error("signature {number} of the answer is not what the request asked for")]
    Signature {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        source: StatementError,
    },
    /// What to expect cannot be told.
    #[error(transparent)]
    Prediction(#[from] PredictionError),
    /// The request that is answered is not here.
    #[error("the answer is to request {0}, which is not here: name its folder with --requests")]
    NoRequest(RequestId),
    /// The master that was asked is not here.
    #[error(
        "the answer is by master {0}, whose certificate is not here: name the record with --authority"
    )]
    NoMaster(Fingerprint),
    /// The certificate is not here.
    #[error(
        "request {request} leaves out the certificate {certificate} of the key {key}, and that \
         very certificate is not here: show the request whole (--whole)"
    )]
    NotHere {
        /// The request.
        request: RequestId,
        /// The certificate's digest.
        certificate: Sha256,
        /// Whose it is.
        key: Fingerprint,
    },
    /// With its certificate it is no request.
    #[error("with its certificate it is not a request")]
    Request(#[from] RequestError),
    /// With its certificate it is another request.
    #[error("with its certificate it is request {actual}, not {expected}")]
    OtherText {
        /// What came out.
        actual: RequestId,
        /// What should have.
        expected: RequestId,
    },
}
