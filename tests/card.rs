//! A card's life: set up, its PINs, touch, counter, and everything that can be checked of it.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use airgap::card::{Card, CardError, PinInput, PinPad, Session};
use countersign_practice_card::PracticeCard;
use countersign_tests::act::sign_elsewhere;
use countersign_tests::bad::asked;
use countersign_tests::pin_pad::{Keys, PinPadReader};
use countersign_tests::run::run;
use countersign_tests::station::Bench;
use countersign_tests::{PIN, Run, Scenario, program};
use serde_json::Value;

/// `airgap ARGUMENTS` with these PINs, line by line, and `answers` to its questions.
fn airgap(s: &Scenario, arguments: &[&str], pins: &[&str], answers: &str) -> Run {
    fs::write(s.path("pins"), pins.join("\n") + "\n").expect("a new file");
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<pins; exec "$0" "$@""#]).arg(program("airgap"));
    command.args(arguments).args(["--pin-fd", "3", "--time", &s.now().to_string()]);
    command.current_dir(s.root()).env_remove("AIRGAP_STATION");
    run(&command, answers)
}

fn tries(s: &Scenario, card: &str) -> [u64; 3] {
    let status = s.airgap(&["card", "status", "--practice-card", card]).ok().out;
    let line = status.lines().find(|l| l.starts_with("PIN tries")).expect("the tries");
    let numbers = line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
    numbers.collect::<Vec<_>>().try_into().expect("three numbers")
}

#[test]
fn a_card_is_set_up_with_its_pins_first() {
    let s = Scenario::new();
    let init = ["card", "init", "--practice-card", "new", "--name", "Example<<Project"];
    let more = ["--url", "https://example.org/master.asc", "--touch", "on", "--resetting-code"];
    let arguments = [&init[..], &more].concat();
    for (pins, words) in [
        (["123456", "77777777", "88888888"], "cards are delivered with; the card was not asked"),
        (["777777", "12345678", "88888888"], "cards are delivered with; the card was not asked"),
        (["12345", "77777777", "88888888"], "a PIN has 6 to 127 characters"),
        (["777777", "7777777", "88888888"], "an Admin PIN has 8 to 127 characters"),
        (["777777", "77777777", "8888888"], "a resetting code has 8 to 127 characters"),
    ] {
        airgap(&s, &arguments, &pins, "").ends(5).says(words);
        assert_eq!(tries(&s, "new"), [3, 3, 0], "the card was asked");
    }
    for odd in ["J\u{fc}rgen", &"x".repeat(40), "two\nlines"] {
        let named = ["card", "init", "--practice-card", "new", "--name", odd];
        airgap(&s, &named, &["777777", "77777777"], "").ends(5).says("it was not asked");
    }
    let run = airgap(&s, &arguments, &["777777", "77777777", "88888888"], "").ok();
    run.says("Tries left: PIN 3, Admin PIN 3, resetting code 3").never_says("777777");
    let status = s.airgap(&["card", "status", "--practice-card", "new"]).ok();
    status
        .says("cardholder        Example, Project")
        .says("URL               https://example.org/master.asc")
        .says("one PIN is good for a whole session")
        .says("On: touch the card for each signature");

    // Set up is set up: another time says so, and how many tries it cost.
    let again = airgap(&s, &init, &["666666", "66666666"], "").ends(5);
    again.says("not the one that cards are delivered with: 2 tries left").says("--initialised");
    airgap(&s, &[&init[..], &["--again"]].concat(), &["777777", "77777777"], "").ok();
    assert_eq!(tries(&s, "new"), [3, 3, 3]);
}

#[test]
fn a_card_that_is_set_up_keeps_its_pins_when_it_makes_a_key() {
    let s = Scenario::new();
    let pins = ["777777", "77777777"];
    airgap(&s, &["card", "init", "--practice-card", "new"], &pins, "").ok();
    let generate = ["master", "generate", "--practice-card", "new", "--user-id", "X <x@x.org>"];
    let how = ["--output", "x.asc", "--initialised"];
    // As delivered it is not any more; and it wants its own PINs.
    let run = airgap(&s, &[&generate[..], &how[..2]].concat(), &pins, "").ends(5);
    run.says("--initialised");
    let wrong = airgap(&s, &[&generate[..], &how].concat(), &["777777", "66666666"], "").ends(5);
    wrong.says("wrong Admin PIN: 1 try left");
    assert!(!s.path("x.asc").exists());
    let run = airgap(&s, &[&generate[..], &how].concat(), &pins, "").ok();
    run.says("advisories: none known about this kind of card");
    assert!(s.path("x.asc").exists());
}

#[test]
fn a_pin_typed_wrong_twice_leaves_one_try_which_is_kept() {
    let s = Scenario::new();
    let change = ["card", "pin", "--practice-card", "card"];
    airgap(&s, &change, &["654321", "777777"], "").ends(5).says("wrong PIN: 2 tries left");
    airgap(&s, &change, &["654321", "777777"], "").ends(5).says("wrong PIN: 1 try left");
    let run = airgap(&s, &change, &[PIN, "777777"], "").ends(5);
    run.says("ONLY ONE TRY IS LEFT for the PIN: stopped, the card was not asked")
        .says("Tries left: PIN 1, Admin PIN 3")
        .says("--last-try")
        .never_says("Present PIN");
    assert_eq!(tries(&s, "card"), [1, 3, 0]);
    let last = [&change[..], &["--last-try"]].concat();
    airgap(&s, &last, &[PIN, "777777"], "").ok().says("The card has its new PIN");
    assert_eq!(tries(&s, "card"), [3, 3, 0]);
    // The new PIN signs, the old one does not.
    s.certify("bob").ok();
    s.session().pin(PIN).run().ends(5).says("wrong PIN");
    s.session().pin("777777").run().ok().says("1 signed");
}

#[test]
fn a_blocked_pin_is_given_back_by_admin_pin_or_resetting_code() {
    let s = Scenario::new();
    let admin = "48291675";
    let pin = |what: &str, pins: &[&str]| {
        airgap(&s, &["card", "pin", what, "--practice-card", "card"], pins, "")
    };
    pin("unblock-by-code", &["88888888", "777777"]).ends(5).says("no resetting code");
    pin("resetting-code", &["11111111", "88888888"]).ends(5).says("wrong Admin PIN: 2 tries left");
    pin("resetting-code", &[admin, "88888888"]).ok().says("resetting code 3");
    for _ in 0..3 {
        airgap(
            &s,
            &["card", "pin", "--practice-card", "card", "--last-try"],
            &["654321", "777777"],
            "",
        );
    }
    assert_eq!(tries(&s, "card")[0], 0);
    pin("pin", &[PIN, "777777"]).ends(5).says("no tries left");
    pin("unblock-by-code", &["99999999", "777777"]).ends(5).says("wrong resetting code: 2 tries");
    pin("unblock-by-code", &["88888888", "123456"]).ends(5).says("cards are delivered with");
    pin("unblock-by-code", &["88888888", "777777"]).ok();
    assert_eq!(tries(&s, "card"), [3, 3, 3]);
    pin("unblock", &[admin, "666666"]).ok();
    pin("admin-pin", &[admin, "12345678"]).ends(5).says("cards are delivered with");
    pin("admin-pin", &[admin, "55555555"]).ok();
    pin("unblock", &[admin, "666666"]).ends(5).says("wrong Admin PIN");
}

#[test]
fn a_touch_policy_for_good_is_asked_for_twice_and_stays() {
    let s = Scenario::new();
    let admin = "48291675";
    let touch = |policy: &str, answer: &str| {
        airgap(&s, &["card", "touch", policy, "--practice-card", "card"], &[admin], answer)
    };
    touch("sometimes", "").ends(2).says("none of off, on, fixed, cached, cached-fixed");
    touch("on", "").ok().says("touch policy for signatures is on");
    touch("off", "").ok();
    touch("fixed", "No\n").ends(3).says("nothing was changed");
    touch("on", "").ok();
}

#[test]
fn a_gap_in_the_counter_is_taken_over_with_an_explanation() {
    let s = asked();
    s.session().run().ok();
    sign_elsewhere(&s.path("card"));
    let verify = ["card", "verify", "--practice-card", "card"];
    let run = s.airgap(&verify).ends(5);
    run.says("WRONG counter 4, and the journal adds up to 3").says("1 of the checks failed");
    s.certify("dave").ok();
    s.session().run().ends(5).says("made 1 signature that this journal does not know");

    let reset = |explain: &str, answer: &str| {
        let base = ["card", "reset-counter-baseline", "--practice-card", "card"];
        airgap(&s, &[&base[..], &["--explain", explain]].concat(), &[], answer)
    };
    let journal = || fs::read(s.path("station/journal.jsonl")).expect("a journal");
    let before = journal();
    reset("test", "Yes\n").ends(5).says("an explanation is a sentence");
    reset("test with gpg", "No\n").ends(3).says("nothing was changed");
    reset("test with \u{202e}gpg", "Yes\n").ends(5).says("an explanation is a sentence");
    assert_eq!(journal(), before);
    let run = reset("test of the reader with gpg, Maria present", "Yes\n").ok();
    run.says("1 signature that this journal does not know").says("written into the journal");
    reset("once more for the same", "Yes\n").ends(5).says("nothing to explain");
    s.airgap(&["journal", "show"]).ok().says("1 unknown signatures of").says("Maria present");
    s.airgap(&verify).ok().says("good counter 4, as the journal adds up");
    s.session().run().ok();
    s.airgap(&["journal", "verify"]).ok();
}

#[test]
fn a_card_is_checked_against_record_and_journal() {
    let s = asked().with_other_card();
    s.session().run().ok();
    let run = s.airgap(&["card", "verify", "--practice-card", "card"]).ok();
    run.says("good master")
        .says("good certificate self-signed")
        .says("good pins tries left: PIN 3")
        .says("good advisories list of 2026-11-22");
    let json = s.airgap(&["card", "verify", "--practice-card", "card", "--json"]).ok().out;
    let value: Value = serde_json::from_str(&json).expect("JSON");
    let findings = value["findings"].as_array().expect("a list");
    for check in ["master", "certificate", "pins", "pin-mode", "touch", "counter", "advisories"] {
        assert!(findings.iter().any(|f| f["check"] == check), "{check} in {json}");
    }
    let other = s.airgap(&["card", "verify", "--practice-card", "other-card"]).ends(5);
    other.says("WRONG master").says("is not one of Example Project's");
    drop(PracticeCard::open(&s.path("new")).expect("an empty card"));
    let empty = s.airgap(&["card", "verify", "--practice-card", "new"]).ends(5);
    empty.says("WRONG master the signature slot is empty");
}

#[test]
fn advisories_are_named_before_anything_is_signed() {
    let s = asked();
    let run = s.session().run().ok();
    run.says("advisories: none known about this kind of card (list of 2026-11-22");
}

/// A session that wants a PIN from the keys of the reader.
fn on_reader(bench: &Bench, typed: &[Option<&str>]) -> Result<(), CardError> {
    let reader = PinPadReader::new(bench.card(), Keys::typing(typed));
    let mut card = Card::over(Box::new(reader)).expect("opens");
    let mut session = card.session().expect("a session");
    let before = session.before_unlocking().expect("a status");
    assert_eq!(before.pad, PinPad::OnReader);
    session.unlock(PinInput::OnReader, &before)?;
    let signed = session.sign(&[0; 64]).map(|_| ());
    signed.map_err(|e| panic!("{e}"))
}

fn pin_tries(bench: &Bench) -> u8 {
    let mut card = Card::over(Box::new(bench.card())).expect("opens");
    card.session().and_then(|mut s: Session<'_>| s.tries()).expect("tries").pin
}

#[test]
fn a_pin_is_typed_on_the_reader_and_never_the_factorys() {
    let bench = Bench::new();
    let pin = countersign_tests::station::PIN;
    on_reader(&bench, &[Some(pin)]).expect("signs");
    assert_eq!(pin_tries(&bench), 3, "the try of the factory's PIN came back");

    let error = on_reader(&bench, &[None]).expect_err("nobody typed");
    assert!(matches!(error, CardError::NothingTyped), "{error}");
    // The factory's PIN was tried and refused: one try less until the right one is typed. With
    // two, nothing is tried that is known to be wrong.
    assert_eq!(pin_tries(&bench), 2);
    let error = on_reader(&bench, &[Some(pin)]).expect_err("too few tries");
    assert!(matches!(error, CardError::PadNeedsTries { left: 2 }), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--no-pin-pad")));
    assert_eq!(pin_tries(&bench), 2);

    let bench = Bench::new();
    let error = on_reader(&bench, &[Some("999999")]).expect_err("a wrong PIN");
    assert!(matches!(error, CardError::WrongPin { left: 1 }), "{error}");
}

#[test]
fn a_card_with_the_factorys_pin_is_not_used_from_a_reader_either() {
    let s = Scenario::new();
    let card = PracticeCard::open(&s.path("new")).expect("a card");
    let mut card = Card::over(Box::new(PinPadReader::new(card, Keys::typing(&[Some("123456")]))))
        .expect("opens");
    let mut session = card.session().expect("a session");
    let before = session.before_unlocking().expect("a status");
    let error = session.unlock(PinInput::OnReader, &before).expect_err("the factory's PIN");
    assert!(matches!(error, CardError::FactoryPinInUse), "{error}");
}

/// A program that speaks as pinentry does (Assuan), and types one PIN.
fn pinentry(s: &Scenario, pin: &str) -> String {
    let path = s.path("pinentry-fake");
    let script = format!(
        "#!/bin/sh\necho 'OK Pleased to meet you'\nwhile read -r line; do\n  \
         case $line in\n    GETPIN) echo 'D {pin}'; echo OK ;;\n    BYE) echo OK; exit ;;\n    \
         *) echo OK ;;\n  esac\n  echo \"$line\" >>pinentry-log\ndone\n"
    );
    fs::write(&path, script).expect("a new file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&path, mode).expect("our own file");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_pinentry_program_is_asked_where_it_is_named() {
    let s = asked();
    let program_name = pinentry(&s, PIN);
    let session = ["session", "run", "--in", "stick", "--out", "stick", "--practice-card", "card"];
    let session = |name: &str| {
        let mut command = Command::new(program("airgap"));
        command.args(session).args(["--pinentry", name, "--time", &s.now().to_string()]);
        command.current_dir(s.root()).env_remove("AIRGAP_STATION");
        run(&command, &"Yes\n".repeat(5))
    };
    session("no-such-pinentry").ends(2).says("there is no such program");
    session(&program_name).ok().says("1 signed with 1 signature").never_says(PIN);
    let log = fs::read_to_string(s.path("pinentry-log")).expect("a log");
    assert!(log.contains("SETPROMPT PIN (3 tries left):"), "{log}");
}
