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
    // The list of advisories is older each day.
    let (before, age) = shown.rsplit_once(", ").expect("the list's age, last");
    assert!(age.ends_with(" days old)\n"), "{age}");
    let shown = format!("{before}, N days old)\n");
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
