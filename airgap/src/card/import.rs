//! Putting a key that was made in memory into a card's signature slot (OpenPGP card 3.4.1
//! §4.4.3.12, §7.2.8).

use openpgp_card::ocard::KeyType;
use openpgp_card::ocard::crypto::{CardUploadableKey, PrivateKeyMaterial, RSAKey};
use openpgp_card::ocard::data::{Fingerprint as CardFingerprint, KeyGenerationTime};
use sequoia_openpgp as openpgp;

use openpgp::crypto::mem::Protected;
use openpgp::crypto::mpi;
use openpgp::packet::Key;
use openpgp::packet::key::{PrimaryRole, SecretKeyMaterial, SecretParts};

use countersign::time::Timestamp;

use super::pins::NewPins;
use super::setup::Delivery;
use super::{CardError, Session};

/// Bytes of an RSA-4096 modulus; a prime has half of them.
const MODULUS: usize = 512;

impl Session<'_> {
    /// Puts an RSA-4096 key into the signature slot of a card that is set up as `delivery` says:
    /// first the PINs, then the key, its fingerprint and its creation time. The same key again is
    /// taken again: an import that was cut off is finished by another one.
    ///
    /// # Errors
    /// [`CardError`] where the slot holds another key, a PIN is not the one that `delivery` says,
    /// or the card does not take such a key.
    pub fn import(
        &mut self,
        key: &Key<SecretParts, PrimaryRole>,
        pins: &NewPins,
        delivery: Delivery,
    ) -> Result<(), CardError> {
        let upload = Upload::new(key).ok_or(CardError::NotImportable)?;
        match self.master() {
            Some(present) if present.as_bytes() != &upload.fingerprint => {
                return Err(CardError::SlotInUse(present));
            }
            Some(_) | None => {}
        }
        self.set_up(pins, delivery)?;
        let mut admin = self.as_admin(pins.admin.clone())?;
        // What the slot was set to before may be another algorithm, which then asks for other
        // parts; the library sets it to what this key is.
        admin.import_key(&upload, KeyType::Signing)?;
        self.master = Some(upload.fingerprint.into());
        Ok(())
    }
}

/// The parts of an RSA key that cards ask for, each of full length.
#[derive(Clone)]
struct Upload {
    fingerprint: [u8; 20],
    created: Timestamp,
    e: Vec<u8>,
    n: Vec<u8>,
    p: Protected,
    q: Protected,
    /// d mod (p-1), d mod (q-1), 1/q mod p: for cards whose import format asks for them.
    crt: [Protected; 3],
}

impl Upload {
    /// None where the key is not an unencrypted RSA-4096 one.
    fn new(key: &Key<SecretParts, PrimaryRole>) -> Option<Self> {
        let mpi::PublicKey::RSA { e, n } = key.mpis() else { return None };
        let SecretKeyMaterial::Unencrypted(secret) = key.secret() else { return None };
        if n.value().len() != MODULUS {
            return None;
        }
        let (p, q, crt) = secret.map(|secret| match secret {
            mpi::SecretKeyMaterial::RSA { d, p, q, .. } => {
                let crt = crt(d.value(), p.value(), q.value())?;
                let [p, q] = [p, q].map(|prime| padded(prime.value()));
                Some((p?, q?, crt))
            }
            _ => None,
        })?;
        Some(Self {
            fingerprint: key.fingerprint().as_bytes().try_into().ok()?,
            created: key.creation_time().into(),
            e: e.value().to_vec(),
            n: n.value().to_vec(),
            p,
            q,
            crt,
        })
    }
}

/// d mod (p-1), d mod (q-1), 1/q mod p.
fn crt(d: &[u8], p: &[u8], q: &[u8]) -> Option<[Protected; 3]> {
    let key = nettle::rsa::PrivateKey::new(d, p, q, None).ok()?;
    let (dp, dq, inverse) = key.d_crt();
    // Taken over, so that they are overwritten when they are dropped.
    let [dp, dq, inverse] = [dp, dq, inverse].map(Protected::from);
    Some([padded(&dp)?, padded(&dq)?, padded(&inverse)?])
}

/// openpgp-card 0.7.0 announces primes of half the modulus's length and does not pad them.
fn padded(value: &[u8]) -> Option<Protected> {
    let mut whole = Protected::new(MODULUS / 2);
    let missing = whole.len().checked_sub(value.len())?;
    whole[missing..].copy_from_slice(value);
    Some(whole)
}

impl CardUploadableKey for Upload {
    fn private_key(&self) -> Result<PrivateKeyMaterial, openpgp_card::Error> {
        Ok(PrivateKeyMaterial::R(Box::new(self.clone())))
    }

    fn timestamp(&self) -> KeyGenerationTime {
        self.created.unix().into()
    }

    fn fingerprint(&self) -> Result<CardFingerprint, openpgp_card::Error> {
        Ok(self.fingerprint.into())
    }
}

impl RSAKey for Upload {
    fn e(&self) -> &[u8] {
        &self.e
    }

    fn p(&self) -> &[u8] {
        &self.p
    }

    fn q(&self) -> &[u8] {
        &self.q
    }

    fn pq(&self) -> &[u8] {
        &self.crt[2]
    }

    fn dp1(&self) -> &[u8] {
        &self.crt[0]
    }

    fn dq1(&self) -> &[u8] {
        &self.crt[1]
    }

    fn n(&self) -> &[u8] {
        &self.n
    }
}

#[cfg(test)]
mod tests {
    use num_bigint_dig::{BigUint, ModInverse as _};
    use openpgp::packet::key::Key4;

    use super::*;

    /// The values that cards with a CRT import format ask for, computed by another library.
    #[test]
    fn every_part_is_what_its_name_says() {
        let key: Key4<_, PrimaryRole> = Key4::generate_rsa(4096).expect("a key");
        let key = Key::from(key);
        let upload = Upload::new(&key).expect("RSA-4096");
        let number = BigUint::from_bytes_be;
        let one = BigUint::from(1_u8);
        let SecretKeyMaterial::Unencrypted(secret) = key.secret() else { panic!("in the clear") };
        let d = secret.map(|secret| match secret {
            mpi::SecretKeyMaterial::RSA { d, .. } => number(d.value()),
            _ => panic!("RSA"),
        });
        let (p, q) = (number(upload.p()), number(upload.q()));
        assert_eq!(&p * &q, number(upload.n()));
        assert_eq!(number(upload.dp1()), &d % (&p - &one));
        assert_eq!(number(upload.dq1()), &d % (&q - &one));
        let inverse = (&q).mod_inverse(&p).and_then(|i| i.to_biguint()).expect("coprime");
        assert_eq!(number(upload.pq()), inverse);
        for part in [upload.p(), upload.q(), upload.pq(), upload.dp1(), upload.dq1()] {
            assert_eq!(part.len(), MODULUS / 2);
        }
    }

    #[test]
    fn short_numbers_are_padded_and_long_ones_refused() {
        let short = padded(&[1, 2]).expect("padded");
        assert_eq!((short.len(), &short[254..]), (256, &[1, 2][..]));
        assert!(padded(&[1; 257]).is_none());
    }

    #[test]
    fn only_rsa_4096_is_taken() {
        let small: Key4<_, PrimaryRole> = Key4::generate_rsa(2048).expect("a key");
        assert!(Upload::new(&Key::from(small)).is_none());
        let edwards: Key4<_, PrimaryRole> =
            Key4::generate_ecc(true, openpgp::types::Curve::Ed25519).expect("a key");
        assert!(Upload::new(&Key::from(edwards)).is_none());
    }
}
