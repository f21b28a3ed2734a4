//! What people read, word for word: each screen is a file in `data/screens`.
//!
//! Station and requests are kept there too, so that ids, times and fingerprints are the same each
//! time. Where words change on purpose, write the files anew and read the difference:
//!
//! ```sh
//! COUNTERSIGN_SCREENS=write cargo test --package countersign-tests --test screens
//! ```
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::certificate::Certificate;
use countersign::fingerprint::Fingerprint;
use countersign::time::Timestamp;
use countersign_tests::bad::asked;
use countersign_tests::people::fingerprint;
use countersign_tests::run::run;
use countersign_tests::signers::World;
use countersign_tests::{Scenario, people, program};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/screens").join(name)
}

#[track_caller]
fn is_screen(name: &str, shown: &str) {
    let file = kept(&format!("{name}.txt"));
    if std::env::var_os("COUNTERSIGN_SCREENS").is_some_and(|v| v == "write") {
        fs::write(&file, shown).expect("a writable file");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let lines = || shown.lines().zip(expected.lines().chain(std::iter::repeat("")));
    let differ = lines().find(|(now, before)| now != before);
    assert!(shown == expected, "{}: {differ:#?} in\n{shown}", file.display());
}

/// A dry run over one of the requests that are kept, as the operator sees it at `time`, up to the
/// summary. The card would come only after it.
fn reviewed(request: &str, time: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    people::copy(&kept("station"), &folder.path().join("station"));
    fs::create_dir(folder.path().join("stick")).expect("a new folder");
    fs::copy(kept(request), folder.path().join("stick").join(request)).expect("a copy");
    let mut airgap = Command::new(program("airgap"));
    airgap.args(["session", "run", "--dry-run", "--in", "stick", "--out", "stick"]);
    airgap.args(["--station", "station", "--time", time]).current_dir(folder.path());
    let run = run(&airgap, "Yes\n");
    let (screen, _) = run.out.split_once("\nSession at the station").expect("a summary");
    screen.to_owned()
}

#[test]
fn a_certification() {
    is_screen("certification", &reviewed("certify.request.asc", "2026-11-23T12:00:00Z"));
}

#[test]
fn a_revocation() {
    is_screen("revocation", &reviewed("revoke.request.asc", "2026-11-24T12:00:00Z"));
}

#[test]
fn a_request_that_is_refused() {
    is_screen("refused", &reviewed("revoke.request.asc", "2027-01-15T12:00:00Z"));
}

/// Its serial number and key are new in each build folder.
#[test]
fn a_card() {
    let s = Scenario::new();
    let card = s.card();
    let text = |field: &str| card[field].as_str().expect("a text").to_owned();
    let key: Fingerprint = text("key").parse().expect("a fingerprint");
    let nobody: Fingerprint = "0".repeat(40).parse().expect("a fingerprint");
    let shown = s.airgap(&["card", "status", "--practice-card", "card"]).ok().out;
    let shown = shown.replace(&text("card"), "0000:00000000");
    is_screen("card", &shown.replace(&key.spaced(), &nobody.spaced()));
}

/// What a rotation shows, with every key and date the same each time.
fn same_each_time(s: &Scenario, shown: &str) -> String {
    let read = |name: &str| {
        let bytes = fs::read(s.path(&format!("{name}.asc"))).expect("a certificate");
        Certificate::read(bytes.as_slice(), &[]).expect("reads").fingerprint()
    };
    let mut shown = shown.to_owned();
    for (name, digit) in [("one", "1"), ("two", "2"), ("alice", "A"), ("bob", "B")] {
        let (key, stand_in) = (read(name), digit.repeat(40).parse::<Fingerprint>());
        let stand_in = stand_in.expect("a fingerprint");
        shown = shown.replace(&key.to_string(), &stand_in.to_string());
        shown = shown.replace(&key.spaced(), &stand_in.spaced());
        shown = shown.replace(&key.key_id(), &stand_in.key_id());
    }
    for days in [0, 2, 5, 30, 120, 210, 365] {
        let date = s.now().after(days * Timestamp::DAY).date();
        shown = shown.replace(&date, &format!("<day {days:>3}>"));
    }
    shown
}

/// A rotation from `one` to `two`, in which Bob has to act, because his certification ended.
fn rotation() -> Scenario {
    let s = Scenario::of_masters(&["one"]);
    s.certify_with("alice", &["--validity", "1y"]).ok();
    s.certify_with("bob", &["--validity", "2d"]).ok();
    s.session().run().ok();
    s.install().ok();
    s
}

#[test]
fn a_rotation_and_what_ends_by_when() {
    let s = rotation();
    let forecast = s.countersign(&["authority", "forecast", "--days", "400"]).ends(7).out;
    is_screen("forecast", &same_each_time(&s, &forecast));
    s.countersign(&["rotation", "plan", "--successor", "two.asc"]).ok();
    s.countersign(&["rotation", "invite", "--output", "letters", "--all"]).ok();
    let status = s.countersign(&["rotation", "status"]).ok().out;
    is_screen("rotation-status", &same_each_time(&s, &status));
    let letter = fs::read_to_string(s.path(&format!("letters/{}.txt", fingerprint("alice"))));
    is_screen("letter-informed", &same_each_time(&s, &letter.expect("a letter")));
}

#[test]
fn a_letter_to_somebody_who_has_to_act() {
    let s = rotation();
    let day = s.now();
    s.pass(3 * Timestamp::DAY);
    let start = ["--start", &day.date()];
    s.countersign(&[&["rotation", "plan", "--successor", "two.asc"], &start[..]].concat()).ok();
    s.countersign(&["rotation", "invite", "--output", "letters"]).ok();
    let letter = fs::read_to_string(s.path(&format!("letters/{}.txt", fingerprint("bob"))));
    s.turn_back(3 * Timestamp::DAY);
    is_screen("letter", &same_each_time(&s, &letter.expect("a letter")));
}

#[test]
fn an_error_about_the_card() {
    is_screen("wrong-pin", &asked().session().pin("654321").run().err);
}

#[test]
fn an_error_about_the_journal() {
    let s = asked();
    s.session().run().ok();
    let journal = s.path("station/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    fs::write(&journal, text.replace("Bob Example", "Eve Example")).expect("a writable file");
    is_screen("edited-journal", &s.session().run().err);
}

#[test]
fn an_error_about_a_key() {
    let s = Scenario::new();
    people::new_home(&s.gnupg());
    people::make_key(&s.gnupg(), &[], &["Eve Example"], "rsa1024");
    let ask = ["request", "certify", "--accept-agreement", "agreement.txt", "--output", "stick"];
    is_screen("weak-key", &s.countersign(&ask).err);
}

/// Names in the place of fingerprints and key ids, which are new in each build folder.
fn named(text: &str, keys: &[(&str, String)]) -> String {
    let full = keys.iter().fold(text.to_owned(), |text, (name, key)| {
        text.replace(key, &format!("<fingerprint of {name}>"))
    });
    keys.iter().fold(full, |text, (name, key)| text.replace(&key[24..], &format!("<{name}>")))
}

#[test]
fn a_project_that_is_taken_over() {
    let mut world = World::new();
    world.person("left", "ed25519", "never");
    world.person("weak", "ed25519", "never");
    let sha1 = ["--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"];
    world.certify("one", "dev", 10, &[], &[]);
    world.certify("two", "dev", 12, &[], &[]);
    world.certify("one", "left", 10, &[], &[]);
    world.certify("two", "weak", 10, &sha1, &[]);
    let keys = tempfile::tempdir().expect("a folder");
    let people = ["one", "two", "dev", "left", "weak"];
    for name in people {
        fs::write(keys.path().join(format!("{name}.asc")), world.public(name)).expect("written");
    }
    let mut adopt = Command::new(program("countersign"));
    adopt.args(["authority", "adopt", "--keyring"]).arg(keys.path());
    adopt.args(["--time", &world.day(30).to_string(), "--master"]);
    adopt.args([world.fingerprint("one"), world.fingerprint("two")]);
    let shown = run(&adopt, "").ok().out;
    let keys: Vec<(&str, String)> = people.map(|name| (name, world.fingerprint(name))).into();
    is_screen("adopted", &named(&shown, &keys));
}

#[test]
fn a_revocation_that_is_tried() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    s.install().ok();
    let show = s.countersign(&["authority", "show", "--json"]).ok().out;
    let show: serde_json::Value = serde_json::from_str(&show).expect("JSON");
    let master = show["masters"][0].as_str().expect("a fingerprint").to_owned();
    let shown = s.countersign(&["revocation", "drill", "--master", &master]).ok().out;
    let shown = shown.replace(&s.now().date().to_string(), "<today>");
    let keys = [("the master", master), ("Bob", people::fingerprint("bob"))];
    is_screen("drill", &named(&shown, &keys));
}
