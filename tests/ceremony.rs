//! A master made in memory for several cards, its backup, and the backup's way back.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use airgap::backup::SealError;
use airgap::card::{Card, CardError, Delivery, NewPins, Session};
use airgap::master::{
    self, BackupPlan, CeremonyError, Identity, KnownAnswer, Made, MasterError, MemoryKey, Plan,
};
use countersign::certificate::Certificate;
use countersign::time::Timestamp;
use countersign_practice_card::PracticeCard;
use countersign_tests::act::unlock;
use countersign_tests::ceremony::Person;
use countersign_tests::failing::{Failing, Fault, Plan as Faults};
use countersign_tests::people;
use countersign_tests::station::{ADMIN_PIN, PIN};
use secrecy::SecretString;
use tempfile::TempDir;

/// A table for a ceremony: cards that lie on it, and a file for the backup.
struct Table {
    folder: TempDir,
}

impl Table {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn card_folder(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("card-{number}"))
    }

    fn card(&self, number: usize) -> Result<Card, CardError> {
        Card::over(Box::new(PracticeCard::open(&self.card_folder(number)).expect("a card")))
    }

    fn failing(&self, number: usize, faults: &Faults) -> Result<Card, CardError> {
        let card = PracticeCard::open(&self.card_folder(number)).expect("a card");
        Card::over(Box::new(Failing::new(card, faults.clone())))
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup.asc")
    }

    /// Two cards; with a backup in so many shares, or on one sheet.
    fn plan(&self, backup: Option<Option<&str>>) -> Plan {
        let user_id = "Example Project master <keys@example.org>".to_owned();
        let created = Timestamp::parse("2026-11-22T05:40:00Z").expect("a time");
        Plan {
            identity: Identity { user_id, expires: Some(created.after(3_650 * Timestamp::DAY)) },
            created,
            copies: 2,
            delivery: Delivery::Fresh,
            backup: backup.map(|split| BackupPlan {
                file: self.backup(),
                split: split.map(|s| s.parse().expect("a split")),
            }),
        }
    }

    fn run(&self, plan: &Plan, person: &mut Person) -> Result<Made, CeremonyError> {
        master::run(plan, person, |number| self.card(number))
    }

    /// What the card with that number signs: a digest that no statement has.
    fn signature(&self, number: usize) -> Vec<u8> {
        let mut card = self.card(number).expect("opens");
        let mut session = card.session().expect("a session");
        unlock(&mut session);
        session.sign(&[7; 64]).expect("signs")
    }

    fn restore(&self, number: usize, person: &mut Person) -> Result<Certificate, CeremonyError> {
        let open = || self.card(number);
        let done = master::restore(&self.backup(), Delivery::Fresh, person, open)?;
        Ok(done.certificate)
    }
}

fn person() -> Person {
    Person::new(PIN, ADMIN_PIN)
}

/// Words of somebody who has written them down.
fn typing(sheets: &[String]) -> Person {
    let sheets = sheets.to_vec();
    person().typing(move |at, _| sheets.get(at).cloned())
}

fn with_another_word(words: &str, place: usize) -> String {
    let mut words: Vec<&str> = words.split(' ').collect();
    let even = if words[place] == "aardvark" { "absurd" } else { "aardvark" };
    let odd = if words[place] == "adroitness" { "adviser" } else { "adroitness" };
    words[place] = if place.is_multiple_of(2) { even } else { odd };
    words.join(" ")
}

#[test]
fn one_key_on_two_cards_and_back_from_the_backup() {
    let table = Table::new();
    let mut console = person();
    let made = table.run(&table.plan(Some(None)), &mut console).expect("a master");
    assert_eq!(made.cards.len(), 2);
    assert_ne!(made.cards[0].ident, made.cards[1].ident);
    assert!(made.cards.iter().all(|card| card.counter == 1));
    assert!(console.shown.contains("forgotten the key: the last card gets it from the backup"));
    assert_eq!(console.sheets.len(), 1);
    assert!(console.shown.contains("\u{1b}[38;5;"), "no code was drawn");
    assert!(console.shown.contains("[wiped]"), "the words stayed on the screen");
    let ids = made.certificate.valid_user_ids(Timestamp::parse("2027-01-01").expect("a date"));
    assert_eq!(ids, ["Example Project master <keys@example.org>"]);

    let words = console.sheets[0].clone();
    let again = table.restore(3, &mut typing(std::slice::from_ref(&words))).expect("restored");
    assert_eq!(again.to_bytes(), made.certificate.to_bytes());
    let signature = table.signature(1);
    assert_eq!(table.signature(2), signature);
    assert_eq!(table.signature(3), signature, "the restored card signs otherwise");
    gpg_opens(&table.backup(), &words, &made.certificate);
    for name in ["card-1", "card-2", "card-3"] {
        assert_no_words(&table.folder.path().join(name), &words);
    }
}

/// gpg decrypts the backup with the words, and takes what is in it as the secret key.
fn gpg_opens(backup: &Path, words: &str, certificate: &Certificate) {
    let home = TempDir::with_prefix("cs").expect("a folder");
    people::new_home(home.path());
    let plain = home.path().join("plain");
    let gpg = |arguments: &[&str]| {
        let mut command = std::process::Command::new("gpg");
        command.arg("--homedir").arg(home.path()).args(["--batch", "--no-tty", "--quiet"]);
        command.args(["--pinentry-mode", "loopback"]).args(arguments);
        countersign_tests::run::run(&command, "")
    };
    let (file, out) = (backup.to_string_lossy(), plain.to_string_lossy());
    gpg(&["--passphrase", words, "--output", &out, "--decrypt", &file]).ok();
    let packets = gpg(&["--passphrase", words, "--list-packets", &file]).ok();
    packets
        .says("symkey enc packet: version 4, cipher 9, aead 0,s2k 3, hash")
        .says("mdc_method: 2");
    let wrong = with_another_word(words, 5);
    let refused = gpg(&["--passphrase", &wrong, "--output", "-", "--decrypt", &file]);
    assert_ne!(refused.code, 0, "{}", refused.told());
    gpg(&["--import", &out]).ok();
    let listed = gpg(&["--with-colons", "--list-secret-keys"]).ok();
    listed.says(&certificate.fingerprint().to_string());
    people::kill_agent(home.path());
}

/// The words are on paper and nowhere else.
fn assert_no_words(folder: &Path, words: &str) {
    let some = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("read");
        assert!(!bytes.windows(some.len()).any(|w| w == some.as_bytes()));
    }
}

#[test]
fn any_three_of_five_shares_restore_it_and_two_do_not() {
    let table = Table::new();
    let mut console = person();
    let made = table.run(&table.plan(Some(Some("3/5"))), &mut console).expect("a master");
    let sheets = console.sheets;
    assert_eq!(sheets.len(), 5);
    let some = [4, 1, 3].map(|at: usize| sheets[at].clone());
    let again = table.restore(3, &mut typing(&some)).expect("restored");
    assert_eq!(again.fingerprint(), made.certificate.fingerprint());

    let mut few = typing(&some[..2]);
    let error = table.restore(4, &mut few).expect_err("two shares of three");
    assert!(matches!(error, CeremonyError::NoWords { missing: Some(1) }), "{error}");
    assert!(error.to_string().contains("one more share"), "{error}");
    assert!(!table.card_folder(4).exists(), "a card was touched");

    // The same one twice is no second share; one with a wrong word is none either.
    let twice = [&some[0], &some[0], &with_another_word(&some[1], 11)].map(Clone::clone);
    let mut console = typing(&twice);
    let error = table.restore(4, &mut console).expect_err("one share of three");
    assert!(matches!(error, CeremonyError::NoWords { missing: Some(2) }), "{error}");
    assert!(console.shown.contains("share 5 was given already"), "{}", console.shown);
    assert!(console.shown.contains("Word 12 is wrong: every other one fits"), "{}", console.shown);
}

#[test]
fn shares_of_two_backups_and_words_of_another_are_told_apart() {
    let (one, other) = (Table::new(), Table::new());
    let (mut first, mut second) = (person(), person());
    one.run(&one.plan(Some(Some("2/2"))), &mut first).expect("a master");
    other.run(&other.plan(Some(Some("2/2"))), &mut second).expect("a master");
    let mixed = [first.sheets[0].clone(), second.sheets[1].clone()];
    let mut console = typing(&mixed);
    let error = one.restore(3, &mut console).expect_err("mixed shares");
    assert!(matches!(error, CeremonyError::NoWords { missing: Some(1) }), "{error}");
    assert!(console.shown.contains("this share belongs to backup "), "{}", console.shown);

    let error = one.restore(3, &mut typing(&second.sheets)).expect_err("another's words");
    let CeremonyError::Seal(SealError::WrongWords { typed, file }) = &error else {
        panic!("{error}");
    };
    assert_ne!(file.as_deref(), Some(typed.to_string().as_str()));
    assert!(error.to_string().contains("they do not open it"), "{error}");
    assert!(!one.card_folder(3).exists(), "a card was touched");
}

#[test]
fn a_backup_with_a_wrong_word_a_cut_or_another_file_restores_nothing() {
    let table = Table::new();
    let mut console = person();
    table.run(&table.plan(Some(None)), &mut console).expect("a master");
    let words = console.sheets[0].clone();
    let mut wrong = typing(&[with_another_word(&words, 4)]);
    let error = table.restore(3, &mut wrong).expect_err("a wrong word");
    assert!(matches!(error, CeremonyError::NoWords { missing: None }), "{error}");
    assert!(wrong.shown.contains("Word 5 is wrong: every other one fits."), "{}", wrong.shown);

    let whole = std::fs::read(table.backup()).expect("a backup");
    for cut in [whole.len() / 3, whole.len() * 2 / 3, whole.len() - 60] {
        std::fs::write(table.backup(), &whole[..cut]).expect("written");
        let error = table.restore(3, &mut typing(std::slice::from_ref(&words)));
        let error = error.expect_err("half a backup");
        assert!(
            matches!(&error, CeremonyError::Seal(SealError::NotABackup(_) | SealError::Damaged(_))),
            "{error}"
        );
    }
    std::fs::write(table.backup(), "hello").expect("written");
    let mut nobody = person().typing(|_, _| panic!("words for a file that is no backup"));
    assert!(table.restore(3, &mut nobody).is_err());
    assert!(!table.card_folder(3).exists(), "a card was touched");
}

#[test]
fn words_that_are_not_typed_back_do_not_count() {
    let table = Table::new();
    let mut console = person().typing(|at, words| match at {
        0 => Some(with_another_word(words, 2)),
        1 => Some("aardvark".to_owned()),
        _ => None,
    });
    let error = table.run(&table.plan(Some(None)), &mut console).expect_err("nobody typed");
    assert!(matches!(error, CeremonyError::NotTypedBack), "{error}");
    assert!(console.shown.contains("Word 3 is wrong"), "{}", console.shown);
    assert!(!table.backup().exists(), "a backup that does not count is left");
    assert!(!table.card_folder(2).exists(), "the second card was touched");
}

/// The last card gets what is in the file, and not what is in memory.
#[test]
fn a_backup_that_was_damaged_meanwhile_ends_the_ceremony() {
    let table = Table::new();
    let plan = Plan { copies: 3, ..table.plan(Some(None)) };
    let error = master::run(&plan, &mut person(), |number| {
        if number == 2 {
            let whole = std::fs::read(table.backup()).expect("a backup");
            std::fs::write(table.backup(), &whole[..whole.len() / 2]).expect("written");
        }
        table.card(number)
    });
    let error = error.expect_err("half a backup");
    assert!(matches!(error, CeremonyError::Seal(_)), "{error}");
    assert!(!table.backup().exists(), "a backup that does not count is left");
    assert!(!table.card_folder(3).exists(), "the third card was touched");
}

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
