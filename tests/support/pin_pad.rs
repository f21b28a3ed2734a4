//! A practice card in a reader with keys of its own.

use std::sync::{Arc, Mutex, PoisonError};

use airgap::card::{CardBackend, CardCaps, CardTransaction, SmartcardError};
use card_backend::PinType;
use countersign_practice_card::PracticeCard;

/// What is typed on the keys, one after the other; nothing where nobody types.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<Vec<Option<String>>>>);

impl Keys {
    /// Somebody who types these.
    pub fn typing(pins: &[Option<&str>]) -> Self {
        let pins = pins.iter().rev().map(|pin| pin.map(ToOwned::to_owned)).collect();
        Self(Arc::new(Mutex::new(pins)))
    }

    fn next(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().flatten()
    }
}

/// The reader.
pub struct PinPadReader {
    card: PracticeCard,
    keys: Keys,
}

impl PinPadReader {
    /// Puts a card in.
    pub fn new(card: PracticeCard, keys: Keys) -> Self {
        Self { card, keys }
    }
}

impl CardBackend for PinPadReader {
    fn limit_card_caps(&self, card_caps: CardCaps) -> CardCaps {
        card_caps
    }

    fn transaction(
        &mut self,
        reselect: Option<&[u8]>,
    ) -> Result<Box<dyn CardTransaction + Send + Sync + '_>, SmartcardError> {
        let inner = self.card.transaction(reselect)?;
        Ok(Box::new(Transaction { inner, keys: self.keys.clone() }))
    }
}

struct Transaction<'a> {
    inner: Box<dyn CardTransaction + Send + Sync + 'a>,
    keys: Keys,
}

impl CardTransaction for Transaction<'_> {
    fn transmit(&mut self, command: &[u8], buffer: usize) -> Result<Vec<u8>, SmartcardError> {
        self.inner.transmit(command, buffer)
    }

    fn feature_pinpad_verify(&self) -> bool {
        true
    }

    fn feature_pinpad_modify(&self) -> bool {
        false
    }

    fn pinpad_verify(
        &mut self,
        pin: PinType,
        _: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        // CCID 1.1 §6.1.11: 6400 where nothing was typed in time, 6401 where the red key was.
        let Some(typed) = self.keys.next() else { return Ok(vec![0x64, 0x00]) };
        let length = u8::try_from(typed.len()).unwrap_or(u8::MAX);
        let verify = [&[0x00, 0x20, 0x00, pin.id(), length], typed.as_bytes()].concat();
        self.inner.transmit(&verify, 264)
    }

    fn pinpad_modify(
        &mut self,
        _: PinType,
        _: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        Err(SmartcardError::Error("this reader changes no PIN".into()))
    }

    fn was_reset(&self) -> bool {
        self.inner.was_reset()
    }
}
