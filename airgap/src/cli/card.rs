//! `airgap card …`

use secrecy::SecretString;

use countersign::cli::args::Form;
use countersign::cli::{Exit, Failure};
use countersign::journal::Consent;
use countersign::safe::Safe;

use super::args::{CardVerb, Common, PinChange};
use super::{card_failure, confirmed_time, station_failure, terminal};
use crate::baseline::Baseline;
use crate::card::{
    Advisories, Card, CardError, Delivery, Holder, LastTry, NewPin, NewPins, Secret, Session,
    Touch, counted_tries,
};
use crate::console::{Ceremony as _, Console as _, Terminal};
use crate::inspection::{Finding, Inspection};
use crate::recorder::Access;
use crate::station::Station;

pub(super) fn run(common: &Common, verb: &CardVerb) -> Result<(), Failure> {
    match verb {
        CardVerb::Status(form) => status(common, form),
        CardVerb::Init { name, url, touch, resetting_code, again } => {
            let delivery = if *again { Delivery::Interrupted } else { Delivery::Fresh };
            let holder = Holder::new(name.clone(), url.clone()).map_err(card_failure)?;
            let code = resetting_code.then_some(Secret::ResettingCode);
            init(common, delivery, &holder, *touch, code)
        }
        CardVerb::Pin { what, last_try } => change_pin(common, *what, last_try.rule()),
        CardVerb::Touch { policy, last_try } => touch(common, *policy, last_try.rule()),
        CardVerb::ResetCounterBaseline { explain } => reset_baseline(common, explain),
        CardVerb::Verify(form) => verify(common, form),
    }
}

fn status(common: &Common, form: &Form) -> Result<(), Failure> {
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let status = card.session().and_then(|mut s| s.status()).map_err(card_failure)?;
    let station = Station::open(&common.station).ok();
    let policy = station.as_ref().map(|s| s.authority().policy());
    let master = policy.and_then(|p| p.masters.iter().find(|m| Some(m.fingerprint) == status.key));
    let (advisories, now) = (Advisories::bundled(), countersign::cli::now(common.time));
    if form.json {
        let about: Vec<&str> = advisories.about(&status.model).map(|a| a.id.as_str()).collect();
        let value = serde_json::json!({
            "version": 1,
            "card": status.ident,
            "key": status.key,
            "is_master": station.as_ref().map(|_| master.is_some()),
            "algorithm": status.algorithm,
            "pin_tries": status.tries[0],
            "pin_once": status.pin_once,
            "touch": status.touch,
            "kdf": status.kdf,
            "counter": status.counter,
            "advisories": about,
        });
        countersign::say!("{value}");
        return Ok(());
    }
    countersign::cli::put(format_args!("{status}"));
    match (policy, master) {
        (Some(_), Some(master)) => {
            countersign::say!("master            yes: {}", Safe(&master.name));
        }
        (Some(policy), None) => {
            countersign::say!("master            NO: not one of {}'s", Safe(&policy.name));
        }
        (None, _) => {
            countersign::say!("master            no station here to compare with (--station DIR)");
        }
    }
    for line in advisories.lines(&status.model, now) {
        countersign::say!("{line}");
    }
    Ok(())
}

fn init(
    common: &Common,
    delivery: Delivery,
    holder: &Holder,
    touch: Option<Touch>,
    code: Option<Secret>,
) -> Result<(), Failure> {
    let mut console = terminal(common)?;
    sure_of(&mut console, touch)?;
    let mut card = Card::open_or_make(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    if let Some(present) = card.master() {
        return Err(card_failure(CardError::SlotInUse(present)));
    }
    console.show(&format!("Card {} is set up.\n", card.ident().map_err(card_failure)?));
    let (pin, admin) = (console.new_pin(Secret::Pin)?, console.new_pin(Secret::AdminPin)?);
    let pins = NewPins::new(pin, admin.clone()).map_err(card_failure)?;
    let code = code.map(|code| console.new_pin(code)).transpose()?;
    let code = code.map(|value| NewPin::new(Secret::ResettingCode, value)).transpose();
    let code = code.map_err(card_failure)?;
    set_up(&mut card, &pins, delivery, holder, touch, code.as_ref()).map_err(card_failure)?;
    console.show("Its PINs are its own, and one PIN is good for a whole session.\n");
    console.show(&tries(&mut card)?);
    Ok(())
}

fn set_up(
    card: &mut Session<'_>,
    pins: &NewPins,
    delivery: Delivery,
    holder: &Holder,
    touch: Option<Touch>,
    code: Option<&NewPin>,
) -> Result<(), CardError> {
    card.set_up(pins, delivery)?;
    if let Some(code) = code {
        card.set_resetting_code(pins.admin.clone(), code)?;
    }
    if let Some(touch) = touch {
        card.set_touch(pins.admin.clone(), touch)?;
    }
    card.set_holder(pins.admin.clone(), holder)
}

/// What cannot be taken back is asked for twice.
fn sure_of(console: &mut Terminal, touch: Option<Touch>) -> Result<(), Failure> {
    let Some(policy) = touch.filter(|policy| policy.is_for_good()) else { return Ok(()) };
    let question = format!(
        "The touch policy {policy} stays for as long as the key is on the card. Type Yes: "
    );
    match console.ask(&question)?.as_deref() {
        Some("Yes") => Ok(()),
        _ => Err(Failure::say(Exit::Refused, "nothing was changed")),
    }
}

fn tries(card: &mut Session<'_>) -> Result<String, Failure> {
    let tries = card.tries().map_err(card_failure)?;
    Ok(format!(
        "Tries left: PIN {}, Admin PIN {}, resetting code {}.\n",
        tries.pin, tries.admin_pin, tries.resetting_code
    ))
}

fn change_pin(common: &Common, what: PinChange, last: LastTry) -> Result<(), Failure> {
    let mut console = terminal(common)?;
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    console.show(&tries(&mut card)?);
    let (asked, given) = match what {
        PinChange::Pin => (Secret::Pin, Secret::Pin),
        PinChange::AdminPin => (Secret::AdminPin, Secret::AdminPin),
        PinChange::Unblock => (Secret::AdminPin, Secret::Pin),
        PinChange::UnblockByCode => (Secret::ResettingCode, Secret::Pin),
        PinChange::ResettingCode => (Secret::AdminPin, Secret::ResettingCode),
    };
    let mut new = None;
    loop {
        let left = card.may_try(asked, last).map_err(card_failure)?.of(asked);
        let old = console.pin(&format!("Present {asked} ({} left): ", counted_tries(left)))?;
        let wanted = match new.take() {
            Some(wanted) => wanted,
            None => NewPin::new(given, console.new_pin(given)?).map_err(card_failure)?,
        };
        match replace(&mut card, what, old, &wanted) {
            Ok(()) => break,
            // Somebody at a terminal may type it again, as long as more than one try is left.
            Err(
                error @ (CardError::WrongPin { .. }
                | CardError::WrongAdminPin { .. }
                | CardError::WrongResettingCode { .. }),
            ) if console.consent() == Consent::Typed && common.pin_fd.is_none() => {
                console.show(&format!("\n{error}\n"));
                new = Some(wanted);
            }
            Err(error) => return Err(card_failure(error)),
        }
    }
    console.show(&format!("\nThe card has its new {given}. {}", tries(&mut card)?));
    Ok(())
}

fn replace(
    card: &mut Session<'_>,
    what: PinChange,
    old: SecretString,
    new: &NewPin,
) -> Result<(), CardError> {
    match what {
        PinChange::Pin => card.change_pin(old, new),
        PinChange::AdminPin => card.change_admin_pin(old, new),
        PinChange::Unblock => card.unblock(old, new),
        PinChange::UnblockByCode => card.unblock_by_code(old, new),
        PinChange::ResettingCode => card.set_resetting_code(old, new),
    }
}

fn touch(common: &Common, policy: Touch, last: LastTry) -> Result<(), Failure> {
    let mut console = terminal(common)?;
    sure_of(&mut console, Some(policy))?;
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    let left = card.may_try(Secret::AdminPin, last).map_err(card_failure)?.admin_pin;
    let admin = console.pin(&format!("Admin PIN ({} left): ", counted_tries(left)))?;
    card.set_touch(admin, policy).map_err(card_failure)?;
    console.show(&format!("\nThe card's touch policy for signatures is {policy}.\n"));
    Ok(())
}

fn reset_baseline(common: &Common, explain: &str) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    let (mut recorder, _) = station.recorder(now, Access::Write).map_err(station_failure)?;
    let baseline = Baseline::read(&station, &recorder, &mut card, explain)
        .map_err(|error| Failure::new(Exit::Card, error))?;
    console.show(&format!("{baseline}\n"));
    if console.ask("Type Yes to go on from this counter: ")?.as_deref() != Some("Yes") {
        return Err(Failure::say(Exit::Refused, "nothing was changed"));
    }
    baseline.record(&mut recorder).map_err(|error| Failure::new(Exit::Failed, error))?;
    console.show("written into the journal: it goes on from this counter\n");
    Ok(())
}

fn verify(common: &Common, form: &Form) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let now = countersign::cli::now(common.time);
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    let ledger = station.ledger().map_err(station_failure)?;
    let inspection = Inspection::make(&mut card, &station, &ledger, now).map_err(card_failure)?;
    if form.json {
        let findings: Vec<_> = inspection.findings().iter().map(Finding::to_json).collect();
        countersign::say!("{}", serde_json::json!({ "version": 1, "findings": findings }));
    } else {
        countersign::cli::put(format_args!("{inspection}"));
    }
    match inspection.wrong() {
        0 => Ok(()),
        wrong => Err(Failure::say(Exit::Card, format!("{wrong} of the checks failed"))),
    }
}
