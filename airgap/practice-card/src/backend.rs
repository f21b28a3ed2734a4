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
        let mut transaction = Transaction { card: self, was_reset };
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

impl CardTransaction for Transaction<'_> {
    fn transmit(&mut self, cmd: &[u8], _buf_size: usize) -> Result<Vec<u8>, SmartcardError> {
        Ok(self.card.command(cmd))
    }

    fn feature_pinpad_verify(&self) -> bool {
        false
    }

    fn feature_pinpad_modify(&self) -> bool {
        false
    }

    fn pinpad_verify(
        &mut self,
        _pin: PinType,
        _card_caps: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        Err(no_pin_pad())
    }

    fn pinpad_modify(
        &mut self,
        _pin: PinType,
        _card_caps: &Option<CardCaps>,
    ) -> Result<Vec<u8>, SmartcardError> {
        Err(no_pin_pad())
    }

    fn was_reset(&self) -> bool {
        self.was_reset
    }
}

fn no_pin_pad() -> SmartcardError {
    SmartcardError::Error("practice card has no PIN pad".into())
}
