//! Making a master key on a card: it exists nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openpgp_card::ocard::KeyType;
use openpgp_card::ocard::algorithm::AlgoSimple;
use openpgp_card::ocard::crypto::PublicKeyMaterial;
use openpgp_card::ocard::data::{Fingerprint as CardFingerprint, KeyGenerationTime};
use sequoia_openpgp as openpgp;

use openpgp::packet::Key;
use openpgp::packet::key::{Key4, PrimaryRole, PublicParts};

use super::pins::NewPins;
use super::setup::Delivery;
use super::{CardError, Session};

/// A key that was made on a card.
pub struct Generated {
    /// Its public half, ready for a certificate.
    pub key: Key<PublicParts, PrimaryRole>,
}

impl Session<'_> {
    /// Makes an RSA-4096 key in the empty signature slot: first the PINs are changed, then the card
    /// is set to take one PIN for a whole session, then the key is made. Takes seconds to minutes,
    /// on a few cards up to an hour.
    ///
    /// # Errors
    /// [`CardError`] where the slot is in use, a PIN is not the one that `delivery` says, or the
    /// card cannot make such a key.
    pub fn generate(&mut self, pins: &NewPins, delivery: Delivery) -> Result<Generated, CardError> {
        if let Some(present) = self.master() {
            return Err(CardError::SlotInUse(present));
        }
        self.set_up(pins, delivery)?;
        let mut admin = self.as_admin(pins.admin.clone())?;
        admin.set_algorithm(KeyType::Signing, AlgoSimple::RSA4k)?;
        let (material, created) = admin.generate_key(fingerprint, KeyType::Signing)?;
        let key = public_key(&material, created).map_err(CardError::Other)?;
        Ok(Generated { key })
    }

    /// The key that was made on this card and has no certificate yet, because the card was pulled
    /// before it signed one.
    ///
    /// # Errors
    /// [`CardError`] where the slot is empty, or the key has made more than one signature: then it
    /// is no new key.
    pub fn generated(&mut self) -> Result<Generated, CardError> {
        let Some(expected) = self.master() else { return Err(CardError::NoKey) };
        let count = self.counter()?;
        if count > 1 {
            return Err(CardError::NotNew { key: expected, count });
        }
        let data = self.card.card().application_related_data()?;
        let times = data.key_generation_times()?;
        let created = *times.signature().ok_or(CardError::NoKey)?;
        let material = self.card.card().public_key(KeyType::Signing)?;
        let key = public_key(&material, created).map_err(CardError::Other)?;
        if key.fingerprint().as_bytes() != expected.as_bytes() {
            return Err(CardError::OtherPublicKey { expected });
        }
        Ok(Generated { key })
    }
}

fn public_key(
    material: &PublicKeyMaterial,
    created: KeyGenerationTime,
) -> Result<Key<PublicParts, PrimaryRole>, openpgp_card::Error> {
    let PublicKeyMaterial::R(rsa) = material else {
        return Err(openpgp_card::Error::UnsupportedAlgo("the card made no RSA key".into()));
    };
    let created: SystemTime = UNIX_EPOCH + Duration::from_secs(u64::from(created.get()));
    Key4::import_public_rsa(rsa.v(), rsa.n(), created)
        .map(Key::from)
        .map_err(|e| openpgp_card::Error::ParseError(e.to_string()))
}

fn fingerprint(
    material: &PublicKeyMaterial,
    created: KeyGenerationTime,
    _: KeyType,
) -> Result<CardFingerprint, openpgp_card::Error> {
    let key = public_key(material, created)?;
    CardFingerprint::try_from(key.fingerprint().as_bytes())
}
