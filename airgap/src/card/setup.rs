//! Setting a card up: its PINs first, then everything that wants the Admin PIN.

use std::fmt;
use std::str::FromStr;

use openpgp_card::Card;
use openpgp_card::ocard::data::TouchPolicy;
use openpgp_card::state::Admin;
use secrecy::SecretString;

use super::pins::{FACTORY_ADMIN_PIN, NewPin, NewPins, Secret};
use super::{CardError, Session};

/// What became of a card before: which PINs it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As it was delivered: the factory's PINs.
    Fresh,
    /// Its set-up began and may not have come to its end: the new Admin PIN, or the factory's.
    Interrupted,
    /// Set up: the PINs are the card's own, and stay.
    SetUp,
}

/// Whether a signature needs a touch (OpenPGP card 3.4.1 §4.4.3.6, DO D6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// None.
    Off,
    /// One for each signature.
    On,
    /// One for each signature, for as long as this key is on the card.
    Fixed,
    /// One touch is good for 15 seconds.
    Cached,
    /// As `Cached`, for as long as this key is on the card.
    CachedFixed,
}

/// A word that is no touch policy.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of off, on, fixed, cached, cached-fixed")]
pub struct NoTouchPolicy(String);

impl Touch {
    /// Every policy with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Off, "off"),
        (Self::On, "on"),
        (Self::Fixed, "fixed"),
        (Self::Cached, "cached"),
        (Self::CachedFixed, "cached-fixed"),
    ];

    fn policy(self) -> TouchPolicy {
        match self {
            Self::Off => TouchPolicy::Off,
            Self::On => TouchPolicy::On,
            Self::Fixed => TouchPolicy::Fixed,
            Self::Cached => TouchPolicy::Cached,
            Self::CachedFixed => TouchPolicy::CachedFixed,
        }
    }

    /// Whether it lasts until the key is gone.
    pub fn is_for_good(self) -> bool {
        matches!(self, Self::Fixed | Self::CachedFixed)
    }
}

impl FromStr for Touch {
    type Err = NoTouchPolicy;

    fn from_str(text: &str) -> Result<Self, NoTouchPolicy> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(policy, _)| *policy).ok_or_else(|| NoTouchPolicy(text.to_owned()))
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(policy, _)| policy == self);
        f.write_str(found.map_or("", |(_, name)| name))
    }
}

/// What a card is told about its holder.
#[derive(Clone, Debug, Default)]
pub struct Holder {
    name: Option<String>,
    url: Option<String>,
}

impl Holder {
    /// Whose the card is, in at most 39 characters, and where the certificate can be found, in at
    /// most 200 (OpenPGP card 3.4.1 §4.4.3.1, DO 5B and 5F50). Asked before the card is touched.
    ///
    /// # Errors
    /// [`CardError::HolderText`] where one is longer, or not printable ASCII.
    pub fn new(name: Option<String>, url: Option<String>) -> Result<Self, CardError> {
        for (text, most) in [(&name, 39), (&url, 200)] {
            let printable = |text: &String| text.bytes().all(|b| (b' '..=b'~').contains(&b));
            if text.as_ref().is_some_and(|text| text.len() > most || !printable(text)) {
                return Err(CardError::HolderText { most });
            }
        }
        Ok(Self { name, url })
    }
}

impl<'a> Session<'a> {
    /// Gives the card its PINs, and has one PIN serve a whole session. The Admin PIN comes first,
    /// and the PIN is set by it: whatever interrupts this, the new Admin PIN leads on.
    ///
    /// # Errors
    /// [`CardError`] where the card does not have the PINs that `delivery` says.
    pub fn set_up(&mut self, pins: &NewPins, delivery: Delivery) -> Result<(), CardError> {
        match delivery {
            Delivery::Fresh => self.replace_factory_admin_pin(pins)?,
            Delivery::Interrupted => match self.as_admin(pins.admin.clone()).map(|_| ()) {
                Err(CardError::WrongAdminPin { left }) if left > 1 => {
                    self.replace_factory_admin_pin(pins)?;
                }
                other => other?,
            },
            Delivery::SetUp => {}
        }
        // Read here and not through openpgp-card's cache, which panics where the card is gone.
        let mut status = self.card.card().application_related_data()?.pw_status_bytes()?;
        status.set_pw1_cds_valid_once(false);
        let mut admin = self.as_admin(pins.admin.clone())?;
        match delivery {
            Delivery::Fresh | Delivery::Interrupted => admin.reset_user_pin(pins.pin.clone())?,
            Delivery::SetUp => {}
        }
        Ok(admin.set_pw_status_bytes(&status, false)?)
    }

    fn replace_factory_admin_pin(&mut self, pins: &NewPins) -> Result<(), CardError> {
        let new = NewPin::new(Secret::AdminPin, pins.admin.clone())?;
        let factory = SecretString::from(FACTORY_ADMIN_PIN);
        self.change_admin_pin(factory, &new).map_err(|error| match error {
            CardError::WrongAdminPin { left } => CardError::NotAsDelivered { left },
            other => other,
        })
    }

    /// Sets the signature slot's touch policy.
    ///
    /// # Errors
    /// [`CardError`] where the card has no button, keeps the policy it has, or the Admin PIN is
    /// wrong.
    pub fn set_touch(&mut self, admin: SecretString, touch: Touch) -> Result<(), CardError> {
        let flag = self.card.card().application_related_data()?.uif_pso_cds()?;
        let mut flag = flag.ok_or(CardError::NoButton)?;
        let present = flag.touch_policy();
        if matches!(present, TouchPolicy::Fixed | TouchPolicy::CachedFixed) {
            return Err(CardError::TouchIsFixed(present.to_string()));
        }
        flag.set_touch_policy(touch.policy());
        self.as_admin(admin)?;
        // Not through the library's cache, which panics where the card is gone.
        Ok(self.card.card().set_uif_pso_cds(&flag)?)
    }

    /// Writes the holder's name and address onto the card.
    ///
    /// # Errors
    /// [`CardError`] where the card does not take them, or the Admin PIN is wrong.
    pub fn set_holder(&mut self, admin: SecretString, holder: &Holder) -> Result<(), CardError> {
        let mut admin = self.as_admin(admin)?;
        if let Some(name) = &holder.name {
            admin.set_cardholder_name(name)?;
        }
        if let Some(url) = &holder.url {
            admin.set_url(url)?;
        }
        Ok(())
    }

    /// The card for whoever knows the Admin PIN.
    pub(super) fn as_admin(
        &mut self,
        admin: SecretString,
    ) -> Result<Card<Admin<'a, '_>>, CardError> {
        if let Err(error) = self.card.verify_admin_pin(admin) {
            return Err(self.wrong(Secret::AdminPin, error));
        }
        Ok(self.card.as_admin_card(None)?)
    }
}
