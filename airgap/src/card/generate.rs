//! Making a master key on a card: it exists nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openpgp_card::ocard::KeyType;
use openpgp_card::ocard::algorithm::AlgoSimple;
use openpgp_card::ocard::crypto::PublicKeyMaterial;
use openpgp_card::ocard::data::{Fingerprint as CardFingerprint, KeyGenerationTime};
use secrecy::{ExposeSecret as _, SecretString};
use sequoia_openpgp as openpgp;

use openpgp::packet::Key;
use openpgp::packet::key::{Key4, PrimaryRole, PublicParts};

use super::{CardError, FACTORY_PINS, Session};

/// The PINs of an OpenPGP card as it is delivered (OpenPGP card 3.4.1 §4.2).
const FACTORY_PIN: &str = "123456";
const FACTORY_ADMIN_PIN: &str = "12345678";

/// The PINs that a card gets in place of the factory's.
pub struct NewPins {
    /// The PIN that signs.
    pub pin: SecretString,
    /// The PIN that administers.
    pub admin: SecretString,
}

/// A key that was made on a card.
pub struct Generated {
    /// Its public half, ready for a certificate.
    pub key: Key<PublicParts, PrimaryRole>,
}

impl NewPins {
    /// Takes PINs of 6 and 8 characters at least that are not the factory's.
    ///
    /// # Errors
    /// [`CardError`] where one is too short, too long, or the factory's.
    pub fn new(pin: SecretString, admin: SecretString) -> Result<Self, CardError> {
        for (secret, least) in [(&pin, 6), (&admin, 8)] {
            let text = secret.expose_secret();
            if !(least..=127).contains(&text.len()) {
                let admin = least == 8;
                return Err(if admin { CardError::AdminPinLength } else { CardError::PinLength });
            }
            if FACTORY_PINS.contains(&text) {
                return Err(CardError::FactoryPin);
            }
        }
        Ok(Self { pin, admin })
    }
}

impl Session<'_> {
    /// Makes an RSA-4096 key in the empty signature slot of a card as it was delivered: first the
    /// PINs are changed, then the card is set to take one PIN for a whole session, then the key is
    /// made. Takes seconds to minutes, on some cards an hour.
    ///
    /// # Errors
    /// [`CardError`] where the slot is in use, a PIN is not the factory's any more, or the card
    /// cannot make such a key.
    pub fn generate(&mut self, pins: &NewPins) -> Result<Generated, CardError> {
        if let Some(present) = self.master() {
            return Err(CardError::SlotInUse(present));
        }
        let factory = SecretString::from(FACTORY_ADMIN_PIN);
        self.card.change_admin_pin(factory, pins.admin.clone()).map_err(|e| self.admin_pin(e))?;
        let factory = SecretString::from(FACTORY_PIN);
        self.card.change_user_pin(factory, pins.pin.clone())?;

        // Read here and not through openpgp-card's cache, which panics where the card is gone.
        let mut status = self.card.card().application_related_data()?.pw_status_bytes()?;
        status.set_pw1_cds_valid_once(false);
        let mut admin = self.card.as_admin_card(pins.admin.clone()).map_err(CardError::from)?;
        admin.set_pw_status_bytes(&status, false)?;
        admin.set_algorithm(KeyType::Signing, AlgoSimple::RSA4k)?;
        let (material, created) = admin.generate_key(fingerprint, KeyType::Signing)?;
        let key = public_key(&material, created).map_err(CardError::Other)?;
        Ok(Generated { key })
    }

    fn admin_pin(&mut self, error: openpgp_card::Error) -> CardError {
        if CardError::is_removal(&error) {
            return CardError::Removed;
        }
        let status = self.card.card().application_related_data().and_then(|d| d.pw_status_bytes());
        match status {
            Ok(status) => CardError::WrongAdminPin { left: status.err_count_pw3() },
            Err(_) => error.into(),
        }
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
