//! What a card's maker says of the key in its signature slot, in an X.509 certificate.
//!
//! Yubico's cards have two: one that the maker signed for the card, and, once the owner asked for
//! it (`ykman openpgp keys attest sig`), one that the card signed for the key. They are read and
//! shown here. **They are not verified**: that takes the maker's root certificate, and is done
//! elsewhere with the files whose digests are shown.

use std::fmt;

use der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode as _, Sequence};
use openpgp_card::ocard::KeyType;
use openpgp_card::ocard::crypto::PublicKeyMaterial;
use x509_cert::Certificate;

use countersign::digest::Sha256;
use countersign::safe::Safe;

use super::model::{Firmware, Model};
use super::{CardError, Session};

/// Longest certificate that is looked at, in bytes.
const MAX_BYTES: usize = 8 << 10;
/// The data object for a slot's certificate (OpenPGP card 3.4.1 §7.2.5).
const CARDHOLDER_CERTIFICATE: [u8; 2] = [0x7f, 0x21];
/// Its third occurrence is the signature slot's (§4.4.1).
const SIGNATURE_SLOT: u8 = 2;

/// Yubico's numbers for what the certificate says: made on the card or imported, and the firmware.
const MADE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.5.2");
const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.5.3");

/// A certificate from a card, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// Whom or what it is about.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// SHA-256 of its bytes.
    pub digest: Sha256,
    /// Whether the key was made on the card, where it says so.
    pub made_on_card: Option<bool>,
    /// The firmware, where it says so.
    pub firmware: Option<Firmware>,
    /// Whether it is about the key in the signature slot.
    pub about_this_key: bool,
}

#[derive(Sequence)]
struct RsaKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl Attestation {
    /// Reads a certificate; none where the bytes are not one.
    pub(super) fn read(untrusted: &[u8], modulus: &[u8]) -> Option<Self> {
        if untrusted.len() > MAX_BYTES {
            return None;
        }
        let certificate = Certificate::from_der(untrusted).ok()?;
        let body = certificate.tbs_certificate();
        let extension = |id| {
            let all = body.extensions().map(Vec::as_slice).unwrap_or_default();
            all.iter().find(|e| e.extn_id == id).map(|e| e.extn_value.as_bytes())
        };
        let key = body.subject_public_key_info().subject_public_key.as_bytes();
        let same = key.and_then(|k| RsaKey::from_der(k).ok()).is_some_and(|k| {
            // Both without leading zeros: DER has none, and a card may send some.
            let zeros = modulus.iter().take_while(|b| **b == 0).count();
            k.modulus.as_bytes() == &modulus[zeros..] && !k.exponent.as_bytes().is_empty()
        });
        Some(Self {
            subject: body.subject().to_string(),
            issuer: body.issuer().to_string(),
            digest: Sha256::of(untrusted),
            made_on_card: extension(MADE).and_then(|v| match u8::from_der(v).ok()? {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            }),
            firmware: extension(FIRMWARE).and_then(firmware),
            about_this_key: same,
        })
    }
}

fn firmware(value: &[u8]) -> Option<Firmware> {
    let bytes: [u8; 3] = <&OctetStringRef>::from_der(value).ok()?.as_bytes().try_into().ok()?;
    Some(Firmware::from(bytes))
}

impl fmt::Display for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, issued by {}", Safe(&self.subject), Safe(&self.issuer))?;
        match self.made_on_card {
            Some(true) => write!(f, ": the key was MADE ON THE CARD")?,
            Some(false) => write!(f, ": the key was IMPORTED")?,
            None => {}
        }
        if let Some(firmware) = self.firmware {
            write!(f, ", firmware {firmware}")?;
        }
        let about = if self.about_this_key { "" } else { ", not about the key in the slot" };
        write!(f, "{about} (not verified; SHA-256 {})", self.digest)
    }
}

impl Session<'_> {
    /// The certificates that the card has about itself and its signature key; none where its maker
    /// has no such thing. Changes nothing, and needs no PIN.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone.
    pub fn attestations(&mut self, model: &Model) -> Result<Vec<Attestation>, CardError> {
        if !model.may_attest() {
            return Ok(Vec::new());
        }
        let card = self.card.card();
        let modulus = match card.public_key(KeyType::Signing) {
            Ok(PublicKeyMaterial::R(rsa)) => rsa.n().to_vec(),
            _ => Vec::new(),
        };
        let own = card.attestation_certificate();
        let selected = card.select_data(SIGNATURE_SLOT, &CARDHOLDER_CERTIFICATE);
        let about_key = selected.and_then(|()| card.cardholder_certificate());
        let both = [own, about_key];
        if both.iter().filter_map(|r| r.as_ref().err()).any(CardError::is_removal) {
            return Err(CardError::Removed);
        }
        let read = |bytes: Vec<u8>| Attestation::read(&bytes, &modulus);
        Ok(both.into_iter().filter_map(Result::ok).filter_map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with openssl for an RSA-2048 key, with the two extensions that Yubico's cards write.
    const CERTIFICATE: &[u8] = include_bytes!("attestation.der");

    fn modulus() -> Vec<u8> {
        let certificate = Certificate::from_der(CERTIFICATE).expect("a certificate");
        let info = certificate.tbs_certificate().subject_public_key_info();
        let key = info.subject_public_key.as_bytes().expect("bytes");
        RsaKey::from_der(key).expect("an RSA key").modulus.as_bytes().to_vec()
    }

    #[test]
    fn an_attestation_says_where_the_key_was_made() {
        let read = Attestation::read(CERTIFICATE, &modulus()).expect("a certificate");
        assert_eq!(read.made_on_card, Some(true));
        assert_eq!(read.firmware, Some("5.7.1".parse().expect("a version")));
        assert!(read.about_this_key);
        let text = read.to_string();
        assert!(text.contains("MADE ON THE CARD, firmware 5.7.1"), "{text}");
        assert!(text.contains("not verified"), "{text}");
        let padded = [&[0], modulus().as_slice()].concat();
        assert!(Attestation::read(CERTIFICATE, &padded).is_some_and(|a| a.about_this_key));
        let other = Attestation::read(CERTIFICATE, &[1; 256]).expect("a certificate");
        assert!(!other.about_this_key);
        assert!(other.to_string().contains("not about the key in the slot"));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(Attestation::read(b"", &[]), None);
        for cut in [1, 100, CERTIFICATE.len() - 1] {
            assert_eq!(Attestation::read(&CERTIFICATE[..cut], &[]), None);
        }
        assert_eq!(Attestation::read(&[0x30; MAX_BYTES + 1], &[]), None);
    }
}
