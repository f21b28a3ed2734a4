//! A response: the signatures that a request asked for, or why there are none.
//!
//! The station's answer is untrusted until [`Response::verify`] has rebuilt every byte of it from
//! the request: an answer that says anything else, or anything more, is refused whole.

mod error;
mod rehearsed;
mod sealed;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use sequoia_openpgp as openpgp;
use serde::{Deserialize, Serialize};

use openpgp::packet::{Packet, Signature};
use openpgp::serialize::SerializeInto as _;

use crate::certificate::{Certificate, ReadError};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::Place;
use crate::policy::Violation;
use crate::request::{Prediction, Request, RequestId, Version};
use crate::sealed::SealedMessage;
pub use error::ResponseError;
pub use rehearsed::Rehearsed;
pub use sealed::{SealedAnswer, reveal};

/// Longest response that is read, in bytes.
pub const MAX_BYTES: usize = 2 << 20;

/// A response as it travels, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// Always `countersign-response`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// The request that is answered.
    pub request: RequestId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// A response.
    #[serde(rename = "countersign-response")]
    Response,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// The master signed.
    Signed {
        /// The master's fingerprint.
        master: Fingerprint,
        /// One signature packet for each statement, in the order of the request.
        signatures: Vec<SignatureBlock>,
    },
    /// The master signed something that nobody is to see yet.
    Sealed {
        /// The master's fingerprint.
        master: Fingerprint,
        /// SHA-256 of the signature packet, by the station's word.
        sha256: Sha256,
        /// The packet, sealed.
        message: SealedMessage,
    },
    /// The station did not sign.
    Refused {
        /// Who refused.
        by: Refuser,
        /// Every reason.
        violations: Vec<Violation>,
    },
}

/// Who refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refuser {
    /// A rule of the policy.
    Policy,
    /// The person at the station.
    Operator,
}

impl std::fmt::Display for Refuser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Policy => "by a rule of its policy",
            Self::Operator => "by its operator's decision",
        })
    }
}

/// An OpenPGP signature packet in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SignatureBlock(String);

impl SignatureBlock {
    /// Encodes a signature packet.
    pub fn new(signature: &Signature) -> Self {
        let packet = Packet::from(signature.clone());
        Self(STANDARD.encode(packet.to_vec().expect("a signature in memory serialises")))
    }

    /// The packet's bytes, untrusted.
    ///
    /// # Errors
    /// Where the text is not base64.
    pub fn untrusted_bytes(&self) -> Result<Vec<u8>, ResponseError> {
        STANDARD.decode(&self.0).map_err(|_| ResponseError::Encoding)
    }

    /// SHA-256 of the packet.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(STANDARD.decode(&self.0).unwrap_or_default())
    }
}

/// Signatures that are, byte for byte, what the request asked for. Only [`Response::verify`]
/// makes one, online and at the station.
#[derive(Debug)]
pub struct Verified {
    request: RequestId,
    master: Fingerprint,
    certificate: Option<Certificate>,
    signatures: Vec<(Place, Signature)>,
}

impl Response {
    /// A response with `outcome` to `request`.
    pub fn new(request: RequestId, outcome: Outcome) -> Self {
        Self { format: Format::Response, version: Version, request, outcome }
    }

    /// The one spelling of this response.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a response has only string keys");
        text.push('\n');
        text
    }

    /// Reads a response from untrusted bytes; nothing in it is believed yet.
    ///
    /// # Errors
    /// [`ResponseError`] where it is too long, not a response, or spelled in another way.
    pub fn parse(untrusted: &[u8]) -> Result<Self, ResponseError> {
        if untrusted.len() > MAX_BYTES {
            return Err(ResponseError::TooLong);
        }
        let response: Self = serde_json::from_slice(untrusted).map_err(ResponseError::Form)?;
        if response.text().as_bytes() == untrusted {
            Ok(response)
        } else {
            Err(ResponseError::NotCanonical)
        }
    }

    /// Rebuilds every byte from `request` and accepts the signatures if they are just those.
    ///
    /// # Errors
    /// [`ResponseError`] where the answer is to another request, by another master, a refusal, or
    /// states anything but what was asked.
    pub fn verify(
        self,
        request: &Request,
        master: &Certificate,
    ) -> Result<Verified, ResponseError> {
        self.answers(request)?;
        let (by, blocks) = match self.outcome {
            Outcome::Signed { .. } if sealed::is_asked(request) => {
                return Err(ResponseError::InClear);
            }
            Outcome::Signed { master, signatures } => (master, signatures),
            Outcome::Sealed { .. } => return Err(ResponseError::Sealed),
            Outcome::Refused { by, violations } => {
                return Err(ResponseError::Refused { by, violations });
            }
        };
        is_by(by, request, master)?;
        Verified::check(request.id(), master.fingerprint(), request.prediction(master)?, &blocks)
    }
}

impl Response {
    /// Whether it answers this request at all.
    fn answers(&self, request: &Request) -> Result<(), ResponseError> {
        if self.request == request.id() {
            return Ok(());
        }
        let expected = request.id();
        Err(ResponseError::OtherRequest { actual: self.request, expected })
    }
}

fn is_by(by: Fingerprint, request: &Request, master: &Certificate) -> Result<(), ResponseError> {
    let expected = request.master();
    match [by, master.fingerprint()].into_iter().find(|actual| *actual != expected) {
        Some(actual) => Err(ResponseError::OtherMaster { actual, expected }),
        None => Ok(()),
    }
}

impl Verified {
    /// Accepts `blocks` if they are, one by one, the predicted signatures.
    ///
    /// # Errors
    /// [`ResponseError`] where one is missing, differs, or is one too many.
    fn check(
        request: RequestId,
        master: Fingerprint,
        prediction: Prediction,
        blocks: &[SignatureBlock],
    ) -> Result<Self, ResponseError> {
        let Prediction { certificate, statements } = prediction;
        if blocks.len() != statements.len() {
            let (actual, expected) = (blocks.len(), statements.len());
            return Err(ResponseError::Count { actual, expected });
        }
        let mut signatures = Vec::with_capacity(blocks.len());
        for (at, (statement, block)) in statements.iter().zip(blocks).enumerate() {
            let signature = statement
                .accept(&block.untrusted_bytes()?)
                .map_err(|source| ResponseError::Signature { number: at + 1, source })?;
            signatures.push((statement.place(), signature));
        }
        Ok(Self { request, master, certificate, signatures })
    }

    /// The request that was answered.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The master that signed.
    pub fn master(&self) -> Fingerprint {
        self.master
    }

    /// How many signatures there are.
    pub fn count(&self) -> usize {
        self.signatures.len()
    }

    /// The request's certificate with the new signatures on it, where it is about one.
    ///
    /// # Errors
    /// [`ReadError`] where the result exceeds a certificate's limits.
    pub fn certificate(&self, masters: &[&Certificate]) -> Result<Option<Certificate>, ReadError> {
        let Some(certificate) = &self.certificate else { return Ok(None) };
        let primary = certificate.primary();
        let packets = self.signatures.iter().flat_map(|(place, s)| place.packets(primary, s));
        certificate.with_packets(packets, masters).map(Some)
    }

    /// `text` with the signature as a cleartext-signed message, where the request asked for one.
    pub fn signed_text(&self, text: &str) -> Option<String> {
        crate::module::write_signed(text, self.text_signature()?).ok()
    }

    /// The signature over a text, where the request asked for one.
    pub fn text_signature(&self) -> Option<&Signature> {
        let over_text = self.signatures.iter().find(|(place, _)| matches!(place, Place::Text));
        over_text.map(|(_, signature)| signature)
    }

    /// The response that carries these signatures.
    pub fn response(&self) -> Response {
        let signatures = self.signatures.iter().map(|(_, s)| SignatureBlock::new(s)).collect();
        Response::new(self.request, Outcome::Signed { master: self.master, signatures })
    }
}
