//! Readers and cards. Of a card, what names it and what it has done; not whose it is.

use crate::card::{self, Card, CardError, Selector, Status};

use super::{Fact, NOT_READABLE};

pub(super) fn readers() -> Vec<Fact> {
    match card::readers() {
        Ok(names) if names.is_empty() => vec![Fact::new("readers", "none")],
        Ok(names) => names.iter().map(|n| Fact::new("reader", without_serial(n))).collect(),
        Err(CardError::NoService(_)) => vec![Fact::new("readers", "no smartcard service")],
        Err(_) => vec![Fact::new("readers", NOT_READABLE)],
    }
}

pub(super) fn cards(selector: &Selector) -> Vec<Fact> {
    match Card::every(selector) {
        Ok(mut cards) => cards.iter_mut().flat_map(facts).collect(),
        Err(CardError::NoService(_) | CardError::NoReader | CardError::NoCard(_)) => {
            vec![Fact::new("cards", "none")]
        }
        Err(_) => vec![Fact::new("cards", NOT_READABLE)],
    }
}

fn facts(card: &mut Card) -> Vec<Fact> {
    let Ok(status) = card.session().and_then(|mut session| session.status()) else {
        return vec![Fact::new("card", NOT_READABLE)];
    };
    let Status { ident, manufacturer, version, model, key, counter, .. } = status;
    let firmware = model.firmware.map_or("the card does not tell".to_owned(), |f| f.to_string());
    vec![
        Fact::new("card", ident),
        Fact::new("maker", manufacturer),
        Fact::new("version", version),
        Fact::new("firmware", firmware),
        Fact::new("signature slot", key.map_or("empty".to_owned(), |key| key.to_string())),
        Fact::new("signatures made", counter.to_string()),
    ]
}

/// pcscd puts a reader's serial number in brackets behind its name.
pub(super) fn without_serial(name: &str) -> String {
    let mut rest = name;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once('(') {
        kept.push_str(before.trim_end());
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept.trim().to_owned()
}
