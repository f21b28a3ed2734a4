//! The card in the reader: opened when the first request needs it. One session serves one card.

use countersign::fingerprint::Fingerprint;
use countersign::policy::Review;

use super::intake::describe;
use super::{OpenedCard, Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::Console;

/// Whose card is in the reader.
pub(super) enum CardFor {
    /// The master's that is asked.
    Asked,
    /// Another master's of this authority.
    Another(Fingerprint),
}

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Opens the card for the first request that needs it, and tells whether it holds the master
    /// that this request asks. One session serves one card.
    pub(super) fn card_fits(&mut self, review: &Review) -> Result<bool, SessionError> {
        let asked = review.request().master();
        match self.card_for(asked)? {
            CardFor::Asked => Ok(true),
            CardFor::Another(master) => {
                let text = format!(
                    "left: it asks {asked}, and the card in the reader holds {master}. Run another \
                     session with that card.\n"
                );
                self.console.show(&text);
                self.tally.left += 1;
                self.note(format!("left       {}", describe(review.request())));
                Ok(false)
            }
        }
    }

    /// Opens the card for the first request that needs it, and tells whose it is.
    pub(super) fn card_for(&mut self, asked: Fingerprint) -> Result<CardFor, SessionError> {
        if self.options.dry_run {
            return Ok(CardFor::Asked);
        }
        let held = match &self.card {
            Some(opened) => opened.master,
            None => self.open_the_card()?,
        };
        match held {
            Some(master) if master == asked => Ok(CardFor::Asked),
            Some(master) if self.station.authority().master(master).is_ok() => {
                Ok(CardFor::Another(master))
            }
            Some(actual) => Err(CardError::OtherKey { actual, expected: asked }.into()),
            None => Err(CardError::EmptySlot { expected: asked }.into()),
        }
    }

    pub(super) fn open_the_card(&mut self) -> Result<Option<Fingerprint>, SessionError> {
        let mut card = (self.open_card)()?;
        let mut session = card.session()?;
        let master = session.master().map(|key| self.options.asked(key));
        let ident = session.ident()?;
        // Before anybody reads a screen: a counter that does not fit stops the session.
        let counter = session.counter()?;
        drop(session);
        self.counter_fits(&ident, counter)?;
        self.console.show(&format!("card {ident} is in the reader\n"));
        self.card = Some(OpenedCard { card, ident, master });
        Ok(master)
    }
}
