//! What a station tries on itself before it signs, and whenever somebody asks.
//!
//! Nothing here writes, asks for a PIN or knows a secret key. Each try ends as a [`SelfCheck`],
//! whatever happens in it.

mod card;
mod clock;
mod journal;
mod known_answer;

use countersign::fingerprint::Fingerprint;
use countersign::journal::{SelfCheck, SelfResult, SelfTest};
use countersign::time::Timestamp;

use self::journal::Found;
use crate::card::Selector;
use crate::recorder::Recorder;
use crate::station::Station;

/// Everything that can be tried before a session's first request: the card is left alone until
/// then. `now` is the date that the operator confirmed.
pub fn before_session(recorder: &Recorder, now: Timestamp) -> Vec<SelfCheck> {
    let journal = Found::by(recorder);
    let later = "the card is read when a request needs it".to_owned();
    vec![
        known_answer::check(),
        journal.check(),
        clock::check(journal.last(), now),
        SelfCheck { test: SelfTest::Card, result: SelfResult::Skipped(later) },
    ]
}

/// What a session found when it read the card, which fits record and journal: that is compared
/// before anything is asked of it.
pub fn card_was_read(ident: &str, master: Fingerprint, counter: u32) -> SelfCheck {
    let found = format!("{ident} holds {master}, and its public key; counter {counter}");
    check(SelfTest::Card, Ok(found))
}

/// Everything that can be tried, with the card that `selector` names. `now` is the date that the
/// operator confirmed.
pub fn with_card(station: &Station, selector: &Selector, now: Timestamp) -> Vec<SelfCheck> {
    let journal = Found::read(station);
    let card = card::check(station, &journal, selector);
    vec![known_answer::check(), journal.check(), clock::check(journal.last(), now), card]
}

/// The check of `test` that passed with what was found, or failed for a reason.
fn check(test: SelfTest, found: Result<String, String>) -> SelfCheck {
    let result = match found {
        Ok(text) => SelfResult::Passed(text),
        Err(text) => SelfResult::Failed(text),
    };
    SelfCheck { test, result }
}

#[cfg(test)]
mod tests;
