//! Wrong PINs, wrong cards, damaged journals and policies: nothing is signed, and a word says why.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign_practice_card::PracticeCard;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::run::run;
use countersign_tests::scenario::Session;
use countersign_tests::{PIN, Run, Scenario, program};
use serde_json::Value;

/// A scenario with Bob's request on the stick.
fn asked() -> Scenario {
    let s = Scenario::new();
    s.certify("bob").ok();
    s
}

#[track_caller]
fn signs_nothing(s: &Scenario, session: Session<'_>) -> Run {
    let before = s.watch();
    let run = session.run();
    s.nothing_signed_since(&before);
    run
}

fn tries(s: &Scenario) -> u64 {
    s.card()["pin_tries"].as_u64().expect("a number")
}

fn edit(s: &Scenario, name: &str, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(s.path(name)).expect("a text");
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(s.path(name), changed).expect("a writable file");
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
fn a_blocked_pin_is_not_asked_for() {
    let s = asked();
    for left in (0..tries(&s)).rev() {
        let run = signs_nothing(&s, s.session().pin("654321")).ends(5);
        assert_eq!(run.has("ONLY ONE TRY IS LEFT"), left == 0, "{}", run.told());
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
fn a_policy_with_an_unknown_field_stops_the_session() {
    let s = asked();
    edit(&s, "station/authority/policy.toml", |t| t.replace("max_batch", "max_bach"));
    let before = s.watch();
    let run = s.session().run().ends(1).says("policy.toml is refused");
    run.says("unknown field `max_bach`");
    s.nothing_signed_since(&before);
}

#[test]
fn a_broken_policy_stops_the_session() {
    let s = asked();
    edit(&s, "station/authority/policy.toml", |t| t[..t.len() / 2].to_owned());
    signs_nothing(&s, s.session()).ends(1).says("policy.toml is refused");
}

#[test]
fn a_policy_that_weakens_what_cannot_be_weakened_is_refused() {
    let s = Scenario::without_station();
    edit(&s, "authority/policy.toml", |t| t.replace("rsa_min_bits = 2048", "rsa_min_bits = 1024"));
    let init = s.airgap(&["station", "init", "--authority", "authority"]).ends(1);
    init.says("RSA below 2048 bits is never accepted");
    assert!(!s.path("station/journal.jsonl").exists());
}

#[test]
fn a_changed_agreement_makes_no_station() {
    let s = Scenario::without_station();
    edit(&s, "authority/agreement.txt", |t| format!("{t}And one thing more.\n"));
    let init = s.airgap(&["station", "init", "--authority", "authority"]).ends(1);
    init.says("agreement.txt has the digest").says("policy.toml names");
    s.countersign(&["authority", "show"]).ends(1).says("agreement.txt has the digest");
    assert!(!s.path("station/journal.jsonl").exists());
}

#[test]
fn a_request_under_an_older_agreement_is_refused() {
    let s = Scenario::without_station();
    let read = |name: &str| fs::read_to_string(s.path(name)).expect("a text");
    s.airgap(&["station", "init", "--authority", "authority"]).ok();
    let (old, new) = ("I keep my key to myself, and say so when it is lost.\n", "Another one.\n");
    let sha256 = |t: &str| countersign::digest::Sha256::of(t).to_string();
    let policy = read("authority/policy.toml").replace(&sha256(old), &sha256(new));
    fs::write(s.path("authority/policy.toml"), policy).expect("a writable file");
    fs::write(s.path("authority/agreement.txt"), new).expect("a writable file");
    s.certify("bob").ok();
    signs_nothing(&s, s.session()).ends(3).says("NO agreement").says("read the agreement in force");
}

#[test]
fn a_station_is_set_up_once() {
    let s = Scenario::new();
    let journal = s.events();
    let init = s.airgap(&["station", "init", "--authority", "authority"]);
    init.ends(1).says("station is a station already");
    assert_eq!(s.events(), journal);
}

#[test]
fn a_missing_station_is_said_to_be_missing() {
    let s = asked();
    fs::rename(s.path("station"), s.path("elsewhere")).expect("a rename");
    for command in [&["journal", "show"][..], &["request", "review", "stick"]] {
        s.airgap(command).ends(1).says("station is not a station").says("airgap station init");
    }
    let run = s.session().run().ends(1).says("station is not a station");
    run.says("hint: set one up");
    assert_eq!(s.card()["counter"], 1);
}

#[test]
fn a_torn_last_line_is_set_aside_and_the_session_goes_on() {
    let s = asked();
    let path = s.path("station/journal.jsonl");
    let whole = fs::read_to_string(&path).expect("a journal");
    fs::write(&path, format!("{whole}{{\"sequence\":1,\"prev")).expect("a writable file");
    s.airgap(&["journal", "verify"]).ends(6).says("the last line is cut off at byte");
    s.session().run().ok().says("set aside").says("1 signed with 1 signature");
    s.airgap(&["journal", "verify"]).ok().says("the chain holds");
    let aside = s.path(&format!("station/journal.torn-{}", whole.len()));
    assert_eq!(fs::read_to_string(aside).expect("kept"), "{\"sequence\":1,\"prev");
}

#[test]
fn a_journal_edited_in_the_middle_stops_everything() {
    let s = asked();
    s.session().run().ok();
    s.certify("dave").ok();
    edit(&s, "station/journal.jsonl", |t| t.replace("Bob Example", "Eve Example"));
    let run = signs_nothing(&s, s.session()).ends(4).says("the chain breaks at line");
    run.says("it was edited, cut or mixed");
    s.airgap(&["journal", "verify"]).ends(4).says("the chain breaks at line");
    s.airgap(&["journal", "show"]).ends(4);
}

#[test]
fn a_line_that_is_no_entry_stops_everything() {
    let s = asked();
    edit(&s, "station/journal.jsonl", |t| format!("{t}I was here.\n"));
    let before = s.card()["counter"].clone();
    s.session().run().ends(4).says("line 2 of the journal is not an entry");
    assert_eq!(s.card()["counter"], before);
}

/// Removes the journal from the entry on in which the card signed for the second request.
fn forget_last_session(s: &Scenario) {
    edit(s, "station/journal.jsonl", |text| {
        let last = text.rfind("\"session-started\"").expect("a session");
        let start = text[..last].rfind('\n').expect("a line above") + 1;
        text[..start].to_owned()
    });
}

#[test]
fn signatures_that_the_journal_does_not_know_stop_the_session() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    s.clear_stick();
    s.certify("alice").ok();
    s.session().run().ok();
    forget_last_session(&s);
    s.airgap(&["journal", "verify"]).ok().says("1 signatures");

    s.clear_stick();
    s.certify("dave").ok();
    signs_nothing(&s, s.session())
        .ends(5)
        .says("made 2 signatures that this journal does not know")
        .says("its counter is 4, the journal expects 2")
        .says("--explain-counter");
    let explained = ["--explain-counter", "the journal was restored from Tuesday's copy"];
    s.session().with(&explained).run().ok().says("1 signed with 1 signature");
    s.airgap(&["journal", "show"])
        .ok()
        .says("2 unknown signatures of")
        .says("the journal was restored from Tuesday's copy");
    s.clear_stick();
    s.certify("carol").ok();
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn a_missing_last_entry_alone_loses_no_count() {
    let s = asked();
    s.session().run().ok();
    edit(&s, "station/journal.jsonl", |text| {
        let end = text.trim_end().rfind('\n').expect("two lines") + 1;
        text[..end].to_owned()
    });
    s.clear_stick();
    s.certify("dave").ok();
    s.session().run().ok().says("The last session was interrupted").says("1 signed");
}

#[test]
fn a_card_with_fewer_signatures_than_the_journal_knows_stops_the_session() {
    let s = asked();
    people::copy(&s.path("card"), &s.path("older-card"));
    s.session().run().ok();
    s.clear_stick();
    s.certify("dave").ok();
    let run = s.session().card("older-card").run().ends(5);
    run.says("1 fewer signature").says("its counter is 1, the journal expects 2");
}

#[test]
fn a_clock_set_back_stops_the_session() {
    let s = asked();
    s.session().run().ok();
    s.turn_back(7_200);
    let journal = s.events();
    signs_nothing(&s, s.session())
        .ends(1)
        .says("is before the journal's last entry")
        .says("set the machine's clock");
    assert_eq!(s.events(), journal);
}

#[test]
fn an_authority_without_its_master_is_not_guessed() {
    let s = Scenario::without_station();
    let master = fs::read_dir(s.path("authority/masters")).expect("masters").next();
    let master = master.expect("one").expect("readable").path();
    fs::copy(s.path("alice.asc"), &master).expect("a writable file");
    let run = s.airgap(&["station", "init", "--authority", "authority"]).ends(1);
    run.says(&format!("holds {}, not", fingerprint("alice")));
    fs::remove_file(&master).expect("our own file");
    s.countersign(&["authority", "show"]).ends(1).says("cannot be opened");
}

#[test]
fn a_secret_key_is_never_taken_for_a_certificate() {
    let s = Scenario::new();
    let init = ["authority", "init", "--name", "X", "--domain", "example.org", "--authority", "x"];
    let files = ["--master", "alice.key", "--agreement", "agreement.txt"];
    let run = s.countersign(&[&init[..], &files].concat());
    assert_ne!(run.code, 0);
    run.says("this holds a SECRET key");
    assert!(!s.path("x/policy.toml").exists());
}

#[test]
fn a_master_that_is_not_rsa_makes_no_authority() {
    let s = Scenario::new();
    let init = ["authority", "init", "--name", "X", "--domain", "example.org", "--authority", "x"];
    let files = ["--master", "bob.asc", "--agreement", "agreement.txt"];
    s.countersign(&[&init[..], &files].concat()).ends(3).says("it must be RSA");
    assert!(!s.path("x").exists());
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

#[test]
fn a_domain_with_a_space_makes_no_authority() {
    let s = Scenario::new();
    let init = ["authority", "init", "--name", "X", "--domain", "exa mple.org"];
    let files = ["--master", "one.asc", "--agreement", "agreement.txt", "--authority", "x"];
    let run = s.countersign(&[&init[..], &files].concat());
    assert_ne!(run.code, 0, "{}", run.told());
    assert!(!s.path("x").exists());
}
