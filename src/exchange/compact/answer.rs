//! A response as nothing but its request's id and its RSA values.

use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi;
use openpgp::packet::Packet;
use openpgp::parse::Parse as _;

use super::CompactError;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::request::{Prediction, Request, RequestId};
use crate::response::{MAX_BYTES, Outcome, Response, SignatureBlock};

/// Longest RSA value: that of a key of 16,384 bits.
const MAX_VALUE: usize = 2048;

/// A response that states what was predicted: the request's id, then each signature's RSA value
/// as a multiprecision integer (RFC 9580 §3.2). Untrusted until [`Answer::response`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    request: RequestId,
    values: Vec<Vec<u8>>,
}

impl Answer {
    /// The answer that `response` is; none where it refuses, or holds anything but RSA signatures.
    pub fn of(response: &Response) -> Option<Self> {
        let Outcome::Signed { signatures, .. } = &response.outcome else { return None };
        let values = signatures.iter().map(value).collect::<Option<Vec<_>>>()?;
        Some(Self { request: response.request, values })
    }

    /// Reads untrusted bytes.
    ///
    /// # Errors
    /// [`CompactError`] where they are anything but what [`Answer::to_bytes`] makes.
    pub fn parse(untrusted: &[u8]) -> Result<Self, CompactError> {
        if untrusted.len() > MAX_BYTES {
            return Err(CompactError::TooLong);
        }
        let broken = || CompactError::Form("an answer of signatures only");
        let (id, mut rest) = untrusted.split_first_chunk::<32>().ok_or_else(broken)?;
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (bits, after) = rest.split_first_chunk::<2>().ok_or_else(broken)?;
            let bits = usize::from(u16::from_be_bytes(*bits));
            let (value, after) = after.split_at_checked(bits.div_ceil(8)).ok_or_else(broken)?;
            // One spelling: the first bit that is claimed is set, and none before it.
            if value.len() > MAX_VALUE || bits == 0 || bits_of(value) != bits {
                return Err(broken());
            }
            values.push(value.to_vec());
            rest = after;
        }
        if values.is_empty() {
            return Err(broken());
        }
        Ok(Self { request: RequestId(Sha256::from(*id)), values })
    }

    /// The bytes that travel.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.request.0.as_bytes().to_vec();
        for value in &self.values {
            let bits = u16::try_from(bits_of(value)).expect("checked by both constructors");
            bytes.extend(bits.to_be_bytes());
            bytes.extend(value);
        }
        bytes
    }

    /// The request that it answers.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The whole response, rebuilt from `request`: the text that the station wrote, byte for byte.
    /// It is to be checked like one that came whole.
    ///
    /// # Errors
    /// [`CompactError`] where it answers another request, or a value is not `master`'s.
    pub fn response(
        &self,
        request: &Request,
        master: &Certificate,
    ) -> Result<Response, CompactError> {
        if self.request != request.id() {
            let (actual, expected) = (self.request, request.id());
            return Err(CompactError::OtherRequest { actual, expected });
        }
        let Prediction { statements, .. } = request.prediction(master)?;
        if self.values.len() != statements.len() {
            let (actual, expected) = (self.values.len(), statements.len());
            return Err(CompactError::Count { actual, expected });
        }
        let mut signatures = Vec::with_capacity(statements.len());
        for (at, (statement, value)) in statements.iter().zip(&self.values).enumerate() {
            let signature = statement
                .complete(value)
                .map_err(|source| CompactError::Signature { number: at + 1, source })?;
            signatures.push(SignatureBlock::new(&signature));
        }
        let outcome = Outcome::Signed { master: master.fingerprint(), signatures };
        Ok(Response::new(self.request, outcome))
    }
}

fn value(block: &SignatureBlock) -> Option<Vec<u8>> {
    let Ok(Packet::Signature(signature)) = Packet::from_bytes(&block.untrusted_bytes().ok()?)
    else {
        return None;
    };
    match signature.mpis() {
        mpi::Signature::RSA { s } => {
            let value = s.value().to_vec();
            (1..=MAX_VALUE).contains(&value.len()).then_some(value)
        }
        _ => None,
    }
}

/// How many bits a number without leading zero bytes has.
fn bits_of(value: &[u8]) -> usize {
    let zeros = value.first().map_or(0, |first| first.leading_zeros() as usize);
    (value.len() * 8).saturating_sub(zeros)
}
