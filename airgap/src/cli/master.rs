//! `airgap master …`

use std::path::Path;

use countersign::certificate::Certificate;
use countersign::cli::{Exit, Failure};
use countersign::exchange;
use countersign::time::Timestamp;

use super::args::{Common, Generate, MasterVerb};
use super::{card_failure, confirmed_time, terminal};
use crate::backup::SealError;
use crate::card::{Advisories, Card, Delivery, NewPins, Secret};
use crate::console::{Ceremony as _, Console, Terminal};
use crate::master::{self, BackupPlan, CardMade, CeremonyError, Identity, MasterError, Plan};
use crate::privacy;

pub(super) fn run(common: &Common, verb: &MasterVerb) -> Result<(), Failure> {
    match verb {
        MasterVerb::Generate(wish) if wish.in_memory => in_memory(common, wish),
        MasterVerb::Generate(wish) => on_card(common, wish),
        MasterVerb::Restore { backup, initialised } => {
            restore(common, backup, delivery(*initialised))
        }
    }
}

fn delivery(initialised: bool) -> Delivery {
    if initialised { Delivery::SetUp } else { Delivery::Fresh }
}

/// What can be found out before a key is made.
fn check(wish: &Generate, now: Timestamp) -> Result<Identity, Failure> {
    let files = [Some(&wish.output), wish.backup.as_ref()];
    for file in files.into_iter().flatten() {
        if file.exists() {
            return Err(Failure::say(Exit::Failed, format!("{} exists already", file.display())));
        }
    }
    if wish.backup.as_ref() == Some(&wish.output) {
        return Err(Failure::say(Exit::Usage, "certificate and backup are two files"));
    }
    let user_id = &wish.user_id;
    if user_id.chars().any(countersign::safe::is_unsafe) || !user_id.contains('@') {
        let text = "the user ID is not like 'Name <mail@example.org>' in plain characters";
        return Err(Failure::say(Exit::Usage, text));
    }
    if wish.expires.is_some_and(|at| at <= now.after(Timestamp::DAY)) {
        return Err(Failure::say(Exit::Usage, "a master that ends within a day is of no use"));
    }
    // Better to find out now than with a key on the card and no certificate.
    for file in files.into_iter().flatten() {
        exchange::try_folder_of(file)?;
    }
    Ok(Identity { user_id: user_id.clone(), expires: wish.expires })
}

fn on_card(common: &Common, wish: &Generate) -> Result<(), Failure> {
    let clock = countersign::cli::now(None);
    if common.time.is_some_and(|time| time.since(clock).max(clock.since(time)) > 600) {
        let text = "a card dates its key by the machine's clock, which differs from --time";
        return Err(Failure::say(Exit::Usage, text).hint("set the machine's clock"));
    }
    let identity = check(wish, clock)?;
    let mut console = terminal(common)?;
    let mut card = Card::open_or_make(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    let before = card.before_unlocking().map_err(card_failure)?;
    for line in Advisories::bundled().lines(&before.model, clock) {
        console.show(&format!("{line}\n"));
    }
    let ident = before.ident;
    let certificate = if wish.finish {
        console.show(&format!("The key on card {ident} gets its certificate.\n"));
        let pin = console.pin("PIN: ")?;
        master::finish(&mut card, pin, &identity)
    } else {
        let took = "this takes seconds to minutes, on a few cards up to an hour";
        console.show(&format!("A master is made on card {ident}: {took}.\n"));
        let delivery = delivery(wish.initialised);
        let pins = pins(&mut console, delivery)?;
        master::generate(&mut card, &pins, delivery, &identity)
    };
    let certificate = certificate.map_err(|error| match error {
        MasterError::Card(error) => card_failure(error),
        other => Failure::new(Exit::Card, other),
    })?;
    finish(common, &certificate, &wish.output)
}

fn pins(console: &mut Terminal, delivery: Delivery) -> Result<NewPins, Failure> {
    let (pin, admin) = match delivery {
        Delivery::Fresh | Delivery::Interrupted => {
            (console.new_pin(Secret::Pin)?, console.new_pin(Secret::AdminPin)?)
        }
        Delivery::SetUp => (console.pin("The card's PIN: ")?, console.pin("Its Admin PIN: ")?),
    };
    NewPins::new(pin, admin).map_err(card_failure)
}

fn in_memory(common: &Common, wish: &Generate) -> Result<(), Failure> {
    let copies = usize::from(wish.copies);
    if !common.practice_card.is_empty() && common.practice_card.len() != copies {
        let text = format!("{copies} cards are to be written: say --practice-card {copies} times");
        return Err(Failure::say(Exit::Usage, text));
    }
    check(wish, countersign::cli::now(common.time))?;
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let identity = check(wish, now)?;
    keep_private(&mut console)?;
    let backup = wish.backup.as_ref();
    let backup = backup.map(|file| BackupPlan { file: file.clone(), split: wish.split });
    let delivery = delivery(wish.initialised);
    let plan = Plan { identity, created: now, copies, delivery, backup };
    let open = |number| Card::open_or_make(&common.nth_selector(number));
    let made = master::run(&plan, &mut console, open).map_err(ceremony_failure)?;
    for card in &made.cards {
        let CardMade { ident, counter } = card;
        console.show(&format!("card {ident} has the key; its signature counter is {counter}\n"));
    }
    if let Some(backup) = &plan.backup {
        let file = backup.file.display();
        console.show(&format!("the backup {file} was restored onto the last of them\n"));
    }
    finish(common, &made.certificate, &wish.output)
}

fn finish(common: &Common, certificate: &Certificate, output: &Path) -> Result<(), Failure> {
    exchange::write_path(output, certificate.armored().as_bytes())?;
    if !common.quiet {
        countersign::say!("master {}", certificate.fingerprint().spaced());
        countersign::say!("its certificate is in {}", output.display());
    }
    Ok(())
}

fn restore(common: &Common, backup: &Path, delivery: Delivery) -> Result<(), Failure> {
    let mut console = terminal(common)?;
    keep_private(&mut console)?;
    let open = || Card::open_or_make(&common.selector());
    let done = master::restore(backup, delivery, &mut console, open).map_err(ceremony_failure)?;
    if !common.quiet {
        countersign::say!("master {}", done.certificate.fingerprint().spaced());
        for CardMade { ident, counter } in done.cards {
            countersign::say!("is on card {ident}, whose signature counter is {counter}");
        }
    }
    Ok(())
}

/// Before a key is in memory.
fn keep_private(console: &mut Terminal) -> Result<(), Failure> {
    privacy::keep_memory_private()?;
    let swap = privacy::swap();
    if !swap.is_empty() {
        console.show(&format!(
            "WARNING: this machine swaps to {}: the key may be written there. Stop here, and \
             switch it off (swapoff --all), for any key that matters.\n",
            countersign::safe::Safe(&swap.join(", "))
        ));
    }
    Ok(())
}

fn ceremony_failure(error: CeremonyError) -> Failure {
    let exit = match &error {
        CeremonyError::Stopped { source: Some(_), .. }
        | CeremonyError::Master(MasterError::Card(_)) => Exit::Card,
        CeremonyError::Stopped { source: None, .. }
        | CeremonyError::NotTypedBack
        | CeremonyError::NoWords { .. }
        | CeremonyError::Share(_)
        | CeremonyError::Seal(SealError::WrongWords { .. }) => Exit::Refused,
        CeremonyError::Seal(_)
        | CeremonyError::OtherKey
        | CeremonyError::Master(MasterError::NoMaster(_) | MasterError::NoAnswer) => Exit::Untrue,
        CeremonyError::Master(_)
        | CeremonyError::Exchange(_)
        | CeremonyError::Random(_)
        | CeremonyError::Console(_) => Exit::Failed,
    };
    let hint = match &error {
        CeremonyError::Stopped { source: Some(source), .. } => source.hint(),
        CeremonyError::Master(MasterError::Card(source)) => source.hint(),
        _ => None,
    };
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}
