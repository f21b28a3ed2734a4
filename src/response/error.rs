//! Why a response is not accepted.

use super::{MAX_BYTES, Refuser};
use crate::fingerprint::Fingerprint;
use crate::operation::StatementError;
use crate::policy::Violation;
use crate::request::{PredictionError, RequestId};
use crate::sealed::{CustodianError, SealError};

/// Why a response is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// Longer than any response.
    #[error("the response is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not a response at all.
    #[error("this is not a response of version 1")]
    Form(#[source] serde_json::Error),
    /// The same meaning in another spelling: there would be room for hidden marks.
    #[error("the response is not written as responses are: somebody edited or reformatted it")]
    NotCanonical,
    /// An answer to another request.
    #[error("the response answers request {actual}, not {expected}")]
    OtherRequest {
        /// The request that it names.
        actual: RequestId,
        /// The request that was given.
        expected: RequestId,
    },
    /// An answer by another master.
    #[error("the response is by master {actual}, the request asked {expected}")]
    OtherMaster {
        /// The master that it names.
        actual: Fingerprint,
        /// The master that was asked.
        expected: Fingerprint,
    },
    /// Too few or too many signatures.
    #[error("the response holds {actual} signatures, the request asked for {expected}")]
    Count {
        /// How many there are.
        actual: usize,
        /// How many were asked for.
        expected: usize,
    },
    /// A signature that is not base64.
    #[error("a signature in the response is not base64")]
    Encoding,
    /// A signature that is not the predicted one.
    #[error("signature {number} of the response is not what the request asked for")]
    Signature {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        source: StatementError,
    },
    /// What to expect cannot be told.
    #[error(transparent)]
    Prediction(#[from] PredictionError),
    /// A sealed answer where signatures were asked for.
    #[error("the response is sealed, the request asked for signatures")]
    Sealed,
    /// Signatures where a sealed answer was asked for.
    #[error(
        "the response holds the revocation IN CLEAR, the request asked for it sealed: destroy it, \
         and look for other copies"
    )]
    InClear,
    /// A custodian's certificate in the request.
    #[error("a custodian of the request cannot be read")]
    Custodian(#[from] CustodianError),
    /// A sealed message that is not one, or not for those whom the request names.
    #[error("the sealed message is not what the request asked for")]
    Message(#[from] SealError),
    /// The station refused.
    #[error("the station refused the request, {by}: {}", list(violations))]
    Refused {
        /// Who refused.
        by: Refuser,
        /// Every reason.
        violations: Vec<Violation>,
    },
}

fn list(violations: &[Violation]) -> String {
    let one = |v: &Violation| {
        let reason = crate::safe::Safe(&v.reason);
        match v.rule.as_str() {
            "operator" => reason.to_string(),
            rule => format!("{}: {reason}", crate::safe::Safe(rule)),
        }
    };
    violations.iter().map(one).collect::<Vec<_>>().join("; ")
}
