//! The card in the reader, as far as it answers without its PIN.

use countersign::journal::{Ledger, SelfCheck, SelfResult, SelfTest};
use countersign::safe::{Safe, chain};

use super::journal::Found;
use crate::card::{Card, CardError, Selector, Status};
use crate::station::Station;

/// Tries the card that is named, or the one that is there.
pub(super) fn check(station: &Station, journal: &Found, selector: &Selector) -> SelfCheck {
    let skipped = |why| SelfCheck { test: SelfTest::Card, result: SelfResult::Skipped(why) };
    let mut card = match (Card::open(selector), selector) {
        (Ok(card), _) => card,
        // Nobody said that there is one.
        (
            Err(error @ (CardError::NoService(_) | CardError::NoReader | CardError::NoCard(_))),
            Selector::Only,
        ) => return skipped(chain(&error)),
        (Err(error), _) => return super::check(SelfTest::Card, Err(chain(&error))),
    };
    let Some(ledger) = journal.ledger() else {
        return skipped("there is no journal to compare its counter with".to_owned());
    };
    let found = look(&mut card, station, ledger).unwrap_or_else(|error| Err(chain(&error)));
    super::check(SelfTest::Card, found)
}

fn look(
    card: &mut Card,
    station: &Station,
    ledger: &Ledger,
) -> Result<Result<String, String>, CardError> {
    let mut session = card.session()?;
    let status = session.status()?;
    let ident = Safe(&status.ident);
    let Some(key) = session.master() else {
        return Ok(Err(format!("{ident}: the signature slot is empty")));
    };
    let authority = station.authority();
    let Ok(master) = authority.master(key) else {
        let name = Safe(&authority.policy().name);
        return Ok(Err(format!("{ident}: {key} is not one of {name}'s masters")));
    };
    session.check_master(master)?;
    Ok(tries(&status).and_then(|tries| {
        let counter = counter(&status, ledger)?;
        Ok(format!("{ident}: master {key}; {tries}; {counter}"))
    }))
}

fn tries(status: &Status) -> Result<String, String> {
    match status.tries[0] {
        0 => Err(format!("{}: the PIN is blocked, no tries left", Safe(&status.ident))),
        1 => Ok("ONE TRY LEFT for the PIN".to_owned()),
        left => Ok(format!("{left} tries for the PIN")),
    }
}

fn counter(status: &Status, ledger: &Ledger) -> Result<String, String> {
    let actual = status.counter;
    match ledger.expected_counter(&status.ident) {
        None => Ok(format!("counter {actual}, and this journal never saw the card")),
        Some((low, high)) if actual == low || actual == high => {
            Ok(format!("counter {actual}, as the journal adds up"))
        }
        Some((low, _)) => Err(format!(
            "{}: the counter is {actual}, and the journal adds up to {low}",
            Safe(&status.ident)
        )),
    }
}
