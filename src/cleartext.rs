//! What every reader and writer of signed texts shares: sequoia reads the message, and this file
//! takes from it the content and the signatures, none of them judged.

use std::io::{self, Read as _, Write as _};

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::Signature;
use openpgp::parse::stream::{
    MessageLayer, MessageStructure, VerificationError, VerificationHelper, VerifierBuilder,
};
use openpgp::parse::{PacketParser, Parse as _};
use openpgp::serialize::MarshalInto as _;
use openpgp::types::DataFormat;
use openpgp::{KeyHandle, Packet};

use crate::certificate::lenient;
use crate::time::Timestamp;

/// Most packets that a message is made of; each is kept until the end of the message.
const MAX_PACKETS: usize = 128;

/// A signed message, its signatures not verified: each carries the computed digest, ready for
/// `verify_document`.
pub(crate) struct Gathered {
    /// What was signed.
    pub content: Vec<u8>,
    /// The signatures, in their order.
    pub signatures: Vec<Signature>,
    /// What the literal data packet says that its content is (RFC 9580 §5.9).
    pub format: Option<DataFormat>,
}

/// Reads one signed message, cleartext or inline, whose content is `limit` bytes at most.
pub(crate) fn gather(message: &[u8], limit: usize) -> anyhow::Result<Gathered> {
    // No key is offered, so no signature is judged here, by this policy or any other.
    let policy = lenient(Timestamp::from_unix(u32::MAX));
    let helper = Gather::default();
    let mut verifier = VerifierBuilder::from_bytes(message)?.with_policy(&policy, None, helper)?;
    let mut content = Vec::new();
    verifier.by_ref().take(limit as u64 + 1).read_to_end(&mut content)?;
    anyhow::ensure!(content.len() <= limit, "the message holds more than {limit} bytes");
    anyhow::ensure!(verifier.message_processed(), "the message ends early");
    let Gather { signatures, format, .. } = verifier.into_helper();
    Ok(Gathered { content, signatures, format })
}

/// Writes the cleartext signature framework (RFC 9580 §7) around a text, byte for byte as
/// `gpg --clearsign` does: LF line ends, a final one too, lines that begin with `-` or `From `
/// escaped, and the armor with its checksum.
///
/// # Errors
/// Where there is no signature, or a hash algorithm has no name for the `Hash` header.
pub(crate) fn write(text: &str, signatures: &[Signature]) -> anyhow::Result<String> {
    let mut message = Vec::with_capacity(text.len() + 2048);
    anyhow::ensure!(!signatures.is_empty(), "a signed text needs a signature");
    let mut names = Vec::new();
    for signature in signatures {
        let name = signature.hash_algo().text_name()?.to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    write!(message, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: {}\n\n", names.join(","))?;
    escape(text.as_bytes(), &mut message)?;
    message.extend(armored(signatures)?);
    Ok(String::from_utf8(message)?)
}

/// Writes each line of `text`, escaped where it has to be, with LF at its end.
pub(crate) fn escape(text: &[u8], to: &mut impl io::Write) -> io::Result<()> {
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|b| *b == b'\n');
    for line in lines {
        if line.starts_with(b"-") || line.starts_with(b"From ") {
            to.write_all(b"- ")?;
        }
        to.write_all(line)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// The signatures as a block `PGP SIGNATURE`, their packets framed as GnuPG frames them: in the old
/// format, the length in as few bytes as will do (RFC 9580 §4.2.2).
pub(crate) fn armored(signatures: &[Signature]) -> anyhow::Result<Vec<u8>> {
    let mut writer = openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::Signature)?;
    for signature in signatures {
        let body = signature.to_vec()?;
        match u8::try_from(body.len()) {
            Ok(length) => writer.write_all(&[0x88, length])?,
            Err(_) => {
                writer.write_all(&[0x89])?;
                writer.write_all(&u16::try_from(body.len())?.to_be_bytes())?;
            }
        }
        writer.write_all(&body)?;
    }
    Ok(writer.finalize()?)
}

/// Collects the signatures of a message without judging them.
#[derive(Default)]
struct Gather {
    packets: usize,
    signatures: Vec<Signature>,
    format: Option<DataFormat>,
}

impl VerificationHelper for Gather {
    fn inspect(&mut self, parser: &PacketParser<'_>) -> openpgp::Result<()> {
        self.packets += 1;
        anyhow::ensure!(self.packets <= MAX_PACKETS, "it has more than {MAX_PACKETS} packets");
        if let Packet::Literal(literal) = &parser.packet {
            self.format = Some(literal.format());
        }
        Ok(())
    }

    fn get_certs(&mut self, _: &[KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        for layer in structure {
            if let MessageLayer::SignatureGroup { results } = layer {
                for result in results {
                    match result {
                        Err(
                            VerificationError::MissingKey { sig, .. }
                            | VerificationError::BadSignature { sig, .. }
                            | VerificationError::BadKey { sig, .. }
                            | VerificationError::MalformedSignature { sig, .. },
                        ) => self.signatures.push(sig.clone()),
                        Err(other) => anyhow::bail!("{other}"),
                        Ok(good) => self.signatures.push(good.sig.clone()),
                    }
                }
            }
        }
        Ok(())
    }
}
