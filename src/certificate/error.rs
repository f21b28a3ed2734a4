//! Why a certificate was not read, and what of it was left out.

use std::io;

use super::reader::MAX_VERIFICATIONS;

/// Why input could not be read as a certificate.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading the input failed.
    #[error("the certificate could not be read")]
    Io(#[source] io::Error),
    /// No OpenPGP packets, or damaged ones.
    #[error("this is not a complete OpenPGP certificate")]
    Packets(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Input without a public key in front.
    #[error("no OpenPGP certificate in the input: it begins with {0}")]
    NotACertificate(String),
    /// Somebody exported the secret key.
    #[error("this holds a SECRET key: export the certificate only, with gpg --armor --export")]
    SecretKey,
    /// More than one certificate.
    #[error("the input holds more than one certificate: give exactly one")]
    SeveralCertificates,
    /// A key version that the consumers of these certificates cannot import.
    #[error("the key is version {0}, only version 4 keys can be certified")]
    Version(u8),
    /// A limit on what a person can own was exceeded.
    #[error("the certificate has {what}, more than {limit}")]
    Oversize {
        /// What there is too much of.
        what: &'static str,
        /// The limit, in the unit of `what`.
        limit: u64,
    },
    /// So many claimed self-signatures that they cannot all be checked.
    #[error(
        "the certificate is flooded: over {MAX_VERIFICATIONS} signatures claim to be its own or \
         a master's and are not"
    )]
    Flooded,
}

impl ReadError {
    pub(super) fn packets(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Packets(error.into())
    }
}

/// What was left out of a certificate, and how much of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Signatures by keys that are neither the certificate's own nor a master's.
    pub foreign_signatures: u64,
    /// Signatures that claim such an issuer and do not verify.
    pub false_signatures: u64,
    /// Older self-signatures that a newer one replaces.
    pub superseded: u64,
    /// User attributes (pictures), subkeys that cannot sign, user IDs without a self-signature,
    /// local signatures, and packets of unknown kinds.
    pub other: u64,
}
