//! The cards of a ceremony: the wrong one, one that is in use, and one pulled at any command.
#![allow(missing_docs)]

use std::path::Path;

use airgap::card::{CardError, Delivery, NewPins, Session};
use airgap::master::{self, CeremonyError, Identity, KnownAnswer, MasterError, MemoryKey};
use countersign::time::Timestamp;
use countersign_practice_card::PracticeCard;
use countersign_tests::act::unlock;
use countersign_tests::failing::{Fault, Plan as Faults};
use countersign_tests::people;
use countersign_tests::station::{ADMIN_PIN, PIN};
use countersign_tests::table::{Table, person};
use secrecy::SecretString;

#[test]
fn a_card_with_another_key_does_not_give_the_known_answer() {
    let (one, other) = (Table::new(), Table::new());
    let made = one.run(&one.plan(None), &mut person()).expect("a master");
    other.run(&other.plan(None), &mut person()).expect("another master");
    let answer = KnownAnswer::of(&made.certificate).expect("an answer");
    let ask = |table: &Table| {
        let mut card = table.card(1).expect("opens");
        let mut session = card.session().expect("a session");
        unlock(&mut session);
        answer.ask(&mut session)
    };
    assert!(matches!(ask(&other), Err(CardError::OtherSignature)));
    ask(&one).expect("the same again");
}

#[test]
fn the_same_card_twice_is_no_second_card() {
    let table = Table::new();
    let mut console = person().answering(&["", "Stop"]);
    let plan = table.plan(None);
    let error = master::run(&plan, &mut console, |_| table.card(1)).expect_err("one card only");
    assert!(matches!(
        &error,
        CeremonyError::Stopped { done, source: Some(CardError::SameCard(ident)) }
            if done.len() == 1 && done[0].ident == *ident
    ));
    assert!(error.to_string().contains("must be reset"), "{error}");
}

#[test]
fn a_card_with_another_key_or_other_pins_is_left_alone() {
    let table = Table::new();
    let mut console = person();
    table.run(&table.plan(None), &mut console).expect("a master");
    let before = table.signature(1);
    let mut console = person().answering(&["Stop"]);
    let error = table.run(&table.plan(None), &mut console).expect_err("the slot is in use");
    assert!(matches!(error, CeremonyError::Stopped { source: Some(CardError::SlotInUse(_)), .. }));
    assert_eq!(table.signature(1), before);

    let mut card = table.card(3).expect("opens");
    let mut session = card.session().expect("a session");
    let pins = NewPins::new(SecretString::from("999999"), SecretString::from("99999999"));
    session.set_up(&pins.expect("PINs"), Delivery::Fresh).expect("set up");
    drop(session);
    drop(card);
    let mut console = person().answering(&["Stop"]);
    let open = |_| table.card(3);
    let error = master::run(&table.plan(None), &mut console, open).expect_err("other PINs");
    let source = match &error {
        CeremonyError::Stopped { source: Some(source), .. } => source,
        other => panic!("{other}"),
    };
    assert!(matches!(source, CardError::NotAsDelivered { left: 2 }), "{source}");
    assert!(source.hint().is_some_and(|hint| hint.contains("--initialised")));
}

/// What a ceremony does to one card: PINs, key, self-signature.
fn put_on_a_card(
    session: &mut Session<'_>,
    key: &MemoryKey,
    answer: Option<&KnownAnswer>,
    delivery: Delivery,
) -> Result<(), MasterError> {
    session.import(key.secret(), &new_pins(), delivery)?;
    let before = session.before_unlocking()?;
    session.unlock(SecretString::from(PIN), &before)?;
    answer.map_or(Ok(()), |answer| Ok(answer.ask(session)?))
}

fn new_pins() -> NewPins {
    NewPins::new(SecretString::from(PIN), SecretString::from(ADMIN_PIN)).expect("PINs")
}

/// A card pulled at each command of an import, before and after it acted. Whoever tries again with
/// the same card, as the ceremony does, comes to the end.
#[test]
fn a_card_pulled_at_any_step_of_an_import_is_finished_by_trying_again() {
    let key = MemoryKey::generate(Timestamp::parse("2026-11-22").expect("a date")).expect("a key");
    let table = Table::new();
    let faults = Faults::new(None);
    let mut card = table.failing(0, &faults).expect("opens");
    put_on_a_card(&mut card.session().expect("a session"), &key, None, Delivery::Fresh)
        .expect("imported");
    drop(card);
    let commands = faults.instructions();
    assert!(commands.contains(&0xdb), "no PUT DATA with a key: {commands:02x?}");
    for fault in [Fault::Pulled, Fault::PulledLate] {
        for (at, instruction) in commands.iter().enumerate() {
            let number = 1 + at + 100 * usize::from(fault == Fault::PulledLate);
            let what = format!("{fault:?} at command {at} ({instruction:02x})");
            let result =
                table.failing(number, &Faults::new(Some((at, fault)))).and_then(|mut c| {
                    let mut session = c.session()?;
                    put_on_a_card(&mut session, &key, None, Delivery::Fresh).map_err(|e| match e {
                        MasterError::Card(error) => error,
                        other => panic!("{what}: {other}"),
                    })
                });
            let error = result.expect_err("pulled");
            assert!(matches!(error, CardError::Removed), "{what}: {error}");
            let mut card = table.card(number).expect("opens");
            let mut session = card.session().expect("a session");
            put_on_a_card(&mut session, &key, None, Delivery::Interrupted)
                .unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(session.tries().expect("tries").pin, 3, "{what}");
        }
    }
}

/// The same through the ceremony itself: the first card is pulled at some step, a person says
/// `Again`, and the ceremony ends with two cards that sign alike.
#[test]
fn the_ceremony_goes_on_with_a_card_that_was_pulled() {
    for at in [4, 9, 14] {
        let table = Table::new();
        let faults = Faults::new(Some((at, Fault::PulledLate)));
        let mut console = person().answering(&["Again", "", ""]);
        let mut pulled = false;
        let made = master::run(&table.plan(Some(None)), &mut console, |number| {
            if number == 1 && !std::mem::replace(&mut pulled, true) {
                return table.failing(1, &faults);
            }
            table.card(number)
        });
        let made = made.unwrap_or_else(|e| panic!("{at}: {e}\n{}", console.shown));
        assert!(console.shown.contains("error: the card was removed"), "{}", console.shown);
        assert!(!console.shown.contains("session again"), "{}", console.shown);
        assert_eq!(made.cards.len(), 2);
        assert_eq!(table.signature(1), table.signature(2));
    }
}

/// A card pulled at each command of a key's making. Trying again makes another key, or finishes
/// the one that has no certificate yet.
#[test]
fn a_card_pulled_at_any_step_of_making_a_key_is_not_lost() {
    let identity = Identity { user_id: "M <m@example.org>".into(), expires: None };
    let table = Table::new();
    // A key is made once; in all that follows it is the one that the card would have made.
    let mut card = table.card(0).expect("opens");
    card.session()
        .and_then(|mut session| session.generate(&new_pins(), Delivery::Fresh).map(|_| ()))
        .expect("a key");
    drop(card);
    forget_fingerprint(&table.card_folder(0));
    let copy = |number| people::copy(&table.card_folder(0), &table.card_folder(number));
    let attempt = |number, fault| {
        let plan = Faults::new(fault).with_the_key_at_hand();
        let mut card = table.failing(number, &plan)?;
        let mut session = card.session()?;
        let result = match session.master() {
            None => master::generate(&mut session, &new_pins(), Delivery::Interrupted, &identity),
            Some(_) => master::finish(&mut session, SecretString::from(PIN), &identity),
        };
        match result {
            Ok(certificate) => Ok((certificate, plan.instructions())),
            Err(MasterError::Card(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    };
    copy(1);
    let (_, commands) = attempt(1, None).expect("a master");
    assert!(commands.contains(&0x47), "{commands:02x?}");
    let mut finished = 0;
    for fault in [Fault::Pulled, Fault::PulledLate] {
        for (at, instruction) in commands.iter().enumerate() {
            let number = 2 + at + 100 * usize::from(fault == Fault::PulledLate);
            copy(number);
            let what = format!("{fault:?} at command {at} ({instruction:02x})");
            let error = attempt(number, Some((at, fault))).expect_err("pulled");
            assert!(matches!(error, CardError::Removed), "{what}: {error}");
            let (certificate, again) =
                attempt(number, None).unwrap_or_else(|e| panic!("{what}: {e}"));
            finished += usize::from(again.len() < commands.len());
            let mut card = table.card(number).expect("opens");
            let mut session = card.session().expect("a session");
            unlock(&mut session);
            let answer = KnownAnswer::of(&certificate).expect("an answer");
            answer.ask(&mut session).unwrap_or_else(|e| panic!("{what}: {e}"));
        }
    }
    assert!(finished > 5, "no key without certificate was finished");
}

/// Takes the fingerprint off a card, as if it had been pulled before it was written.
fn forget_fingerprint(folder: &Path) {
    let card = PracticeCard::open(folder).expect("a card");
    let mut card = openpgp_card::Card::<openpgp_card::state::Open>::new(card).expect("opens");
    let mut card = card.transaction().expect("a transaction");
    card.verify_admin_pin(SecretString::from(ADMIN_PIN)).expect("the Admin PIN");
    let none = [0; 20].into();
    card.card()
        .set_fingerprint(none, openpgp_card::ocard::KeyType::Signing)
        .expect("no fingerprint");
}

#[test]
fn a_key_that_was_used_is_no_new_one() {
    let table = Table::new();
    let mut console = person();
    table.run(&table.plan(None), &mut console).expect("a master");
    table.signature(1);
    let mut card = table.card(1).expect("opens");
    let mut session = card.session().expect("a session");
    let identity = Identity { user_id: "Mallory <m@example.org>".into(), expires: None };
    let error = master::finish(&mut session, SecretString::from(PIN), &identity);
    assert!(matches!(error, Err(MasterError::Card(CardError::NotNew { count: 2, .. }))));
    assert_eq!(session.counter().expect("a counter"), 2);
}
