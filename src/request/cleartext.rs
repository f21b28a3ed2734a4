//! The cleartext signature framework around a request (RFC 9580 §7), read strictly.
//!
//! Sequoia reads the message; this file adds what a reader who trusts their editor needs: one
//! block, nothing before, between or after, and the lines in the file are the lines that were
//! signed.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::SignatureType;

use crate::cleartext::{Gathered, gather};

const BEGIN_MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----\n";
const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n";
const END_SIGNATURE: &str = "-----END PGP SIGNATURE-----\n";
/// Most signatures on one text: the requester's and its approvals.
const MAX_SIGNATURES: usize = 32;

/// Why a text is not one cleartext-signed message.
#[derive(Debug, thiserror::Error)]
pub enum CleartextError {
    /// The text does not begin with the message's first line.
    #[error("it does not begin with -----BEGIN PGP SIGNED MESSAGE-----")]
    Begin,
    /// The text does not end with the signature's last line.
    #[error("it does not end with -----END PGP SIGNATURE-----: is it truncated?")]
    End,
    /// A marker line stands more than once, or text stands outside the block.
    #[error("it holds more than one signed block")]
    Several,
    /// Armor headers other than `Hash`.
    #[error("it has a header other than Hash")]
    Header,
    /// The lines in the file are not the lines that were signed.
    #[error("its lines are not the lines that were signed")]
    Lines,
    /// No signature, or too many.
    #[error("it has {0} signatures, between 1 and {MAX_SIGNATURES} are read")]
    Signatures(usize),
    /// A signature of another type than text (0x01).
    #[error("it has a signature that is not one over a text")]
    Type,
    /// OpenPGP itself is damaged.
    #[error("its OpenPGP signature is damaged")]
    OpenPgp(#[source] anyhow::Error),
}

/// Returns the signed text (with its final newline) and the signatures, not yet verified: each
/// carries the computed digest, ready for `verify_document`.
pub(crate) fn read(text: &str) -> Result<(String, Vec<Signature>), CleartextError> {
    let rest = text.strip_prefix(BEGIN_MESSAGE).ok_or(CleartextError::Begin)?;
    if !text.ends_with(END_SIGNATURE) {
        return Err(CleartextError::End);
    }
    let markers = text.lines().filter(|line| line.starts_with("-----")).count();
    if markers != 3 {
        return Err(CleartextError::Several);
    }
    let (headers, rest) = rest.split_once("\n\n").ok_or(CleartextError::Header)?;
    if !headers.lines().all(|line| line.starts_with("Hash: ")) {
        return Err(CleartextError::Header);
    }
    let (body, _) = rest.split_once(BEGIN_SIGNATURE).ok_or(CleartextError::End)?;

    let Gathered { content, signatures, .. } =
        gather(text.as_bytes(), text.len()).map_err(CleartextError::OpenPgp)?;
    // The line end before the signature is not part of the signed text (RFC 9580 §7.1).
    if body.as_bytes().strip_suffix(b"\n") != Some(&content) {
        return Err(CleartextError::Lines);
    }
    if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
        return Err(CleartextError::Signatures(signatures.len()));
    }
    if signatures.iter().any(|s| s.typ() != SignatureType::Text) {
        return Err(CleartextError::Type);
    }
    Ok((body.to_owned(), signatures))
}
