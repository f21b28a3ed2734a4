//! The answer that cannot be compared with a prediction: a master's revocation, sealed.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

use super::{Outcome, Response, ResponseError, is_by};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{PrepareRevocation, Seal, Statement, StatementError};
use crate::request::{PredictionError, Request, RequestId};
use crate::sealed::{Recipients, SealedMessage};

/// A sealed message of which all was checked that can be without opening it. Only
/// [`Response::unopened`] makes one.
#[derive(Debug)]
pub struct SealedAnswer {
    request: RequestId,
    master: Fingerprint,
    reason: &'static str,
    sha256: Sha256,
    message: SealedMessage,
}

/// Whether a request asks for something sealed.
pub(super) fn is_asked(request: &Request) -> bool {
    request.operation().as_any::<PrepareRevocation>().is_some()
}

impl Response {
    /// The sealed message, if that is the answer: untrusted.
    pub fn sealed(&self) -> Option<&SealedMessage> {
        match &self.outcome {
            Outcome::Sealed { message, .. } => Some(message),
            Outcome::Signed { .. } | Outcome::Refused { .. } => None,
        }
    }

    /// Accepts a sealed answer as far as it can be: it is by the master, for just the custodians
    /// whom the request names, and as long as the predicted revocation. What is in it, only a
    /// custodian can tell ([`reveal`]).
    ///
    /// # Errors
    /// [`ResponseError`] where it is anything else.
    pub fn unopened(
        self,
        request: &Request,
        master: &Certificate,
    ) -> Result<SealedAnswer, ResponseError> {
        self.answers(request)?;
        let asked = request.operation().as_any::<PrepareRevocation>();
        let (asked, by, sha256, message) = match (asked, self.outcome) {
            (Some(asked), Outcome::Sealed { master, sha256, message }) => {
                (asked, master, sha256, message)
            }
            (_, Outcome::Refused { by, violations }) => {
                return Err(ResponseError::Refused { by, violations });
            }
            (Some(_), Outcome::Signed { .. }) => return Err(ResponseError::InClear),
            (None, Outcome::Signed { .. } | Outcome::Sealed { .. }) => {
                return Err(ResponseError::Sealed);
            }
        };
        is_by(by, request, master)?;
        let longest = {
            let statement = statement(request, master)?;
            statement.longest_packet().map_err(PredictionError::from)?
        };
        let custodians = asked.seal.custodians(request.created())?;
        let recipients = match &asked.seal {
            Seal::Passphrase => Recipients::Passphrase(None),
            Seal::Custodians(_) => Recipients::Custodians(&custodians),
        };
        message.check(&recipients, longest)?;
        let reason = asked.reason.as_str();
        Ok(SealedAnswer { request: request.id(), master: by, reason, sha256, message })
    }
}

impl SealedAnswer {
    /// The request that was answered.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The master whose revocation it holds.
    pub fn master(&self) -> Fingerprint {
        self.master
    }

    /// The name of its file in the record: `<FINGERPRINT>-<reason>.pgp`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.pgp", self.master, self.reason)
    }

    /// The message.
    pub fn message(&self) -> &SealedMessage {
        &self.message
    }

    /// The response that carries it.
    pub fn response(&self) -> Response {
        let (master, sha256, message) = (self.master, self.sha256, self.message.clone());
        Response::new(self.request, Outcome::Sealed { master, sha256, message })
    }
}

/// The revocation that a request asks to have prepared, if `untrusted`, taken out of a sealed
/// message, is just that, byte for byte.
///
/// # Errors
/// [`ResponseError`] where it is anything else.
pub fn reveal(
    request: &Request,
    master: &Certificate,
    untrusted: &[u8],
) -> Result<Signature, ResponseError> {
    if !is_asked(request) {
        return Err(ResponseError::Sealed);
    }
    let accepted = statement(request, master)?.accept(untrusted);
    accepted.map_err(|source| ResponseError::Signature { number: 1, source })
}

fn statement(request: &Request, master: &Certificate) -> Result<Statement, ResponseError> {
    let first = request.prediction(master)?.statements.into_iter().next();
    Ok(first.ok_or(PredictionError::from(StatementError::NotASignature))?)
}
