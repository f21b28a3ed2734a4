//! The OpenPGP message around a package: one-pass signatures, one binary literal, as many
//! signatures (RFC 9580 §10.3), in compressed data where gpg was not told otherwise. Nothing else,
//! and no other spelling of compressed data than gpg's.

use std::io::{BufRead, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::packet::Signature;
use openpgp::parse::{Dearmor, PacketParser, PacketParserBuilder, PacketParserResult, Parse as _};
use openpgp::types::{CompressionAlgorithm, DataFormat};

use super::{ArchiveError, is_at_end};

/// Most signatures over one package.
const MAX_SIGNATURES: usize = 16;
/// Longest packet beside the literal, in bytes.
const MAX_PACKET: u32 = 64 << 10;

/// Why a message is not the one that a package is.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Damaged, or truncated.
    #[error("its OpenPGP data is damaged or truncated")]
    Packets(#[source] anyhow::Error),
    /// A packet where another is expected.
    #[error("it has a {actual} packet where {expected} should be")]
    Unexpected {
        /// What is there.
        actual: String,
        /// What should be there.
        expected: &'static str,
    },
    /// It ends too early.
    #[error("it ends where {0} should be")]
    Ends(&'static str),
    /// A literal that is changed when it is put out.
    #[error("its literal is text, which changes line ends: it should be binary")]
    Format,
    /// Bzip2, or something unknown.
    #[error("it is compressed with {0}, only ZIP and ZLIB are read")]
    Compression(CompressionAlgorithm),
    /// More than anybody makes.
    #[error("it has more than {MAX_SIGNATURES} signatures")]
    Signatures,
}

/// How gpg begins compressed data: a packet of the old format and of indeterminate length
/// (RFC 9580 §4.2.2.4).
const COMPRESSED: u8 = 0xa3;

/// Reads a message to its end: hands the literal's content to `read`, which must read all of it,
/// and returns the signatures with their digests computed.
pub(super) fn read<T>(
    untrusted: &mut (impl BufRead + Send + Sync),
    read: impl FnOnce(&mut dyn Read) -> Result<T, ArchiveError>,
) -> Result<(T, Vec<Signature>), ArchiveError> {
    let first = untrusted.fill_buf().map_err(ArchiveError::Damaged)?.first();
    if first != Some(&COMPRESSED) {
        return signed(parser(untrusted)?, read);
    }
    // Unpacked here, because sequoia would pass over what follows after the compressed stream.
    let mut header = [0; 2];
    untrusted.read_exact(&mut header).map_err(ArchiveError::Damaged)?;
    match CompressionAlgorithm::from(header[1]) {
        CompressionAlgorithm::Zip => inflated(&mut DeflateDecoder::new(&mut *untrusted), read),
        CompressionAlgorithm::Zlib => inflated(&mut ZlibDecoder::new(&mut *untrusted), read),
        other => Err(MessageError::Compression(other).into()),
    }
    .and_then(|done| match untrusted.fill_buf() {
        Ok([]) => Ok(done),
        Ok(_) => Err(ArchiveError::Trailing("compressed data")),
        Err(error) => Err(ArchiveError::Damaged(error)),
    })
}

fn inflated<T>(
    decoder: &mut (impl Read + Send + Sync),
    read: impl FnOnce(&mut dyn Read) -> Result<T, ArchiveError>,
) -> Result<(T, Vec<Signature>), ArchiveError> {
    let done = signed(parser(&mut *decoder)?, read)?;
    if !is_at_end(decoder).map_err(ArchiveError::Damaged)? {
        return Err(ArchiveError::Trailing("signed message"));
    }
    Ok(done)
}

fn signed<T>(
    mut parser: PacketParser<'_>,
    read: impl FnOnce(&mut dyn Read) -> Result<T, ArchiveError>,
) -> Result<(T, Vec<Signature>), ArchiveError> {
    let mut announced = 0;
    while let Packet::OnePassSig(_) = &parser.packet {
        announced += 1;
        if announced > MAX_SIGNATURES {
            return Err(MessageError::Signatures.into());
        }
        parser = some(next(parser)?, "the literal data")?;
    }
    match &parser.packet {
        Packet::Literal(literal) if literal.format() == DataFormat::Binary => {}
        Packet::Literal(_) => return Err(MessageError::Format.into()),
        _ => return Err(unexpected(&parser, "the literal data")),
    }
    let done = read(&mut parser)?;
    if !is_at_end(&mut parser).map_err(ArchiveError::Damaged)? {
        return Err(ArchiveError::Trailing("gzip stream"));
    }
    let mut result = next(parser)?;
    let mut signatures = Vec::new();
    for _ in 0..announced {
        let at = some(result, "a signature")?;
        let Packet::Signature(signature) = &at.packet else {
            return Err(unexpected(&at, "a signature"));
        };
        signatures.push(signature.clone());
        result = next(at)?;
    }
    match result {
        PacketParserResult::EOF(_) => Ok((done, signatures)),
        PacketParserResult::Some(more) => Err(unexpected(&more, "the end")),
    }
}

fn parser<'a>(untrusted: impl Read + Send + Sync + 'a) -> Result<PacketParser<'a>, ArchiveError> {
    let result = PacketParserBuilder::from_reader(untrusted)
        .and_then(|b| {
            b.dearmor(Dearmor::Disabled).max_packet_size(MAX_PACKET).max_recursion_depth(0).build()
        })
        .map_err(MessageError::Packets)?;
    some(result, "a message")
}

fn next(parser: PacketParser<'_>) -> Result<PacketParserResult<'_>, ArchiveError> {
    Ok(parser.next().map_err(MessageError::Packets)?.1)
}

fn some<'a>(
    result: PacketParserResult<'a>,
    expected: &'static str,
) -> Result<PacketParser<'a>, ArchiveError> {
    match result {
        PacketParserResult::Some(parser) => Ok(parser),
        PacketParserResult::EOF(_) => Err(MessageError::Ends(expected).into()),
    }
}

fn unexpected(parser: &PacketParser<'_>, expected: &'static str) -> ArchiveError {
    MessageError::Unexpected { actual: parser.packet.tag().to_string(), expected }.into()
}
