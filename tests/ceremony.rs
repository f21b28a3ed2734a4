//! A master made in memory for several cards, its backup, and the backup's way back.
#![allow(missing_docs)]

use std::path::Path;

use airgap::backup::SealError;
use airgap::master::{self, CeremonyError, Plan};
use countersign::certificate::Certificate;
use countersign::time::Timestamp;
use countersign_tests::ceremony::Person;
use countersign_tests::people;
use countersign_tests::table::{Table, person};
use tempfile::TempDir;

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
    for number in [1, 2, 3] {
        assert_no_words(&table.card_folder(number), &words);
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
    assert!(console.shown.contains("Share 5 was given already."), "{}", console.shown);
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
    assert!(console.shown.contains("This share belongs to backup "), "{}", console.shown);

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
