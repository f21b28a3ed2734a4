//! A bundle's file, taken apart: everything in it is as it says of itself, nothing is believed.

use std::io::{self, Read as _};

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

use super::error::BundleError;
use super::head::Head;
use super::index::Index;
use crate::certificate::{Certificate, demands_the_unknown};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// Longest keyring, in bytes: 50,000 developers whom two masters certified with RSA-4096.
pub const MAX_KEYRING: u64 = 128 << 20;
/// Longest head with its signature, in bytes.
const MAX_SIGNED: u64 = 3 << 20;
/// The head's last line.
const END: &[u8] = b"\n-----END PGP SIGNATURE-----\n";

/// A whole bundle. Only [`Bundle::read`] makes one.
#[derive(Debug)]
pub struct Bundle {
    head: Head,
    signature: Signature,
    keyring: Vec<u8>,
    index: Index,
}

impl Bundle {
    /// Reads a bundle: at most its head, then as much as the head announces.
    ///
    /// # Errors
    /// [`BundleError`] where head, signature and keyring do not belong together, or there is less
    /// or more than that.
    pub fn read(mut untrusted: impl io::Read) -> Result<Self, BundleError> {
        let (text, mut keyring) = split(&mut untrusted)?;
        let text = String::from_utf8(text).map_err(|_| BundleError::NoHead)?;
        let (body, signatures) = crate::request::read_cleartext(&text)?;
        let head = Head::parse(&body)?;
        let signature = only(signatures, head.made)?;
        let expected = head.keyring.bytes;
        if expected > MAX_KEYRING {
            return Err(BundleError::TooLong(expected));
        }
        let more = (expected + 1).saturating_sub(keyring.len() as u64);
        untrusted.take(more).read_to_end(&mut keyring).map_err(BundleError::Io)?;
        let actual = keyring.len() as u64;
        if actual != expected {
            return Err(BundleError::Length { actual, expected });
        }
        if Sha256::of(&keyring) != head.keyring.sha256 {
            return Err(BundleError::Digest);
        }
        let index = Index::of(&keyring).map_err(BundleError::Keyring)?;
        if index.len() as u64 != head.masters.len() as u64 + u64::from(head.developers) {
            return Err(BundleError::OtherKeys);
        }
        Ok(Self { head, signature, keyring, index })
    }

    /// What it says of itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The signature over the head, with the digest that it should sign computed.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The bytes of every certificate.
    pub fn keyring(&self) -> &[u8] {
        &self.keyring
    }

    /// The bytes of each certificate, masters first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.index.places().map(|place| &self.keyring[place])
    }

    /// The masters' certificates with what they say of each other.
    ///
    /// # Errors
    /// [`BundleError`] where the first certificates are not those of the masters that the head
    /// names.
    pub fn masters(&self) -> Result<Vec<Certificate>, BundleError> {
        let named = || self.head.masters.iter().map(|m| m.fingerprint).zip(self.certificates());
        let read = |(expected, bytes): (Fingerprint, &[u8]), masters: &[&Certificate]| {
            let read = Certificate::read(bytes, masters);
            let read = read.map_err(|error| BundleError::Certificate(expected, error))?;
            if read.fingerprint() == expected { Ok(read) } else { Err(BundleError::OtherKeys) }
        };
        let alone = named().map(|m| read(m, &[])).collect::<Result<Vec<_>, _>>()?;
        let alone: Vec<&Certificate> = alone.iter().collect();
        named().map(|m| read(m, &alone)).collect()
    }

    /// Each developer with the bytes of the certificate.
    pub(super) fn by_fingerprint(&self) -> impl Iterator<Item = (Fingerprint, &[u8])> {
        let all = self.index.by_fingerprint().skip(self.head.masters.len());
        all.map(|(key, place)| (key, &self.keyring[place]))
    }

    /// The developers' certificates that have a key with this key id, still unread.
    pub(super) fn named(&self, key_id: [u8; 8]) -> impl Iterator<Item = &[u8]> {
        let masters = self.head.masters.len();
        self.index.named(key_id, masters).map(|place| &self.keyring[place])
    }

    /// The developers' certificates, still unread.
    pub fn developers(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates().skip(self.head.masters.len())
    }
}

/// The head's text to its last line, and what of the keyring was read with it.
fn split(untrusted: &mut impl io::Read) -> Result<(Vec<u8>, Vec<u8>), BundleError> {
    const PIECE: u64 = 64 << 10;
    let mut read = Vec::new();
    loop {
        let from = read.len().saturating_sub(END.len());
        let piece = untrusted.take(PIECE).read_to_end(&mut read).map_err(BundleError::Io)?;
        if let Some(at) = read[from..].windows(END.len()).position(|w| w == END) {
            let rest = read.split_off(from + at + END.len());
            return Ok((read, rest));
        }
        if piece == 0 || read.len() as u64 > MAX_SIGNED {
            return Err(BundleError::NoHead);
        }
    }
}

/// The one signature, if it can count at all and was made when the head says.
fn only(mut signatures: Vec<Signature>, made: Timestamp) -> Result<Signature, BundleError> {
    let (Some(signature), true) = (signatures.pop(), signatures.is_empty()) else {
        return Err(BundleError::Signature);
    };
    let sound = matches!(
        signature.hash_algo(),
        HashAlgorithm::SHA256 | HashAlgorithm::SHA384 | HashAlgorithm::SHA512
    );
    let at = signature.signature_creation_time().map(Timestamp::from);
    if sound && at == Some(made) && !demands_the_unknown(&signature) {
        Ok(signature)
    } else {
        Err(BundleError::Signature)
    }
}
