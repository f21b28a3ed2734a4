//! Cards put in one after another: each asked for, each with PINs of its own, each tried again
//! where it failed.

use crate::card::{Card, CardError, Delivery, NewPins, Secret, Session};
use crate::console::Ceremony;

use super::{CardMade, CeremonyError, MasterError};

/// The cards of one ceremony.
pub(super) struct Row<'a, C, O> {
    console: &'a mut C,
    open: O,
    delivery: Delivery,
    all: usize,
    done: Vec<CardMade>,
    /// The card whose set-up began and did not come to its end, and the PINs that it was given.
    begun: Option<(String, NewPins)>,
}

/// What became of one attempt.
enum Attempt<T> {
    Done(T),
    /// Not done, and this is why; a person may try again.
    Failed(CardError),
}

impl<'a, C, O> Row<'a, C, O>
where
    C: Ceremony,
    O: FnMut(usize) -> Result<Card, CardError>,
{
    pub(super) fn new(console: &'a mut C, all: usize, delivery: Delivery, open: O) -> Self {
        Self { console, open, delivery, all, done: Vec::new(), begun: None }
    }

    pub(super) fn console(&mut self) -> &mut C {
        self.console
    }

    /// The cards that are done.
    pub(super) fn done(&self) -> &[CardMade] {
        &self.done
    }

    /// The same, at the end.
    pub(super) fn into_done(self) -> Vec<CardMade> {
        self.done
    }

    /// Does `work` on the next card, as often as a person wants to try.
    pub(super) fn next<T>(
        &mut self,
        mut work: impl FnMut(&mut Session<'_>, &NewPins, Delivery) -> Result<T, MasterError>,
    ) -> Result<T, CeremonyError> {
        let number = self.done.len() + 1;
        let mut question = format!("\nPut in card {number} of {}, and press Enter: ", self.all);
        loop {
            // The first card is in the reader already.
            if (number > 1 || self.begun.is_some()) && self.console.ask(&question)?.is_none() {
                return Err(self.stopped());
            }
            let error = match self.attempt(number, &mut work)? {
                Attempt::Done(result) => return Ok(result),
                Attempt::Failed(error) => error,
            };
            self.console.show(&format!("\nerror: {error}\n"));
            let hint = match &error {
                CardError::Removed => Some("put the same card back: it goes on from there".into()),
                other => other.hint(),
            };
            if let Some(hint) = hint {
                self.console.show(&format!("hint: {hint}\n"));
            }
            let ask = "\nType Again to try again with this card or another one, Stop to end the \
                       ceremony: ";
            if self.console.ask(ask)?.as_deref() != Some("Again") {
                return Err(self.stopped_by(error));
            }
            question = format!("Put in card {number} of {}, and press Enter: ", self.all);
        }
    }

    fn attempt<T>(
        &mut self,
        number: usize,
        work: &mut impl FnMut(&mut Session<'_>, &NewPins, Delivery) -> Result<T, MasterError>,
    ) -> Result<Attempt<T>, CeremonyError> {
        let mut card = match (self.open)(number) {
            Ok(card) => card,
            Err(error) => return Ok(Attempt::Failed(error)),
        };
        let begun = card.session().and_then(|session| session.ident());
        let ident = match begun {
            Ok(ident) if self.done.iter().any(|card| card.ident == ident) => {
                return Ok(Attempt::Failed(CardError::SameCard(ident)));
            }
            Ok(ident) => ident,
            Err(error) => return Ok(Attempt::Failed(error)),
        };
        let (pins, delivery) = match (self.begun.take(), self.delivery) {
            (Some((begun, pins)), Delivery::SetUp) if begun == ident => (pins, Delivery::SetUp),
            (Some((begun, pins)), _) if begun == ident => (pins, Delivery::Interrupted),
            (_, delivery) => match self.pins(&ident)? {
                Ok(pins) => (pins, delivery),
                Err(error) => return Ok(Attempt::Failed(error)),
            },
        };
        let mut session = match card.session() {
            Ok(session) => session,
            Err(error) => return Ok(Attempt::Failed(error)),
        };
        let result =
            work(&mut session, &pins, delivery).and_then(|result| Ok((result, session.counter()?)));
        match result {
            Ok((result, counter)) => {
                self.done.push(CardMade { ident, counter });
                Ok(Attempt::Done(result))
            }
            Err(MasterError::Card(error)) => {
                // The PINs were wrong, or nothing was done yet: they are asked for anew.
                let untouched = matches!(
                    error,
                    CardError::NotAsDelivered { .. }
                        | CardError::SlotInUse(_)
                        | CardError::WrongPin { .. }
                        | CardError::WrongAdminPin { .. }
                        | CardError::FactoryPin
                );
                self.begun = (!untouched).then_some((ident, pins));
                Ok(Attempt::Failed(error))
            }
            Err(other) => Err(other.into()),
        }
    }

    fn pins(&mut self, ident: &str) -> Result<Result<NewPins, CardError>, CeremonyError> {
        let (pin, admin) = match self.delivery {
            Delivery::SetUp => {
                self.console.show(&format!("Card {ident} keeps the PINs that it has.\n"));
                (self.console.pin("Its PIN: ")?, self.console.pin("Its Admin PIN: ")?)
            }
            Delivery::Fresh | Delivery::Interrupted => {
                self.console.show(&format!("Card {ident} gets PINs of its own.\n"));
                let pin = self.console.new_pin(Secret::Pin)?;
                (pin, self.console.new_pin(Secret::AdminPin)?)
            }
        };
        Ok(NewPins::new(pin, admin))
    }

    fn stopped(&self) -> CeremonyError {
        CeremonyError::Stopped { done: self.done.clone(), source: None }
    }

    fn stopped_by(&self, error: CardError) -> CeremonyError {
        CeremonyError::Stopped { done: self.done.clone(), source: Some(error) }
    }
}
