//! Rehearsals: the very batch on a practice card with a throwaway master, and the real session
//! that has to be the same.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign_tests::people::{self, fingerprint, with_pins};
use countersign_tests::run::run;
use countersign_tests::workshop::module_xml;
use countersign_tests::{Run, Scenario, program};

/// The PIN of a rehearsal's practice card.
const PIN: &str = "rehearse";

/// Rehearses what is on the stick, with the real card in the reader.
fn rehearse(s: &Scenario, answers: &str) -> Run {
    rehearse_with(s, &["--practice-card", "card"], PIN, answers)
}

fn rehearse_with(s: &Scenario, more: &[&str], pin: &str, answers: &str) -> Run {
    let pins = s.path("rehearsal-pins");
    fs::write(&pins, format!("{pin}\n")).expect("a new file");
    let mut airgap = with_pins(&program("airgap"), &pins);
    airgap.args(["session", "rehearse", "--in", "stick"]).args(more);
    s.pass(1);
    airgap.args(["--time", &s.now().to_string()]).current_dir(s.root());
    run(airgap.env("GNUPGHOME", s.gnupg()).env_remove("AIRGAP_STATION"), answers)
}

fn certifications() -> Scenario {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.certify("bob").ok();
    s
}

#[test]
fn what_was_rehearsed_is_signed_and_the_record_names_the_rehearsal() {
    let s = certifications();
    let before = s.watch();
    let stick = s.on_stick("");
    let run = rehearse(&s, "Yes\nYes\n").ok();
    run.says("A REHEARSAL")
        .says("stands in for")
        .says("good countersign good")
        .says("good GnuPG valid")
        .says("good FreePBX 129 Good")
        .says("REHEARSED 2 requests with 3 signatures")
        .never_says("WRONG");
    s.nothing_signed_since(&before);
    assert_eq!(s.on_stick(""), stick);
    let left: Vec<String> = names(&s, "station");
    assert!(left.contains(&"rehearsal.json".to_owned()));
    assert!(!left.iter().any(|name| name.starts_with("rehearsing-")), "{left:?}");

    s.session().run().ok().says("as rehearsed at").says("2 signed with 3 signatures");
    s.airgap(&["journal", "show"]).ok().says("what follows has to be what was rehearsed");
    let record = fs::read_to_string(s.path(&s.on_stick(".record.asc")[0])).expect("a record");
    assert!(record.contains("\"rehearsal\": \""), "{record}");
    assert_eq!(names(&s, "station/rehearsals"), ["session-000001.json"]);
    assert!(!s.path("station/rehearsal.json").exists());
    s.airgap(&["journal", "verify"]).ok();
    // The next session is free again.
    s.clear_stick();
    s.certify("dave").ok();
    s.session().run().ok().never_says("as rehearsed");
}

fn names(s: &Scenario, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(s.path(folder)).expect("a folder").map(|e| e.expect("an entry"));
    let mut names: Vec<String> =
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn another_request_than_those_rehearsed_stops_the_session() {
    let s = certifications();
    rehearse(&s, "Yes\nYes\n").ok();
    s.certify("dave").ok();
    let before = s.watch();
    let entries = s.events().len();
    let run = s.session().run().ends(4);
    // Before anybody was asked, and before anything was written.
    assert_eq!(s.events().len(), entries);
    run.never_says("CERTIFY")
        .says("this is not the session that was rehearsed")
        .says("was not rehearsed")
        .says("airgap session rehearse --discard");
    s.nothing_signed_since(&before);
    let discard = ["session", "rehearse", "--discard"];
    s.airgap(&discard).ok().says("dropped");
    s.airgap(&discard).ends(1).says("no rehearsal waits");
    s.session().run().ok().says("3 signed");
}

#[test]
fn a_rehearsed_request_that_is_left_stops_the_session() {
    let s = certifications();
    rehearse(&s, "Yes\nYes\n").ok();
    let before = s.watch();
    let run = s.session().answers("Yes\nLater\n").run().ends(4);
    run.says("was rehearsed, and is not to be signed");
    s.nothing_signed_since(&before);
    // What was consented to waits; with the other one it is what was rehearsed.
    s.session().run().ok().says("as rehearsed at").says("2 signed");
}

#[test]
fn another_card_with_the_same_key_stops_the_session() {
    let s = certifications();
    people::copy(&s.path("card"), &s.path("twin"));
    fs::write(s.path("twin/serial"), "0BADCAFE\n").expect("another serial number");
    rehearse(&s, "Yes\nYes\n").ok();
    let run = s.session().card("twin").run().ends(4);
    run.says("the card is 0000:0BADCAFE, at the rehearsal it was");
    s.session().run().ok().says("2 signed");
}

#[test]
fn what_the_operator_refuses_in_the_rehearsal_is_not_rehearsed() {
    let s = certifications();
    let run = rehearse(&s, "Yes\nNo\nnot like this\n").ok();
    run.says("REHEARSED 1 request");
    s.session().run().ends(4).says("was not rehearsed");
    s.clear_stick();
    s.certify("dave").ok();
    let before = s.watch();
    rehearse(&s, "No\nnot today\n").ends(3);
    s.nothing_signed_since(&before);
}

#[test]
fn a_rehearsal_without_a_card_and_without_gpg_says_so() {
    let s = certifications();
    let run = rehearse_with(&s, &["--gpg", "no-such-gpg"], PIN, "Yes\nYes\n");
    let run = run.ok().says("No card is in a reader").says("There is no gpg");
    run.says("good GnuPG valid (by our model of it)");
    s.session().run().ok().says("as rehearsed");
}

#[test]
fn a_wrong_pin_ends_the_rehearsal_and_keeps_nothing() {
    let s = certifications();
    let before = s.watch();
    let run = rehearse_with(&s, &["--practice-card", "card"], "wrong-pin", "Yes\nYes\n").ends(5);
    run.says("wrong PIN: 2 tries left").says("it was a rehearsal");
    s.nothing_signed_since(&before);
    assert!(!s.path("station/rehearsal.json").exists());
    s.session().run().ok().says("2 signed");
}

/// A person takes time, and the rehearsal's own journal goes by it.
#[test]
fn a_rehearsal_may_take_a_while() {
    let s = Scenario::new();
    s.certify("bob").ok();
    fs::write(s.path("rehearsal-pins"), format!("{PIN}\n")).expect("a new file");
    let line = "(sleep 1.1; echo Yes) | \"$0\" session rehearse --practice-card card --in stick \
                --time \"$1\" --pin-fd 3 3<rehearsal-pins";
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).arg(program("airgap")).arg(s.now().to_string());
    run(shell.current_dir(s.root()).env_remove("AIRGAP_STATION"), "").ok().says("REHEARSED");
}

/// What waits at the station is rehearsed with the rest; what was refused in the rehearsal may be
/// there in the real session, and be refused again.
#[test]
fn what_waits_is_rehearsed_and_what_was_refused_may_be_there() {
    let s = certifications();
    s.session().pin("654321").run().ends(5);
    let run = rehearse(&s, "Yes\nNo\nnot like this\n").ok();
    run.says("kept at the station").says("REHEARSED 1 request");
    s.session().answers("Yes\nNo\nnot like this\n").run().ends(3).says("as rehearsed");
    assert_eq!(names(&s, "station/rehearsals").len(), 1);
}

#[test]
fn one_rehearsal_at_a_time() {
    let s = certifications();
    let journal = fs::File::open(s.path("station/journal.jsonl")).expect("a journal");
    // As a session has it.
    journal.lock().expect("nobody else has it");
    rehearse(&s, "Yes\nYes\n").ends(1).says("another session uses the journal");
}

#[test]
fn a_damaged_rehearsal_stops_the_session() {
    let s = certifications();
    fs::write(s.path("station/rehearsal.json"), "{}").expect("a new file");
    let before = s.watch();
    s.session().run().ends(1).says("rehearsal.json at the station is damaged");
    s.nothing_signed_since(&before);
}

#[test]
fn a_revocation_is_seen_as_one_by_every_consumer() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    s.revoke("bob").ok();
    let run = rehearse(&s, "Yes\n").ok();
    run.says("good FreePBX 64").says("good GnuPG not valid").says("good countersign");
    s.session().run().ok().says("as rehearsed");
    s.install().ok();
    s.countersign(&["developer", "show", &fingerprint("bob")]).ok().says("revoked");
}

/// Asks for something in the name of Maria, onto an empty stick.
fn asked(s: &Scenario, arguments: &[&str]) {
    s.clear_stick();
    let how = ["--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[arguments, &how].concat()).ok();
}

#[test]
fn what_a_master_says_of_modules_bundles_and_itself_is_rehearsed() {
    let s = Scenario::new();
    fs::create_dir_all(s.path("blacklist")).expect("a new folder");
    let xml = module_xml("blacklist", "17.0.1");
    fs::write(s.path("blacklist/module.xml"), xml).expect("a new file");
    asked(&s, &["request", "module", "blacklist"]);
    people::copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    let run = rehearse(&s, "Yes\n").ok();
    run.says("a list of 1 files").says("good GnuPG good signature").says("good FreePBX 129 Good");

    asked(&s, &["bundle", "build"]);
    rehearse(&s, "Yes\n").ok().says("just this text").says("good GnuPG good signature");

    asked(&s, &["request", "renew-master", "--expires", "2040-01-01"]);
    rehearse(&s, "Yes\n").ok().says("the master is good").says("good GnuPG valid");
}

#[test]
fn what_masters_say_of_each_other_is_rehearsed() {
    let s = Scenario::of_masters(&["one", "two"]);
    let card = ["--practice-card", "card-one"];
    let go = |s: &Scenario| rehearse_with(s, &card, PIN, "Yes\n").ok().never_says("WRONG");
    asked(&s, &["request", "cross-certify"]);
    go(&s).says("good GnuPG valid").says("REHEARSED 1 request");
    asked(&s, &["request", "transition-statement"]);
    go(&s).says("just this text").says("good GnuPG good signature");

    let policy = fs::read_to_string(s.path("authority/policy.toml")).expect("a policy");
    let one = policy.split("[[master]]").nth(1).and_then(|m| m.split('"').nth(3));
    let one = one.expect("a fingerprint");
    let reason = ["--reason", "superseded", "--text", "replaced"];
    asked(&s, &[&["request", "revoke-key", "--master", one], &reason[..]].concat());
    go(&s).says("the master is revoked").says("good GnuPG revoked");
    // It was a rehearsal: the station's own record knows nothing of it.
    asked(&s, &["request", "renew-master", "--master", one, "--expires", "2040-01-01"]);
    go(&s).says("the master is good");
}
