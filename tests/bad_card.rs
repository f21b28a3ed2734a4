//! Wrong PINs and wrong cards: nothing is signed, and a word says why.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign_practice_card::PracticeCard;
use countersign_tests::bad::{asked, session_signs_nothing as signs_nothing};
use countersign_tests::run::run;
use countersign_tests::{PIN, Run, Scenario, program};
use serde_json::Value;

fn tries(s: &Scenario) -> u64 {
    s.card()["pin_tries"].as_u64().expect("a number")
}

#[test]
fn a_wrong_pin_costs_one_try_and_says_how_many_are_left() {
    let s = asked();
    let before = tries(&s);
    let run = signs_nothing(&s, s.session().pin("654321")).ends(5);
    run.says(&format!("wrong PIN: {} tries left before the card blocks", before - 1))
        .says("hint:")
        .never_says("654321");
    assert_eq!(tries(&s), before - 1);
    s.session().run().ok().says("1 signed with 1 signature");
    assert_eq!(tries(&s), before);
}

#[test]
fn the_last_try_is_kept_unless_somebody_says_otherwise() {
    let s = Scenario::new();
    s.certify("alice").ok();
    // There is something for a record.
    s.session().answers("No\nnot today\n").run().ends(3);
    s.clear_stick();
    s.certify("bob").ok();
    for left in [2, 1] {
        signs_nothing(&s, s.session().pin("654321")).ends(5);
        assert_eq!(tries(&s), left);
    }
    let kept = signs_nothing(&s, s.session()).ends(5).never_says("left): ");
    kept.says("ONLY ONE TRY IS LEFT for the PIN").says("--last-try");
    assert_eq!(tries(&s), 1);
    let record = run(&s.session().record(), "").ends(5).never_says("left): ");
    record.says("ONLY ONE TRY IS LEFT for the PIN").says("--last-try");
    s.session().with(&["--last-try"]).run().ok().says("1 signed");
    assert_eq!(tries(&s), 3);
}

#[test]
fn a_blocked_pin_is_not_asked_for() {
    let s = asked();
    for left in (0..tries(&s)).rev() {
        let session = s.session().pin("654321").with(&["--last-try"]);
        let run = signs_nothing(&s, session).ends(5);
        assert_eq!(run.has("ONLY ONE TRY IS LEFT"), left == 0, "{}", run.told());
        // Wrong twice: it says so and stops.
        assert_eq!(run.has("wrong PIN: 1 try left"), left == 1, "{}", run.told());
        assert_eq!(tries(&s), left);
    }
    signs_nothing(&s, s.session())
        .ends(5)
        .says("PIN is blocked: no tries left")
        .says("unblock it with the Admin PIN")
        .never_says("tries left): ");
}

#[test]
fn the_factory_pin_and_impossible_ones_never_reach_the_card() {
    let s = asked();
    let before = tries(&s);
    for (pin, words) in [
        ("123456", "the PIN that cards are delivered with; the card was not asked"),
        ("12345678", "the PIN that cards are delivered with; the card was not asked"),
        ("12345", "a PIN has 6 to 127 characters; the card was not asked"),
        ("", "a PIN has 6 to 127 characters; the card was not asked"),
        (&"9".repeat(128), "a PIN has 6 to 127 characters; the card was not asked"),
    ] {
        signs_nothing(&s, s.session().pin(pin)).ends(5).says(words);
        assert_eq!(tries(&s), before);
    }
}

#[test]
fn no_pin_is_ever_in_the_journal_or_on_the_stick() {
    let s = asked();
    s.session().run().ok().never_says(PIN);
    for name in [s.on_stick(""), vec!["station/journal.jsonl".into()]].concat() {
        let text = fs::read_to_string(s.path(&name)).expect("a text");
        assert!(!text.contains(PIN), "{name}");
    }
}

#[test]
fn a_card_with_another_master_is_named() {
    let s = asked().with_other_card();
    let run = signs_nothing(&s, s.session().card("other-card")).ends(5);
    let status = ["card", "status", "--practice-card", "other-card", "--json"];
    let status: Value = serde_json::from_str(&s.airgap(&status).ok().out).expect("JSON");
    let other = status["key"].as_str().expect("a fingerprint");
    run.says(&format!("the card holds {other}")).says("put in the card that holds the master");
    assert_eq!(status["is_master"], false);
    assert_eq!(status["counter"], 1);
}

#[test]
fn an_empty_card_is_said_to_be_empty() {
    let s = asked();
    drop(PracticeCard::open(&s.path("new-card")).expect("an empty card"));
    s.airgap(&["card", "status", "--practice-card", "new-card"]).ok().says("slot    empty");
    signs_nothing(&s, s.session().card("new-card"))
        .ends(5)
        .says("signature slot is empty")
        .says("hint: put in the card");
}

#[test]
fn a_session_without_a_card_leaves_the_request_for_the_next() {
    let s = asked();
    let run = signs_nothing(&s, s.session().card("")).ends(5);
    assert!(run.err.contains("hint: "), "{}", run.told());
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn a_damaged_practice_card_is_said_to_be_one() {
    let s = asked();
    fs::create_dir(s.path("broken")).expect("a new folder");
    for name in ["internal.bin", "external.bin", "serial"] {
        fs::write(s.path("broken").join(name), "rust").expect("a new file");
    }
    signs_nothing(&s, s.session().card("broken")).ends(5).says("practice card cannot be used");
}

/// `airgap master generate` with new PINs.
fn generate(s: &Scenario, user_id: &str, card: &str, more: &[&str]) -> Run {
    fs::write(s.path("pins"), "7777777\n77777777\n").expect("a new file");
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<pins; exec "$0" "$@""#]).arg(program("airgap"));
    command.args(["master", "generate", "--pin-fd", "3", "--user-id", user_id]);
    command.args(["--practice-card", card]).args(more).current_dir(s.root());
    run(&command, "")
}

const MASTER: &str = "X <x@example.org>";

#[test]
fn a_master_is_never_made_over_another() {
    let s = Scenario::new();
    let before = s.watch();
    let run = generate(&s, MASTER, "card", &["--output", "x.asc"]).ends(5);
    run.says("already holds").says("a new key would destroy it").says("use an empty card");
    s.nothing_signed_since(&before);
    assert!(!s.path("x.asc").exists());
}

#[test]
fn a_master_whose_certificate_cannot_be_written_is_not_made() {
    let s = Scenario::new();
    let run = generate(&s, MASTER, "new", &["--output", "no-such-folder/x.asc"]).ends(1);
    assert!(run.has("no-such-folder"), "{}", run.told());
    assert!(!s.path("new").exists(), "the card was touched");
}

#[test]
fn a_master_that_has_expired_already_is_not_made() {
    let s = Scenario::new();
    let run = generate(&s, MASTER, "new", &["--output", "x.asc", "--expires", "2020-01-01"]);
    assert_ne!(run.code, 0, "{}", run.told());
    assert!(!s.path("x.asc").exists());
    assert!(!s.path("new").exists(), "the card was touched");
}

#[test]
fn a_master_has_a_user_id_that_can_be_read() {
    let s = Scenario::new();
    for odd in ["", "Evil \u{202e}gro.elpmaxe", "two\nlines"] {
        let run = generate(&s, odd, "new", &["--output", "x.asc"]);
        assert_ne!(run.code, 0, "{}", run.told());
        assert!(!s.path("x.asc").exists());
    }
}

#[test]
fn the_summary_after_a_wrong_pin_names_what_waits() {
    let s = asked();
    let run = signs_nothing(&s, s.session().pin("654321")).ends(5);
    run.says("NOT SIGNED").says("waits at the station");
    s.clear_stick();
    let next = s.session().run().ok().says("0 of 1 signatures were made");
    next.says("kept at the station").says("1 signed with 1 signature");
}

#[test]
fn a_pin_from_nowhere_is_said_to_be_missing() {
    let s = asked();
    let run = s.airgap(&["session", "run", "--in", "stick", "--out", "stick", "--pin-fd", "9"]);
    run.ends(2).says("pin-fd");
}
