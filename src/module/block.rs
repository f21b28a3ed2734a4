//! Where the signed block is in a file, and which text GnuPG takes from it.
//!
//! Established with GnuPG 2.2.40 (`gpg --output - FILE`, as FreePBX calls it): text before the
//! first marker line and after the block is passed over; a line's escape `- ` is taken off
//! wherever it is, and blanks at its end too; a carriage return before the line feed stays; the
//! headers end at the first line that is no `Hash` header.

use super::armor::{self, ArmorError, Footer};
use super::lines::{Line, Lines};
use super::signed_text::{Deviation, MAX_LINE, SignedTextError};

/// What is first in a file.
pub(super) enum Found {
    /// A cleartext block.
    Cleartext(Block),
    /// The packets of an armored message.
    Message(Vec<u8>, Vec<Deviation>),
}

/// A cleartext block, taken apart.
#[derive(Default)]
pub(super) struct Block {
    /// The names under `Hash`.
    pub hashes: Vec<String>,
    /// The text as GnuPG puts it out.
    pub text: Vec<u8>,
    /// The packets of its signature.
    pub signature: Vec<u8>,
    /// How it, and what is around it, differs from one plain block.
    pub deviations: Vec<Deviation>,
}

/// A line that begins or ends armor (RFC 9580 §6.2), blanks after it allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    SignedMessage,
    Signature,
    Message,
}

fn marker(line: &Line<'_>) -> Option<Marker> {
    match line.trimmed() {
        b"-----BEGIN PGP SIGNED MESSAGE-----" => Some(Marker::SignedMessage),
        b"-----BEGIN PGP SIGNATURE-----" => Some(Marker::Signature),
        b"-----BEGIN PGP MESSAGE-----" => Some(Marker::Message),
        _ => None,
    }
}

/// Finds the first block or message.
pub(super) fn find(untrusted: &[u8]) -> Result<Found, SignedTextError> {
    let mut lines = Lines::new(untrusted);
    let mut deviations = Vec::new();
    while let Some(line) = lines.next() {
        match marker(&line) {
            Some(Marker::SignedMessage) => {
                note_blanks(&line, &mut deviations);
                return cleartext(&mut lines, deviations).map(Found::Cleartext);
            }
            Some(Marker::Message) => {
                let (packets, footer) = armor::decode(&mut lines)?;
                note_end(footer, &mut deviations);
                rest(lines, &mut deviations);
                return Ok(Found::Message(packets, deviations));
            }
            Some(Marker::Signature) => return Err(SignedTextError::Detached),
            None => note(Deviation::TextBefore, &mut deviations),
        }
    }
    Err(SignedTextError::NotSigned)
}

fn cleartext(lines: &mut Lines<'_>, deviations: Vec<Deviation>) -> Result<Block, SignedTextError> {
    let mut block = Block { deviations, ..Block::default() };
    headers(lines, &mut block)?;
    body(lines, &mut block)?;
    let (signature, footer) = armor::decode(lines)?;
    block.signature = signature;
    note_end(footer, &mut block.deviations);
    rest(lines.clone(), &mut block.deviations);
    if block.deviations.contains(&Deviation::MessageAfter) {
        return Err(SignedTextError::Mixed);
    }
    Ok(block)
}

fn headers(lines: &mut Lines<'_>, block: &mut Block) -> Result<(), SignedTextError> {
    for line in lines {
        let text = line.trimmed();
        if text.is_empty() {
            if !matches!(line.bytes, b"\n" | b"\r\n") {
                note(Deviation::Header, &mut block.deviations);
            }
            return Ok(());
        }
        if text.starts_with(b"NotDashEscaped:") {
            return Err(SignedTextError::NotDashEscaped);
        }
        let names = text.strip_prefix(b"Hash: ").and_then(|names| str::from_utf8(names).ok());
        match names {
            Some(names) if block.hashes.is_empty() => {
                block.hashes.extend(names.split(',').map(|name| name.trim().to_owned()));
            }
            Some(names) => {
                note(Deviation::Header, &mut block.deviations);
                block.hashes.extend(names.split(',').map(|name| name.trim().to_owned()));
            }
            None => {
                note(Deviation::Header, &mut block.deviations);
                return Ok(());
            }
        }
        if block.hashes.len() > MAX_HASHES {
            return Err(SignedTextError::Headers { line: line.number });
        }
    }
    Err(SignedTextError::Truncated)
}

/// More hash algorithms than there are.
const MAX_HASHES: usize = 32;

fn body(lines: &mut Lines<'_>, block: &mut Block) -> Result<(), SignedTextError> {
    for line in lines {
        if line.bytes.len() > MAX_LINE {
            return Err(SignedTextError::LineTooLong { line: line.number });
        }
        let escaped = line.bytes.strip_prefix(b"- ");
        if escaped.is_none() && line.bytes.starts_with(b"-----") {
            if marker(&line) != Some(Marker::Signature) {
                return Err(SignedTextError::Marker { line: line.number });
            }
            note_blanks(&line, &mut block.deviations);
            return Ok(());
        }
        if escaped.is_none() && line.bytes.starts_with(b"-") {
            note(Deviation::UnescapedDash, &mut block.deviations);
        }
        note_blanks(&line, &mut block.deviations);
        let text = Line { bytes: escaped.unwrap_or(line.bytes), ..line };
        block.text.extend_from_slice(text.trimmed());
        let end: &[u8] = if text.bytes.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        block.text.extend_from_slice(end);
    }
    Err(SignedTextError::Truncated)
}

/// Looks through what comes after the block.
fn rest(lines: Lines<'_>, deviations: &mut Vec<Deviation>) {
    let mut between = false;
    let mut inside = false;
    for line in lines {
        match marker(&line) {
            Some(Marker::SignedMessage) => {
                if between {
                    note(Deviation::TextBetween, deviations);
                }
                note(Deviation::SeveralBlocks, deviations);
                (inside, between) = (true, false);
            }
            Some(Marker::Message) if !inside => note(Deviation::MessageAfter, deviations),
            _ if inside => inside = !line.bytes.starts_with(b"-----END PGP SIGNATURE-----"),
            _ => between = true,
        }
    }
    if between {
        note(Deviation::TextAfter, deviations);
    }
}

fn note_end(footer: Footer, deviations: &mut Vec<Deviation>) {
    match footer {
        Footer::There => {}
        Footer::Odd => note(Deviation::NoEnd, deviations),
    }
}

fn note_blanks(line: &Line<'_>, deviations: &mut Vec<Deviation>) {
    let (content, trimmed) = (line.content(), line.trimmed());
    if content.ends_with(b"\r") {
        note(Deviation::CarriageReturns, deviations);
    }
    if content.strip_suffix(b"\r").unwrap_or(content) != trimmed {
        note(Deviation::TrailingBlanks, deviations);
    }
}

fn note(deviation: Deviation, deviations: &mut Vec<Deviation>) {
    if !deviations.contains(&deviation) {
        deviations.push(deviation);
    }
}

impl From<ArmorError> for SignedTextError {
    fn from(error: ArmorError) -> Self {
        Self::Armor(error)
    }
}
