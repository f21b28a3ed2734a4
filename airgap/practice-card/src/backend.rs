//! The practice card as `openpgp-card` sees it: a backend beside PC/SC.

use card_backend::{CardBackend, CardCaps, CardTransaction, PinType, SmartcardError};

use crate::PracticeCard;

impl CardBackend for PracticeCard {
    fn limit_card_caps(&self, card_caps: CardCaps) -> CardCaps {
        card_caps
    }

    fn transaction(
        &mut self,
        reselect_application: Option<&[u8]>,
    ) -> Result<Box<dyn CardTransaction + Send + Sync + '_>, SmartcardError> {
        let was_reset = std::mem::take(&mut self.power_cycled);
        let mut transaction = NoPinPad(Transaction { card: self, was_reset });
        if let (true, Some(application)) = (was_reset, reselect_application) {
            transaction.select(application)?;
        }
        Ok(Box::new(transaction))
    }
}

impl From<PracticeCard> for Box<dyn CardBackend + Send + Sync> {
    fn from(card: PracticeCard) -> Self {
        Box::new(card)
    }
}

/// Exclusive use of the card, which a borrow already grants: there is no second program to keep away.
struct Transaction<'a> {
    card: &'a mut PracticeCard,
    was_reset: bool,
}

impl Commands for Transaction<'_> {
    fn transmit(&mut self, command: &[u8], _: usize) -> Result<Vec<u8>, SmartcardError> {
        Ok(self.card.command(command))
    }

    fn was_reset(&self) -> bool {
        self.was_reset
    }
}

/// What takes commands and answers them, and can do nothing else.
pub trait Commands: Send + Sync {
    /// One command, and at most `buffer` bytes of answer.
    ///
    /// # Errors
    /// Where no answer comes.
    fn transmit(&mut self, command: &[u8], buffer: usize) -> Result<Vec<u8>, SmartcardError>;

    /// Whether the card lost its state since the last transaction.
    fn was_reset(&self) -> bool {
        false
    }
}

/// A transaction through a reader without a PIN pad.
pub struct NoPinPad<T>(pub T);

impl<T: Commands> CardTransaction for NoPinPad<T> {
    fn transmit(&mut self, command: &[u8], buffer: usize) -> Result<Vec<u8>, SmartcardError> {
        self.0.transmit(command, buffer)
    }

    fn feature_pinpad_verify(&self) -> bool {
        false
    }

    fn feature_pinpad_modify(&self) -> bool {
        false
    }

    fn pinpad_verify(
        &mut self,
        _: PinType,
        _: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        Err(no_pin_pad())
    }

    fn pinpad_modify(
        &mut self,
        _: PinType,
        _: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        Err(no_pin_pad())
    }

    fn was_reset(&self) -> bool {
        self.0.was_reset()
    }
}

fn no_pin_pad() -> SmartcardError {
    SmartcardError::Error("there is no PIN pad".into())
}
