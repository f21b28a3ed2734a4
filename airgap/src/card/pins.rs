//! A card's PINs: changed, unblocked, counted.
//!
//! Cards disagree on the status word of a wrong PIN, so after each failure the counters in DO C4
//! are read (OpenPGP card 3.4.1 §4.3), and a card with one try left is left alone unless the
//! caller says otherwise.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::{CardError, FACTORY_PINS, Session};

/// The PINs of an OpenPGP card as it is delivered (OpenPGP card 3.4.1 §4.2).
pub(super) const FACTORY_PIN: &str = "123456";
pub(super) const FACTORY_ADMIN_PIN: &str = "12345678";

/// One of a card's three secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The PIN, which signs (PW1).
    Pin,
    /// The resetting code, which unblocks the PIN and can do nothing else.
    ResettingCode,
    /// The Admin PIN, which sets everything up (PW3).
    AdminPin,
}

impl Secret {
    /// The shortest that a card takes, in characters (OpenPGP card 3.4.1 §4.3.1).
    pub fn least(self) -> usize {
        match self {
            Self::Pin => 6,
            Self::ResettingCode | Self::AdminPin => 8,
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::ResettingCode => "resetting code",
            Self::AdminPin => "Admin PIN",
        })
    }
}

/// A new PIN, Admin PIN or resetting code: of a length that cards take, and not the factory's.
#[derive(Clone, Debug)]
pub struct NewPin {
    value: SecretString,
}

/// The PINs that a card gets in place of the factory's.
#[derive(Clone, Debug)]
pub struct NewPins {
    /// The PIN that signs.
    pub pin: SecretString,
    /// The PIN that administers.
    pub admin: SecretString,
}

/// How many tries are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// For the PIN.
    pub pin: u8,
    /// For the resetting code; 0 where none is set.
    pub resetting_code: u8,
    /// For the Admin PIN.
    pub admin_pin: u8,
}

/// Whether a card's last try may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTry {
    /// It is kept: one more mistake would block the card.
    Keep,
    /// A person said that it may be used.
    Use,
}

impl Tries {
    /// Those of one secret.
    pub fn of(self, secret: Secret) -> u8 {
        match secret {
            Secret::Pin => self.pin,
            Secret::ResettingCode => self.resetting_code,
            Secret::AdminPin => self.admin_pin,
        }
    }
}

impl NewPin {
    /// Takes a secret that a card may get.
    ///
    /// # Errors
    /// [`CardError`] where it is too short, too long, or the factory's.
    pub fn new(secret: Secret, value: SecretString) -> Result<Self, CardError> {
        check(secret, &value)?;
        Ok(Self { value })
    }
}

impl NewPins {
    /// Takes PINs of 6 and 8 characters at least that are not the factory's.
    ///
    /// # Errors
    /// [`CardError`] where one is too short, too long, or the factory's.
    pub fn new(pin: SecretString, admin: SecretString) -> Result<Self, CardError> {
        check(Secret::Pin, &pin)?;
        check(Secret::AdminPin, &admin)?;
        Ok(Self { pin, admin })
    }
}

fn check(secret: Secret, value: &SecretString) -> Result<(), CardError> {
    let text = value.expose_secret();
    if !(secret.least()..=127).contains(&text.len()) {
        return Err(match secret {
            Secret::Pin => CardError::PinLength,
            Secret::AdminPin => CardError::AdminPinLength,
            Secret::ResettingCode => CardError::ResettingCodeLength,
        });
    }
    if FACTORY_PINS.contains(&text) {
        return Err(CardError::FactoryPin);
    }
    Ok(())
}

impl Session<'_> {
    /// How many tries each secret has left, read afresh.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn tries(&mut self) -> Result<Tries, CardError> {
        let status = self.card.card().application_related_data()?.pw_status_bytes()?;
        Ok(Tries {
            pin: status.err_count_pw1(),
            resetting_code: status.err_count_rc(),
            admin_pin: status.err_count_pw3(),
        })
    }

    /// Whether a secret may be tried.
    ///
    /// # Errors
    /// [`CardError`] where no try is left, or just one that is to be kept.
    pub fn may_try(&mut self, secret: Secret, last: LastTry) -> Result<Tries, CardError> {
        let tries = self.tries()?;
        match (tries.of(secret), last) {
            (0, _) if secret == Secret::ResettingCode => Err(CardError::NoResettingCode),
            (0, _) => Err(CardError::Blocked { secret }),
            (1, LastTry::Keep) => Err(CardError::LastTry { secret }),
            (1, LastTry::Use) | (2.., _) => Ok(tries),
        }
    }

    /// Changes the PIN.
    ///
    /// # Errors
    /// [`CardError`] with the tries left where the old one is wrong.
    pub fn change_pin(&mut self, old: SecretString, new: &NewPin) -> Result<(), CardError> {
        let result = self.card.change_user_pin(old, new.value.clone());
        result.map_err(|e| self.wrong(Secret::Pin, e))
    }

    /// Changes the Admin PIN.
    ///
    /// # Errors
    /// [`CardError`] with the tries left where the old one is wrong.
    pub fn change_admin_pin(&mut self, old: SecretString, new: &NewPin) -> Result<(), CardError> {
        let result = self.card.change_admin_pin(old, new.value.clone());
        result.map_err(|e| self.wrong(Secret::AdminPin, e))
    }

    /// Gives the card a new PIN and all its tries back, by the Admin PIN.
    ///
    /// # Errors
    /// [`CardError`] with the tries left where the Admin PIN is wrong.
    pub fn unblock(&mut self, admin: SecretString, new: &NewPin) -> Result<(), CardError> {
        Ok(self.as_admin(admin)?.reset_user_pin(new.value.clone())?)
    }

    /// Gives the card a new PIN and all its tries back, by the resetting code.
    ///
    /// # Errors
    /// [`CardError`] with the tries left where the code is wrong.
    pub fn unblock_by_code(&mut self, code: SecretString, new: &NewPin) -> Result<(), CardError> {
        let result = self.card.reset_user_pin(code, new.value.clone());
        result.map_err(|e| self.wrong(Secret::ResettingCode, e))
    }

    /// Sets the resetting code.
    ///
    /// # Errors
    /// [`CardError`] with the tries left where the Admin PIN is wrong.
    pub fn set_resetting_code(
        &mut self,
        admin: SecretString,
        code: &NewPin,
    ) -> Result<(), CardError> {
        Ok(self.as_admin(admin)?.set_resetting_code(code.value.clone())?)
    }

    /// What went wrong with a secret, with the tries that are left.
    pub(super) fn wrong(&mut self, secret: Secret, error: openpgp_card::Error) -> CardError {
        if CardError::is_removal(&error) {
            return CardError::Removed;
        }
        match (self.tries().map(|tries| tries.of(secret)), secret) {
            (Err(_), _) => error.into(),
            (Ok(0), Secret::Pin) => CardError::PinBlocked,
            (Ok(0), _) => CardError::Blocked { secret },
            (Ok(left), Secret::Pin) => CardError::WrongPin { left },
            (Ok(left), Secret::AdminPin) => CardError::WrongAdminPin { left },
            (Ok(left), Secret::ResettingCode) => CardError::WrongResettingCode { left },
        }
    }
}
