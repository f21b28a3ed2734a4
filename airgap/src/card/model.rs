//! Which kind of card it is: what advisories are matched with.

use std::fmt;
use std::str::FromStr;

use openpgp_card::ocard::Transaction;

use super::CardError;

/// Yubico, by the list of manufacturers (OpenPGP card 3.4.1 §4.2.1).
const YUBICO: u16 = 0x0006;

/// Which kind of card it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The manufacturer's number.
    pub manufacturer: u16,
    /// The firmware, where the card tells it: Yubico's do.
    pub firmware: Option<Firmware>,
}

/// A firmware's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Firmware([u8; 3]);

/// A text that is no firmware version.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a version like 4.3.5")]
pub struct NotAFirmware(String);

impl Model {
    /// Asks the card, in one command at most: the question for the firmware is Yubico's own, and
    /// no other maker's card is bothered with it.
    pub(super) fn read(card: &mut Transaction<'_>, manufacturer: u16) -> Result<Self, CardError> {
        let firmware = match manufacturer {
            YUBICO => card.firmware_version().ok().and_then(|v| v.try_into().ok()).map(Firmware),
            _ => None,
        };
        Ok(Self { manufacturer, firmware })
    }

    /// Whether this maker's cards attest their keys.
    pub(super) fn may_attest(&self) -> bool {
        self.manufacturer == YUBICO
    }
}

impl From<[u8; 3]> for Firmware {
    fn from(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Firmware {
    type Err = NotAFirmware;

    fn from_str(text: &str) -> Result<Self, NotAFirmware> {
        let numbers: Option<Vec<u8>> = text.split('.').map(|n| n.parse().ok()).collect();
        let version = numbers.and_then(|n| n.try_into().ok());
        version.map(Self).ok_or_else(|| NotAFirmware(text.to_owned()))
    }
}

impl TryFrom<String> for Firmware {
    type Error = NotAFirmware;

    fn try_from(text: String) -> Result<Self, NotAFirmware> {
        text.parse()
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}
