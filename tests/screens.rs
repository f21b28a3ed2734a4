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

use countersign::fingerprint::Fingerprint;
use countersign_tests::bad::asked;
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
