//! What the answer to a request has to say.

use super::Request;
use crate::certificate::{Certificate, ReadError};
use crate::operation::{Statement, StatementError};

/// Every signature that a request asks for.
#[derive(Debug)]
pub struct Prediction {
    /// The request's certificate, where it is about one.
    pub certificate: Option<Certificate>,
    /// The signatures, in order.
    pub statements: Vec<Statement>,
}

/// Why a request's signatures cannot be predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictionError {
    /// Its certificate.
    #[error("the request's certificate cannot be read")]
    Certificate(#[from] ReadError),
    /// One of them.
    #[error("the request's signatures cannot be predicted")]
    Statement(#[from] StatementError),
}

impl Request {
    /// What `master` has to sign.
    ///
    /// # Errors
    /// [`PredictionError`] where the certificate cannot be read, or does not have what is to be
    /// signed.
    pub fn prediction(&self, master: &Certificate) -> Result<Prediction, PredictionError> {
        let certificate = self.certificate(&[master])?;
        let operation = self.operation();
        let statements = operation.statements(self.created(), master, certificate.as_ref())?;
        Ok(Prediction { certificate, statements })
    }

    /// What `stand_in` would have to sign, were it the master that is asked: for a rehearsal. What
    /// a master says of itself, the stand-in says of itself.
    ///
    /// # Errors
    /// [`PredictionError`], as [`Request::prediction`].
    pub fn rehearsal(&self, stand_in: &Certificate) -> Result<Prediction, PredictionError> {
        let certificate = self.certificate(&[stand_in])?;
        let own = certificate.as_ref().is_some_and(|c| c.fingerprint() == self.master());
        let certificate = if own { Some(stand_in.clone()) } else { certificate };
        let operation = self.operation();
        let statements = operation.statements(self.created(), stand_in, certificate.as_ref())?;
        Ok(Prediction { certificate, statements })
    }
}
