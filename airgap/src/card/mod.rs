//! The OpenPGP card: the only place that knows openpgp-card and PC/SC.
//!
//! A [`Card`] is opened from a real reader or as the embedded practice card; above the APDU there
//! is no difference. A [`Session`] is one transaction on it: read what the card is, unlock it
//! once, sign digests. Nothing here trusts a cached counter, and no status is asked for between
//! unlocking and signing, because there are cards that then refuse to sign.

mod advisory;
mod attestation;
mod error;
mod generate;
mod holder;
mod import;
mod model;
mod open;
mod pins;
mod setup;
mod status;
mod wire;

use openpgp_card::ocard::crypto::{HashAlgo, PublicKeyMaterial, SigningAlgo};
use openpgp_card::ocard::{KeyType, StatusBytes};
use openpgp_card::state::Transaction;
use secrecy::{ExposeSecret as _, SecretString};

use pins::FACTORY_PIN;

use countersign::certificate::Certificate;
use countersign::fingerprint::Fingerprint;
use sequoia_openpgp::crypto::mpi;

pub use advisory::{Advisories, Advisory, Concern};
pub use attestation::Attestation;
pub use card_backend::{CardBackend, CardCaps, CardTransaction, SmartcardError};
pub use error::{CardError, counted_tries};
pub use generate::Generated;
pub use model::{Firmware, Model};
pub use open::{Card, Selector, readers};
pub use pins::{LastTry, NewPin, NewPins, Secret, Tries};
pub use setup::{Delivery, Holder, NoTouchPolicy, Touch};
pub use status::Status;

/// PINs that cards are delivered with; never accepted for signing.
const FACTORY_PINS: [&str; 3] = ["123456", "12345678", "000000"];

/// One transaction on a card.
pub struct Session<'a> {
    card: openpgp_card::Card<Transaction<'a>>,
    /// What the signature slot held when the transaction began.
    master: Option<Fingerprint>,
    /// The PIN, kept for cards that want it before each signature; nothing otherwise.
    pin: Option<PinInput>,
    /// Whether the card will make the next signature without being told the PIN again.
    unlocked: bool,
}

/// Where a PIN comes from.
#[derive(Clone, Debug)]
pub enum PinInput {
    /// It was typed here.
    Typed(SecretString),
    /// It is typed on the reader's own pad, and this program never learns it.
    OnReader,
}

impl From<SecretString> for PinInput {
    fn from(pin: SecretString) -> Self {
        Self::Typed(pin)
    }
}

/// Whether the reader has keys of its own for a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinPad {
    /// None.
    None,
    /// It has, and it can send what is typed to the card.
    OnReader,
}

/// What a person should know before typing the PIN.
#[derive(Clone, Debug)]
pub struct BeforeUnlocking {
    /// The card, `MANUFACTURER:SERIAL`: openpgp-card's own answer is the one it gave when the card
    /// was opened, and another may have taken its place.
    pub ident: String,
    /// Tries left.
    pub tries: u8,
    /// Whether the card wants the PIN before each signature.
    pub pin_once: bool,
    /// Whether the card wants to be touched for each signature.
    pub touch: bool,
    /// Whether the PIN can be typed on the reader.
    pub pad: PinPad,
    /// Which kind of card it is.
    pub model: Model,
}

impl<'a> Session<'a> {
    /// The transaction has just read the card's data: the fingerprint is taken from there, while
    /// it is fresh, and no command is spent on it.
    fn new(mut card: openpgp_card::Card<Transaction<'a>>) -> Result<Self, CardError> {
        let fingerprints = card.fingerprints()?;
        let bytes = fingerprints.signature().and_then(|f| <[u8; 20]>::try_from(f.as_bytes()).ok());
        Ok(Self { card, master: bytes.map(Fingerprint::from), pin: None, unlocked: false })
    }

    /// Reads what the card says of itself, afresh: nothing that may have changed is remembered.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn status(&mut self) -> Result<Status, CardError> {
        Status::read(self.card.card())
    }

    /// The card's identity, `MANUFACTURER:SERIAL`, as it was when the card was opened.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn ident(&self) -> Result<String, CardError> {
        Ok(self.card.application_identifier()?.ident())
    }

    /// The signature counter (OpenPGP card 3.4.1 §4.4.3.4, DO 93).
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn counter(&mut self) -> Result<u32, CardError> {
        Ok(self.card.digital_signature_count()?)
    }

    /// The fingerprint stored for the signature slot when the transaction began; none where the
    /// slot was empty.
    pub fn master(&self) -> Option<Fingerprint> {
        self.master
    }

    /// Checks that the key in the signature slot is `master`: by the stored fingerprint and by
    /// the public key itself.
    ///
    /// # Errors
    /// [`CardError`] where it is another key, none, or not RSA.
    pub fn check_master(&mut self, master: &Certificate) -> Result<(), CardError> {
        let expected = master.fingerprint();
        let actual = self.master.ok_or(CardError::EmptySlot { expected })?;
        if actual != expected {
            return Err(CardError::OtherKey { actual, expected });
        }
        let (PublicKeyMaterial::R(on_card), mpi::PublicKey::RSA { e, n }) =
            (self.card.card().public_key(KeyType::Signing)?, master.primary().mpis())
        else {
            return Err(CardError::NotRsa { expected });
        };
        let same = mpi::MPI::new(on_card.n()) == *n && mpi::MPI::new(on_card.v()) == *e;
        if same { Ok(()) } else { Err(CardError::OtherPublicKey { expected }) }
    }

    /// What a person should know before typing the PIN, read in one command.
    ///
    /// # Errors
    /// [`CardError`] where the card is gone or answers nonsense.
    pub fn before_unlocking(&mut self) -> Result<BeforeUnlocking, CardError> {
        let data = self.card.card().application_related_data()?;
        let pins = data.pw_status_bytes()?;
        let id = data.application_id()?;
        let model = Model::read(self.card.card(), id.manufacturer())?;
        let pad = if self.card.feature_pinpad_verify() { PinPad::OnReader } else { PinPad::None };
        Ok(BeforeUnlocking {
            ident: id.ident(),
            tries: pins.err_count_pw1(),
            pin_once: pins.pw1_cds_valid_once(),
            touch: data.uif_pso_cds()?.is_some_and(|f| f.touch_policy().touch_required()),
            pad,
            model,
        })
    }

    /// Unlocks the signature key with the PIN: one VERIFY for the whole session where the card's
    /// PIN mode allows it, one before each signature where it does not.
    ///
    /// What is typed on the reader cannot be looked at: there, the PIN that cards are delivered
    /// with is tried first, which must fail. A right PIN gives the try back.
    ///
    /// # Errors
    /// [`CardError`] with the tries that are left where the card says no; a factory PIN and one
    /// of an impossible length are refused without asking the card.
    pub fn unlock(
        &mut self,
        pin: impl Into<PinInput>,
        card: &BeforeUnlocking,
    ) -> Result<(), CardError> {
        let pin = pin.into();
        if let PinInput::Typed(pin) = &pin {
            let text = pin.expose_secret();
            if !(6..=127).contains(&text.len()) {
                return Err(CardError::PinLength);
            }
            if FACTORY_PINS.contains(&text) {
                return Err(CardError::FactoryPin);
            }
        }
        if card.tries == 0 {
            return Err(CardError::PinBlocked);
        }
        if matches!(pin, PinInput::OnReader) {
            self.refuse_factory_pin(card.tries)?;
        }
        self.verify(pin.clone())?;
        self.pin = card.pin_once.then_some(pin);
        Ok(())
    }

    fn refuse_factory_pin(&mut self, left: u8) -> Result<(), CardError> {
        if left < 3 {
            return Err(CardError::PadNeedsTries { left });
        }
        match self.card.verify_user_signing_pin(SecretString::from(FACTORY_PIN)) {
            Ok(()) => Err(CardError::FactoryPinInUse),
            Err(error) if CardError::is_removal(&error) => Err(CardError::Removed),
            Err(_) => Ok(()),
        }
    }

    fn verify(&mut self, pin: PinInput) -> Result<(), CardError> {
        let result = match pin {
            PinInput::Typed(pin) => self.card.verify_user_signing_pin(pin),
            PinInput::OnReader => return self.verify_on_reader(),
        };
        self.unlocked = result.is_ok();
        result.map_err(|error| self.wrong(Secret::Pin, error))
    }

    fn verify_on_reader(&mut self) -> Result<(), CardError> {
        let before = self.tries()?.pin;
        let result = self.card.verify_user_signing_pinpad(&|| ());
        self.unlocked = result.is_ok();
        result.map_err(|error| match self.wrong(Secret::Pin, error) {
            // No try was spent: nothing was typed in time, or the reader's red key was pressed.
            CardError::WrongPin { left } if left >= before => CardError::NothingTyped,
            other => other,
        })
    }

    /// Signs a SHA-512 digest with the signature slot's key (OpenPGP card 3.4.1 §7.2.10): the RSA
    /// value, big-endian. The caller verifies it.
    ///
    /// # Errors
    /// [`CardError`] where the card refuses or is gone.
    pub fn sign(&mut self, digest: &[u8; 64]) -> Result<Vec<u8>, CardError> {
        // Taken out first: a PIN that the card no longer takes is not tried a second time.
        if let Some(pin) = self.pin.take() {
            if !self.unlocked {
                self.verify(pin.clone())?;
            }
            self.pin = Some(pin);
        }
        let algorithm = SigningAlgo::RSA(HashAlgo::SHA512);
        let result = self.card.card().signature_for_hash(algorithm, digest);
        self.unlocked = self.pin.is_none();
        result.map_err(|error| match error {
            openpgp_card::Error::CardStatus(StatusBytes::SecurityStatusNotSatisfied) => {
                CardError::NotAuthorised
            }
            other => other.into(),
        })
    }
}
