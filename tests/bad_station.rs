//! Damaged journals, policies and records, and a wrong clock: nothing is signed, and a word says
//! why.
#![allow(missing_docs)]

use std::fs;

use countersign_tests::Scenario;
use countersign_tests::bad::{asked, signs_nothing};
use countersign_tests::people::{self, fingerprint};

fn edit(s: &Scenario, name: &str, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(s.path(name)).expect("a text");
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(s.path(name), changed).expect("a writable file");
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
    signs_nothing(&s).ends(1).says("policy.toml is refused");
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
    signs_nothing(&s).ends(3).says("NO agreement").says("read the agreement in force");
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
fn a_set_up_that_was_cut_off_is_done_again_and_an_emptied_journal_is_not() {
    let s = Scenario::without_station();
    let init = ["station", "init", "--authority", "authority"];
    s.airgap(&init).ok();
    let journal = s.path("station/journal.jsonl");
    let whole = fs::read(&journal).expect("a journal");
    for left in [&b""[..], &whole[..whole.len() - 1]] {
        fs::write(&journal, left).expect("our own file");
        let session = s.session().run().ends(1).says("the set-up of the station in station was");
        session.says("cut off").says("hint: set it up again: airgap station init");
        s.airgap(&init).ok();
        s.airgap(&["journal", "verify"]).ok();
    }
    s.certify("bob").ok();
    s.session().run().ok();
    fs::write(&journal, "").expect("our own file");
    // It has signed: whatever became of its journal, it does not begin anew.
    s.airgap(&init).ends(1).says("station is a station already");
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
    let run = signs_nothing(&s).ends(4).says("the chain breaks at line");
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
    s.airgap(&["journal", "verify"]).ok().says("1 signature,");

    s.clear_stick();
    s.certify("dave").ok();
    signs_nothing(&s)
        .ends(5)
        .says("made 3 signatures that this journal does not know, since ")
        .says("its counter is 6, the journal expects 3")
        .says("--explain-counter");
    let explained = ["--explain-counter", "the journal was restored from Tuesday's copy"];
    s.session().with(&explained).run().ok().says("1 signed with 1 signature");
    s.airgap(&["journal", "show"])
        .ok()
        .says("3 unknown signatures of")
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
    run.says("2 fewer signatures").says("its counter is 1, the journal expects 3");
}

#[test]
fn a_clock_set_back_stops_the_session() {
    let s = asked();
    s.session().run().ok();
    s.turn_back(7_200);
    let journal = s.events();
    signs_nothing(&s)
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
fn a_domain_with_a_space_makes_no_authority() {
    let s = Scenario::new();
    let init = ["authority", "init", "--name", "X", "--domain", "exa mple.org"];
    let files = ["--master", "one.asc", "--agreement", "agreement.txt", "--authority", "x"];
    let run = s.countersign(&[&init[..], &files].concat());
    assert_ne!(run.code, 0, "{}", run.told());
    assert!(!s.path("x").exists());
}
