//! A `module.sig` as a signed text: what was signed, by which signatures, and everything about
//! the file that is not as it should be.

use std::io::{self, Read as _};

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::parse::Parse as _;
use openpgp::types::{DataFormat, SignatureType};

use super::armor::ArmorError;
use super::block::{self, Block, Found};
use crate::cleartext::{self, Gathered, gather};
use crate::digest::Sha256;

/// Longest file that is read, in bytes: more than twenty times the longest real one (1.4 MB for
/// the 8,108 files of FreePBX's framework), and 160 for each of the most files that are read.
/// Reading it takes seven times as much memory at most, most of that in sequoia.
pub const MAX_BYTES: usize = 32 << 20;
/// Longest line of a cleartext block, in bytes. GnuPG cuts lines after 20,000; a path has 4,096.
pub const MAX_LINE: usize = 16 << 10;
/// Most signatures under one text.
pub const MAX_SIGNATURES: usize = 16;
/// Longest signature block, in bytes: no signature that counts is longer than 64 KiB.
const MAX_SIGNATURE_BYTES: usize = MAX_SIGNATURES * (64 << 10);

/// A signed text of which nothing is verified yet.
#[derive(Clone, Debug)]
pub struct SignedText {
    text: Vec<u8>,
    signatures: Vec<Signature>,
    deviations: Vec<Deviation>,
}

/// What is not as in a file of one cleartext block with one signature. GnuPG 2.2 accepts them all
/// but [`Deviation::HashHeader`]; FreePBX goes by what GnuPG says and puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deviation {
    /// Text stands before the block. GnuPG passes over it.
    TextBefore,
    /// Text stands after the (last) block. GnuPG passes over it.
    TextAfter,
    /// Text stands between two blocks.
    TextBetween,
    /// There are more blocks. GnuPG verifies and puts out the first, then ends with an error that
    /// FreePBX does not look at.
    SeveralBlocks,
    /// There is an armored message after an armored message. GnuPG passes over it.
    MessageAfter,
    /// There are several signatures. GnuPG verifies each.
    SeveralSignatures,
    /// Lines end with a carriage return. It stays in the text that GnuPG puts out and is not signed.
    CarriageReturns,
    /// Lines end with blanks. They are not signed, and GnuPG takes them off.
    TrailingBlanks,
    /// A line begins with a dash that is not escaped. GnuPG warns.
    UnescapedDash,
    /// Other headers than one `Hash`.
    Header,
    /// The `Hash` header does not name a hash algorithm that was used: GnuPG does not check the
    /// signature (`ERRSIG`).
    HashHeader,
    /// The last line of the armor is missing or odd, or other text stands within the armor. GnuPG
    /// does not mind.
    NoEnd,
    /// An OpenPGP message that holds the text, not a cleartext block around it. What stands behind
    /// compressed data is not looked at; GnuPG reads on, and may then call the signature bad.
    Inline,
    /// A signature of another type than the form calls for: text (0x01) in a cleartext block.
    SignatureType,
}

/// Why a file is not a signed text. GnuPG makes nothing of these either, but for the limits, for
/// [`SignedTextError::Mixed`] (it calls at least one of the signatures bad) and for
/// [`SignedTextError::NotDashEscaped`].
#[derive(Debug, thiserror::Error)]
pub enum SignedTextError {
    /// Longer than anybody reads.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// A line longer than anybody reads.
    #[error("line {line} is longer than {MAX_LINE} bytes")]
    LineTooLong {
        /// Which line, from 1.
        line: usize,
    },
    /// Neither a block nor a message.
    #[error("it is not signed: there is no -----BEGIN PGP SIGNED MESSAGE-----")]
    NotSigned,
    /// A signature without its text.
    #[error("it is a detached signature, without the text")]
    Detached,
    /// The file ends within the block.
    #[error("it ends before its signature: is it truncated?")]
    Truncated,
    /// Headers without end.
    #[error("line {line} has more Hash headers than there are algorithms")]
    Headers {
        /// Which line, from 1.
        line: usize,
    },
    /// Five dashes within the text, which only the signature's first line may begin with.
    #[error("line {line} begins like armor, within the signed text")]
    Marker {
        /// Which line, from 1.
        line: usize,
    },
    /// A cleartext block and an armored message in one file.
    #[error("it holds a signed block and a signed message")]
    Mixed,
    /// GnuPG's own form for patches, which changes how lines are hashed.
    #[error("it has the header NotDashEscaped, which is not read here")]
    NotDashEscaped,
    /// Damaged armor.
    #[error("its armor is damaged")]
    Armor(#[source] ArmorError),
    /// No signature, or too many.
    #[error("it has {0} signatures, between 1 and {MAX_SIGNATURES} are read")]
    Signatures(usize),
    /// What was signed is not what stands in the file.
    #[error("its lines are not the lines that were signed")]
    Lines,
    /// OpenPGP itself is damaged.
    #[error("its OpenPGP data is damaged")]
    OpenPgp(#[source] anyhow::Error),
    /// It cannot be read.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
}

impl SignedText {
    /// Reads a signed text, at most [`MAX_BYTES`] of it.
    ///
    /// # Errors
    /// [`SignedTextError`] where reading fails, and as for [`SignedText::parse`].
    pub fn read(untrusted: impl io::Read) -> Result<Self, SignedTextError> {
        let mut bytes = Vec::new();
        let mut limited = untrusted.take(MAX_BYTES as u64 + 1);
        limited.read_to_end(&mut bytes).map_err(SignedTextError::Io)?;
        Self::parse(&bytes)
    }

    /// Reads a signed text as GnuPG 2.2 does: a cleartext block, or a message, armored or binary.
    ///
    /// # Errors
    /// [`SignedTextError`] where it is neither.
    pub fn parse(untrusted: &[u8]) -> Result<Self, SignedTextError> {
        if untrusted.len() > MAX_BYTES {
            return Err(SignedTextError::TooLong);
        }
        // The first bit of a packet is set, of text it is not (RFC 9580 §4.2).
        if untrusted.first().is_some_and(|first| first & 0x80 != 0) {
            return Self::from_message(untrusted, Vec::new());
        }
        match block::find(untrusted)? {
            Found::Cleartext(block) => Self::from_block(block),
            Found::Message(packets, deviations) => Self::from_message(&packets, deviations),
        }
    }

    /// The text as GnuPG puts it out: escapes taken off, and a final line end in a cleartext block.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// SHA-256 of the text as it is signed (RFC 9580 §7.1): each line without blanks at its end, LF
    /// behind it. Blanks that somebody adds make no other text of it.
    pub fn digest(&self) -> Sha256 {
        let mut canonical = Vec::with_capacity(self.text.len());
        for line in self.text.split_inclusive(|b| *b == b'\n') {
            let end = line.iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
            canonical.extend_from_slice(&line[..end.map_or(0, |at| at + 1)]);
            canonical.push(b'\n');
        }
        Sha256::of(canonical)
    }

    /// The signatures, with the digest that they should sign computed: `verify_document` of each
    /// says whether a key made it.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What is not as in a plain file.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    fn from_block(block: Block) -> Result<Self, SignedTextError> {
        let Block { hashes, text, signature, mut deviations } = block;
        // Sequoia gets the block written anew, so that it sees the lines that GnuPG sees.
        let lines = without_returns(&text, &deviations);
        let signatures = signatures(&signature)?;
        let message = plain(&lines, &signatures).map_err(SignedTextError::OpenPgp)?;
        let Gathered { content, signatures, .. } =
            gather(&message, MAX_BYTES).map_err(SignedTextError::OpenPgp)?;
        drop(message);
        // The line end before the signature is not part of the signed text (RFC 9580 §7.1).
        if lines.strip_suffix(b"\n").unwrap_or(&lines) != content {
            return Err(SignedTextError::Lines);
        }
        drop(lines);
        if signatures.iter().any(|s| s.typ() != SignatureType::Text) {
            deviations.push(Deviation::SignatureType);
        }
        let announced = |s: &Signature| {
            s.hash_algo().text_name().is_ok_and(|name| hashes.iter().any(|hash| hash == name))
        };
        if !signatures.iter().all(announced) {
            deviations.push(Deviation::HashHeader);
        }
        Self { text, signatures, deviations }.counted()
    }

    fn from_message(
        packets: &[u8],
        mut deviations: Vec<Deviation>,
    ) -> Result<Self, SignedTextError> {
        let Gathered { content, signatures, format } =
            gather(packets, MAX_BYTES).map_err(SignedTextError::OpenPgp)?;
        deviations.push(Deviation::Inline);
        // GnuPG takes every carriage return out of a literal that says it is text.
        let text = match format {
            Some(DataFormat::Binary) | None => content,
            Some(_) => content.into_iter().filter(|b| *b != b'\r').collect(),
        };
        Self { text, signatures, deviations }.counted()
    }

    fn counted(mut self) -> Result<Self, SignedTextError> {
        match self.signatures.len() {
            1 => {}
            2..=MAX_SIGNATURES => self.deviations.push(Deviation::SeveralSignatures),
            other => return Err(SignedTextError::Signatures(other)),
        }
        self.deviations.sort_unstable();
        Ok(self)
    }
}

/// Writes the cleartext block around a text, byte for byte as `gpg --clearsign` does.
///
/// # Errors
/// [`SignedTextError::OpenPgp`] where the signature's hash algorithm has no name.
pub fn write_signed(text: &str, signature: &Signature) -> Result<String, SignedTextError> {
    cleartext::write(text, std::slice::from_ref(signature)).map_err(SignedTextError::OpenPgp)
}

fn without_returns(text: &[u8], deviations: &[Deviation]) -> Vec<u8> {
    if !deviations.contains(&Deviation::CarriageReturns) {
        return text.to_vec();
    }
    let mut lines = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(content) => lines.extend_from_slice(&[content, b"\n"].concat()),
            None => lines.extend_from_slice(line),
        }
    }
    lines
}

/// The signatures in a block.
fn signatures(block: &[u8]) -> Result<Vec<Signature>, SignedTextError> {
    let damaged = |text: String| SignedTextError::OpenPgp(anyhow::Error::msg(text));
    if block.len() > MAX_SIGNATURE_BYTES {
        return Err(damaged("its signature block is too long".to_owned()));
    }
    let pile = openpgp::PacketPile::from_bytes(block).map_err(SignedTextError::OpenPgp)?;
    let mut signatures = Vec::new();
    for packet in pile.into_children() {
        match packet {
            openpgp::Packet::Signature(signature) => signatures.push(signature),
            other => {
                let text = format!("the signature's block holds another packet: {}", other.tag());
                return Err(damaged(text));
            }
        }
    }
    match signatures.len() {
        1..=MAX_SIGNATURES => Ok(signatures),
        other => Err(SignedTextError::Signatures(other)),
    }
}

/// One plain block around the lines.
fn plain(lines: &[u8], signatures: &[Signature]) -> anyhow::Result<Vec<u8>> {
    let mut message = Vec::with_capacity(lines.len() + 4096);
    message.extend_from_slice(b"-----BEGIN PGP SIGNED MESSAGE-----\n");
    for signature in signatures {
        let algorithm = signature.hash_algo();
        let name = algorithm.text_name()?;
        message.extend_from_slice(format!("Hash: {name}\n").as_bytes());
    }
    message.push(b'\n');
    if !lines.is_empty() {
        cleartext::escape(lines, &mut message)?;
    }
    message.extend(cleartext::armored(signatures)?);
    Ok(message)
}

#[cfg(test)]
mod tests;
