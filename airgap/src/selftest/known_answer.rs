//! A certification whose every byte is known beforehand.
//!
//! `known_answer.json` holds a master's certificate, a developer's, the fields of a request, and
//! what the master answered. It was made once, by the ignored test `make_the_vector_anew` in
//! `tests.rs`, with an RSA-2048 key that was made for it and dropped: nobody has that key. The
//! digests in it are checked by GnuPG, too, which takes the signatures for good
//! (`tests/selftest.rs`).

use countersign::certificate::{Certificate, ReadError};
use countersign::journal::{SelfCheck, SelfTest};
use countersign::operation::{CertificateBlock, Operation, Statement, StatementError};
use countersign::response::{ResponseError, SignatureBlock};
use countersign::safe::{chain, counted};
use countersign::time::Timestamp;
use serde::{Deserialize, Serialize};

const VECTOR: &str = include_str!("known_answer.json");

/// What was asked, and what is known of the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) master: CertificateBlock,
    pub(super) created: Timestamp,
    pub(super) operation: Operation,
    pub(super) answer: Vec<Known>,
}

/// One signature of the answer: the digest that the card is given, in hex, and the packet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) sha512: String,
    pub(super) signature: SignatureBlock,
}

/// What this program gets wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum KnownAnswerError {
    /// The text.
    #[error("the known answer cannot be read")]
    Form(#[from] serde_json::Error),
    /// A certificate in it.
    #[error("a certificate of the known answer cannot be read")]
    Certificate(#[from] ReadError),
    /// A signature in it.
    #[error("a signature of the known answer cannot be read")]
    Block(#[from] ResponseError),
    /// No prediction.
    #[error("the known answer cannot be predicted")]
    Prediction(#[source] StatementError),
    /// More or fewer signatures.
    #[error("{actual} signatures are predicted, {expected} are known")]
    Count {
        /// How many are predicted.
        actual: usize,
        /// How many are known.
        expected: usize,
    },
    /// Another digest.
    #[error("signature {number}: the digest is predicted as {actual}, known is {expected}")]
    Digest {
        /// Which one, from 1.
        number: usize,
        /// As predicted, in hex.
        actual: String,
        /// As it is known, in hex.
        expected: String,
    },
    /// The right signature is not taken.
    #[error("signature {number} is known to be good, and is refused")]
    Refused {
        /// Which one, from 1.
        number: usize,
        /// Why.
        source: StatementError,
    },
    /// A wrong signature is taken.
    #[error("signature {number} is accepted with {what} changed")]
    Accepted {
        /// Which one, from 1.
        number: usize,
        /// What was changed.
        what: &'static str,
    },
}

/// Predicts the known answer, takes it, and refuses it changed.
pub(super) fn check() -> SelfCheck {
    let found = compare(VECTOR).map_err(|error| chain(&error));
    super::check(SelfTest::KnownAnswer, found)
}

/// The same with any vector; what was found in order.
pub(super) fn compare(vector: &str) -> Result<String, KnownAnswerError> {
    let vector: Vector = serde_json::from_str(vector)?;
    let statements = vector.predict()?;
    let (actual, expected) = (statements.len(), vector.answer.len());
    if actual != expected {
        return Err(KnownAnswerError::Count { actual, expected });
    }
    for (at, (statement, known)) in statements.iter().zip(&vector.answer).enumerate() {
        known.agrees_with(statement, at + 1, vector.created)?;
    }
    let signatures = counted(actual, "known signature");
    Ok(format!("{signatures} predicted and accepted; refused with one bit or byte changed"))
}

impl Vector {
    /// As the station does it: from the request's fields alone.
    pub(super) fn predict(&self) -> Result<Vec<Statement>, KnownAnswerError> {
        let master = Certificate::read(self.master.untrusted_bytes(), &[])?;
        let certificate = self.operation.certificate();
        let certificate = certificate.map(|c| Certificate::read(c.untrusted_bytes(), &[&master]));
        let statements =
            self.operation.statements(self.created, &master, certificate.transpose()?.as_ref());
        statements.map_err(KnownAnswerError::Prediction)
    }
}

impl Known {
    fn agrees_with(
        &self,
        statement: &Statement,
        number: usize,
        created: Timestamp,
    ) -> Result<(), KnownAnswerError> {
        let actual = hex::encode(statement.digest());
        if actual != self.sha512 {
            let expected = self.sha512.clone();
            return Err(KnownAnswerError::Digest { number, actual, expected });
        }
        let packet = self.signature.untrusted_bytes()?;
        statement.accept(&packet).map_err(|source| KnownAnswerError::Refused { number, source })?;
        let changed = [
            ("one bit of the RSA value", flip(&packet, packet.len().checked_sub(1), 0x01)),
            ("one byte of the hashed area", flip(&packet, hashed(&packet, created), 0xff)),
        ];
        match changed.into_iter().find(|(_, packet)| statement.accept(packet).is_ok()) {
            Some((what, _)) => Err(KnownAnswerError::Accepted { number, what }),
            None => Ok(()),
        }
    }
}

/// Where the hashed area has the last byte of the creation time, its first subpacket
/// (RFC 9580 §5.2.3.11).
fn hashed(packet: &[u8], created: Timestamp) -> Option<usize> {
    let time = created.unix().to_be_bytes();
    packet.windows(time.len()).position(|bytes| bytes == time).map(|at| at + time.len() - 1)
}

/// The packet with these bits of one byte changed. Unchanged where there is no such byte: then it
/// is accepted, and that is the failure.
fn flip(packet: &[u8], at: Option<usize>, bits: u8) -> Vec<u8> {
    let mut changed = packet.to_vec();
    if let Some(byte) = at.and_then(|at| changed.get_mut(at)) {
        *byte ^= bits;
    }
    changed
}
