//! What a stand-in for the master answered in a rehearsal: to be looked at, never to be installed.

use super::{Outcome, Response, ResponseError, Verified};
use crate::certificate::{Certificate, ReadError};
use crate::operation::Place;
use crate::request::Request;

/// Signatures that are, byte for byte but for their maker, what a request asked for. They are a
/// throwaway key's: nothing makes a response of them. Only [`Response::rehearsed`] makes one.
#[derive(Debug)]
pub struct Rehearsed(Verified);

impl Response {
    /// Accepts the signatures if they are what `request` would ask of `stand_in`.
    ///
    /// # Errors
    /// [`ResponseError`] where they are not, or the answer is to another request, sealed, or a
    /// refusal.
    pub fn rehearsed(
        self,
        request: &Request,
        stand_in: &Certificate,
    ) -> Result<Rehearsed, ResponseError> {
        self.answers(request)?;
        let (by, blocks) = match self.outcome {
            Outcome::Signed { master, signatures } => (master, signatures),
            Outcome::Sealed { .. } => return Err(ResponseError::Sealed),
            Outcome::Refused { by, violations } => {
                return Err(ResponseError::Refused { by, violations });
            }
        };
        let expected = stand_in.fingerprint();
        if by != expected {
            return Err(ResponseError::OtherMaster { actual: by, expected });
        }
        let prediction = request.rehearsal(stand_in)?;
        Verified::check(request.id(), expected, prediction, &blocks).map(Rehearsed)
    }
}

impl Rehearsed {
    /// The request's certificate with the signatures on it, where it is about one.
    ///
    /// # Errors
    /// [`ReadError`] where the result exceeds a certificate's limits.
    pub fn certificate(&self, masters: &[&Certificate]) -> Result<Option<Certificate>, ReadError> {
        self.0.certificate(masters)
    }

    /// The stand-in's own certificate with what it signed about itself.
    ///
    /// # Errors
    /// [`ReadError`] where the result exceeds a certificate's limits.
    pub fn about_itself(&self, stand_in: &Certificate) -> Result<Certificate, ReadError> {
        let signatures = self.0.signatures.iter();
        let packets = signatures.flat_map(|(place, s)| place.packets(stand_in.primary(), s));
        stand_in.with_packets(packets, &[])
    }

    /// `text` with the signature as a cleartext-signed message, where the request asked for one.
    pub fn signed_text(&self, text: &str) -> Option<String> {
        self.0.signed_text(text)
    }

    /// Whether it is a signature over a text.
    pub fn is_over_text(&self) -> bool {
        self.0.signatures.iter().any(|(place, _)| matches!(place, Place::Text))
    }
}
