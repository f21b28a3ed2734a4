//! The sealed message: making one, and what can be said of one without opening it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use sequoia_openpgp as openpgp;
use serde::{Deserialize, Serialize};

use openpgp::crypto::mpi::{Ciphertext, PublicKey};
use openpgp::packet::{Body, Key, PKESK, Packet, SEIP, SKESK, Signature, key};
use openpgp::parse::{PacketParserBuilder, PacketParserResult, Parse as _};
use openpgp::serialize::SerializeInto as _;
use openpgp::serialize::stream::{Encryptor, LiteralWriter, Message, Recipient};
use openpgp::types::{Features, SymmetricAlgorithm};

use super::custodian::Custodian;
use super::passphrase::Passphrase;

/// Longest sealed message that is read, in bytes: eight custodians with RSA-8192.
pub const MAX_BYTES: usize = 16 << 10;
/// The cipher: GnuPG's own choice for keys of today.
const CIPHER: SymmetricAlgorithm = SymmetricAlgorithm::AES256;
/// What SEIPDv1 adds to what is encrypted: version, prefix, modification detection (RFC 9580
/// §5.13.1).
const SEIP_EXTRA: usize = 1 + 18 + 22;
/// What literal data adds to its content (RFC 9580 §5.9): tag, length of two bytes, form, an empty
/// name, a date of zeros.
const LITERAL_EXTRA: usize = 3 + 6;
/// By how many bytes an RSA value may be shorter than its modulus.
const SHORTER: usize = 8;

/// An OpenPGP message (RFC 9580 §10.3) in base64, not opened: session keys encrypted to the
/// custodians or with a passphrase, then data with modification detection (SEIPDv1, which GnuPG
/// 2.2 reads) under AES-256, which hold the signature packet as literal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SealedMessage(String);

/// For whom a message is sealed.
#[derive(Debug)]
pub enum Recipients<'a> {
    /// For each of these.
    Custodians(&'a [Custodian]),
    /// For whoever has a passphrase; the passphrase itself where one is to be made.
    Passphrase(Option<&'a Passphrase>),
}

/// Why a message cannot be made, or is not what a sealed message has to be.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Not base64, or longer than any sealed message.
    #[error("the sealed message is not base64 of at most {MAX_BYTES} bytes")]
    Encoding,
    /// Encryption failed.
    #[error("the signature cannot be sealed")]
    Encryption(#[source] anyhow::Error),
    /// Not a whole OpenPGP message.
    #[error("the sealed message is damaged")]
    Damaged(#[source] anyhow::Error),
    /// Bytes that the reader passes over.
    #[error("the sealed message is not spelled as sealed messages are")]
    Spelling,
    /// For somebody else, or for more or fewer than were named.
    #[error("the sealed message is not for just those whom the request names")]
    Recipients,
    /// Not encrypted data of the one form.
    #[error("the sealed message is not encrypted with modification detection, version 1")]
    Form,
    /// No room for the signature, or more than it needs.
    #[error("the sealed message has {actual} bytes of encrypted data, a revocation has {expected}")]
    Size {
        /// What it has.
        actual: usize,
        /// What it can have at most.
        expected: usize,
    },
}

impl SealedMessage {
    /// Seals a signature packet.
    ///
    /// # Errors
    /// [`SealError`] where encryption fails.
    pub fn seal(signature: &Signature, recipients: &Recipients<'_>) -> Result<Self, SealError> {
        encrypt(signature, recipients).map(|bytes| Self::new(&bytes)).map_err(SealError::Encryption)
    }

    /// The message in a file.
    pub fn new(untrusted: &[u8]) -> Self {
        Self(STANDARD.encode(untrusted))
    }

    /// The message's bytes, untrusted.
    ///
    /// # Errors
    /// [`SealError::Encoding`].
    pub fn untrusted_bytes(&self) -> Result<Vec<u8>, SealError> {
        let bytes = STANDARD.decode(&self.0).map_err(|_| SealError::Encoding)?;
        if bytes.len() > MAX_BYTES { Err(SealError::Encoding) } else { Ok(bytes) }
    }

    /// Says all that can be said without opening it: it is for just these, in their order, and
    /// holds as many bytes as a packet of `longest` bytes needs.
    ///
    /// # Errors
    /// [`SealError`] where it is anything else.
    pub fn check(&self, recipients: &Recipients<'_>, longest: usize) -> Result<(), SealError> {
        let bytes = self.untrusted_bytes()?;
        let mut packets = packets(&bytes).map_err(SealError::Damaged)?;
        let spelled = packets.iter().map(Packet::to_vec).collect::<Result<Vec<_>, _>>();
        if spelled.map_err(SealError::Damaged)?.concat() != bytes {
            return Err(SealError::Spelling);
        }
        let data = packets.pop().ok_or(SealError::Form)?;
        let fits = match recipients {
            Recipients::Custodians(custodians) => {
                custodians.len() == packets.len()
                    && custodians.iter().zip(&packets).all(|(c, packet)| is_for(packet, c))
            }
            Recipients::Passphrase(_) => {
                matches!(packets.as_slice(), [Packet::SKESK(SKESK::V4(skesk))] if
                    skesk.symmetric_algo() == CIPHER
                    && skesk.s2k().is_supported()
                    && skesk.esk().is_ok_and(|esk| esk.is_some_and(|esk| esk.len() == 33)))
            }
        };
        if !fits {
            return Err(SealError::Recipients);
        }
        let Packet::SEIP(SEIP::V1(seip)) = &data else { return Err(SealError::Form) };
        let Body::Unprocessed(body) = seip.body() else { return Err(SealError::Form) };
        // Its version stands before.
        let actual = body.len() + 1;
        let expected = SEIP_EXTRA + LITERAL_EXTRA + longest;
        if (expected.saturating_sub(SHORTER)..=expected).contains(&actual) {
            Ok(())
        } else {
            Err(SealError::Size { actual, expected })
        }
    }
}

fn encrypt(signature: &Signature, recipients: &Recipients<'_>) -> anyhow::Result<Vec<u8>> {
    let packet = Packet::from(signature.clone()).to_vec()?;
    let mut sealed = Vec::new();
    let message = Message::new(&mut sealed);
    let encryptor = match recipients {
        Recipients::Custodians(custodians) => Encryptor::for_recipients(
            message,
            custodians.iter().map(|c| {
                // Whatever a certificate says that it can do: GnuPG 2.2 reads this alone.
                let features = Features::empty().set_seipdv1();
                Recipient::new(features, openpgp::KeyHandle::from(c.key().keyid()), c.key())
            }),
        ),
        Recipients::Passphrase(passphrase) => {
            let passphrase = passphrase.ok_or_else(|| anyhow::anyhow!("no passphrase"))?;
            Encryptor::with_passwords(message, [passphrase.password().clone()])
        }
    };
    let message = encryptor.symmetric_algo(CIPHER).build()?;
    let mut literal = LiteralWriter::new(message).build()?;
    literal.write_all(&packet)?;
    literal.finalize()?;
    Ok(sealed)
}

/// The packets of a message, not decrypted.
fn packets(bytes: &[u8]) -> anyhow::Result<Vec<Packet>> {
    let mut packets = Vec::new();
    let builder =
        PacketParserBuilder::from_bytes(bytes)?.dearmor(openpgp::parse::Dearmor::Disabled);
    let mut parser = builder.max_recursion_depth(0).buffer_unread_content().build()?;
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next()?;
        anyhow::ensure!(packets.len() <= super::MAX_CUSTODIANS, "too many packets");
        packets.push(packet);
        parser = next;
    }
    Ok(packets)
}

/// Whether a packet is a session key for this custodian, with no more room in it than it takes.
fn is_for(packet: &Packet, custodian: &Custodian) -> bool {
    let Packet::PKESK(PKESK::V3(pkesk)) = packet else { return false };
    let key: &Key<key::PublicParts, key::UnspecifiedRole> = custodian.key();
    let named = pkesk.recipient() == Some(&key.keyid());
    let fits = match (pkesk.esk(), key.mpis()) {
        (Ciphertext::RSA { c }, PublicKey::RSA { n, .. }) => c < n,
        // RFC 9580 §11.5: a session key of 32 bytes, padded to 40 and wrapped.
        (Ciphertext::ECDH { e, key: wrapped }, PublicKey::ECDH { q, .. }) => {
            e.value().len() == q.value().len() && wrapped.len() == 48
        }
        _ => false,
    };
    named && pkesk.pk_algo() == key.pk_algo() && fits
}

#[cfg(test)]
mod tests;
