//! A revocation certificate as gpg makes one, and the certificate that it belongs to.

use sequoia_openpgp as openpgp;

use openpgp::packet::{Packet, Signature};
use openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use openpgp::types::SignatureType;

use crate::certificate::{Certificate, ReadError};
use crate::fingerprint::Fingerprint;

/// Longest revocation certificate that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 10;

/// Why a revocation certificate is none of a given certificate.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// Not OpenPGP.
    #[error("this is not a revocation certificate")]
    Packets(#[source] anyhow::Error),
    /// Not exactly one revocation.
    #[error("it holds {0} revocations of a key, not one")]
    Count(usize),
    /// Nobody on record made it.
    #[error("it revokes no key on record")]
    NobodysOwn,
    /// It names a key on record, and was not made by it.
    #[error("it claims to revoke {0}, and was not made by that key")]
    False(Fingerprint),
    /// The certificate with it cannot be read.
    #[error("the certificate with its revocation cannot be read")]
    Certificate(#[from] ReadError),
}

/// The revocation (type 0x20) in a file: armored or binary, alone or with its certificate, with
/// words before it, and with the colon by which gpg keeps one from being imported by accident.
///
/// # Errors
/// [`RevocationError`] where there is not exactly one.
pub fn read_revocation(untrusted: &[u8]) -> Result<Signature, RevocationError> {
    let guarded = String::from_utf8_lossy(untrusted);
    let bytes = match guarded.contains("\n:-----BEGIN ") || guarded.starts_with(":-----BEGIN ") {
        true => guarded.replace(":-----BEGIN ", "-----BEGIN ").into_bytes(),
        false => untrusted.to_vec(),
    };
    let mut parser = PacketParser::from_bytes(&bytes).map_err(RevocationError::Packets)?;
    let mut found = Vec::new();
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next().map_err(RevocationError::Packets)?;
        parser = next;
        if let Packet::Signature(signature) = packet
            && signature.typ() == SignatureType::KeyRevocation
            && !found.contains(&signature)
        {
            found.push(signature);
        }
    }
    match (found.len(), found.pop()) {
        (1, Some(signature)) => Ok(signature),
        (count, _) => Err(RevocationError::Count(count)),
    }
}

/// The certificate among `all` that `revocation` belongs to, with it on it, verified.
///
/// # Errors
/// [`RevocationError`] where it belongs to none, or is not by the key that it names.
pub fn applied<'c>(
    revocation: &Signature,
    all: impl IntoIterator<Item = &'c Certificate>,
    masters: &[&Certificate],
) -> Result<Certificate, RevocationError> {
    let issuers = revocation.get_issuers();
    let is_its =
        |c: &&Certificate| issuers.iter().any(|issuer| issuer.aliases(c.primary().key_handle()));
    let certificate = all.into_iter().find(is_its).ok_or(RevocationError::NobodysOwn)?;
    let count = |c: &Certificate| c.cert().primary_key().self_revocations().count();
    let packets = [Packet::from(certificate.primary().clone()), revocation.clone().into()];
    let revoked = certificate.with_packets(packets, masters)?;
    // What does not verify is not kept.
    match count(&revoked) {
        0 => Err(RevocationError::False(certificate.fingerprint())),
        _ => Ok(revoked),
    }
}
