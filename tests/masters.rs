//! What masters say about themselves and each other, with gpg as judge; and a station that takes
//! over a changed record.
#![allow(missing_docs)]

use std::fs;

use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Consumer, Run, Scenario};

/// Old master `one`, new master `two`, both in policy and station.
fn two() -> Scenario {
    Scenario::of_masters(&["one", "two"])
}

/// What Maria asks of the masters, onto the stick.
fn ask(s: &Scenario, verb: &str, more: &[&str]) -> Run {
    let how = ["--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&["request", verb], more, &how].concat())
}

/// A session with each card, and every answer installed.
fn sign(s: &Scenario, cards: &[&str]) {
    for card in cards {
        s.session().card(&format!("card-{card}")).run().ok();
    }
    s.install().ok();
    s.clear_stick();
}

fn master(s: &Scenario, name: &str) -> String {
    let text = fs::read(s.path(&format!("{name}.asc"))).expect("a master");
    let read = countersign::certificate::Certificate::read(text.as_slice(), &[]);
    read.expect("a certificate").fingerprint().to_string()
}

fn import_masters(s: &Scenario, consumer: &Consumer<'_>) {
    for name in ["one", "two"] {
        let file = format!("authority/masters/{}.asc", master(s, name));
        consumer.gpg(&["--import", &file], "").ok();
    }
}

#[test]
fn whoever_trusts_the_old_master_alone_follows_the_new_one() {
    let s = two();
    let alice = fingerprint("alice");
    s.certify("alice").ok(); // by the new master, the last in the policy
    ask(&s, "cross-certify", &[]).ok().says("whoever trusts the master above will trust");
    assert_eq!(s.on_stick(".request.asc").len(), 3);
    let session = s.session().card("card-one").run().ok();
    session.says("NOTE cross-trust").says("1 signed with 1 signature").says("2 left");
    sign(&s, &["two"]);
    let consumer = Consumer::new(&s);
    consumer.import_record(&alice);
    assert!(consumer.distrusts(&alice), "without the old master's word on the new one");
    import_masters(&s, &consumer);
    assert!(consumer.trusts(&alice), "{:?}", consumer.validities(&alice));
    assert!(consumer.trusts(&master(&s, "two")));
}

#[test]
fn masters_that_do_not_vouch_certify_each_other_and_no_more() {
    let s = two();
    let alice = fingerprint("alice");
    s.certify("alice").ok();
    ask(&s, "cross-certify", &["--vouch", "none"]).ok().never_says("NOTE cross-trust");
    sign(&s, &["one", "two"]);
    let consumer = Consumer::new(&s);
    import_masters(&s, &consumer);
    consumer.import_record(&alice);
    assert!(consumer.trusts(&master(&s, "two")));
    assert!(consumer.distrusts(&alice));
}

#[test]
fn one_statement_bears_the_signatures_of_both_masters() {
    let s = two();
    let remark = "- The old card is full.";
    ask(&s, "transition-statement", &["--remark", remark]).ok().says("countersign-transition:");
    s.session().card("card-one").run().ok().says(remark);
    s.install().ok();
    let folder = s.path("authority/transitions");
    let only = || {
        let mut files = fs::read_dir(&folder).expect("a folder").filter_map(Result::ok);
        let file = files.next().expect("a statement").path();
        assert!(files.next().is_none());
        file.to_str().expect("a plain path").to_owned()
    };
    let consumer = Consumer::new(&s);
    import_masters(&s, &consumer);
    let half = consumer.gpg(&["--verify", &only()], "").ok();
    assert_eq!(half.err.matches("Good signature").count(), 1, "{}", half.told());
    sign(&s, &["two"]);
    let whole = consumer.gpg(&["--verify", &only()], "").ok();
    assert_eq!(whole.err.matches("Good signature").count(), 2, "{}", whole.told());
    let text = fs::read_to_string(only()).expect("a text");
    let machine = format!("old={} new={}", master(&s, "one"), master(&s, "two"));
    assert!(text.contains(&machine) && text.contains("- - The old card"), "{text}");
}

#[test]
fn a_renewed_master_ends_when_it_was_asked_to_and_does_what_it_did() {
    let s = Scenario::new();
    let one = master(&s, "one");
    ask(&s, "renew-master", &["--expires", "2040-01-01"]).ok().says("renew MASTER");
    // A second answer in the same batch is about the same certificate: neither takes from the other.
    s.pass(1);
    ask(&s, "renew-master", &["--expires", "2041-01-01"]).ok();
    sign(&s, &["one"]);
    let consumer = Consumer::new(&s);
    consumer.gpg(&["--import", &format!("authority/masters/{one}.asc")], "").ok();
    let listing = consumer.gpg(&["--with-colons", "--list-keys", &one], "").ok().out;
    let line = listing.lines().find(|l| l.starts_with("pub:")).expect("a key");
    let fields: Vec<&str> = line.split(':').collect();
    assert_eq!(fields[6], "2240611200", "2041-01-01: {line}");
    assert_eq!(fields[11], "scSC", "{line}");
}

#[test]
fn a_master_goes_only_after_it_was_said_what_stops() {
    let s = two();
    let (alice, one) = (fingerprint("alice"), master(&s, "one"));
    s.certify_with("alice", &["--master", &one]).ok();
    sign(&s, &["one"]);
    let go = ["--master", &one, "--reason", "superseded", "--text", "replaced"];
    let refused = ask(&s, "revoke-key", &go).ends(3);
    refused.says("1 developer, 0 modules would stop").says("--accept-stop 1");
    // Accepted by the requester, and still more than the policy allows.
    let accepted = [&go[..], &["--accept-stop", "1"]].concat();
    ask(&s, "revoke-key", &accepted).ends(3).says("effect: 1 developer, 0 modules would stop");
    assert!(s.on_stick(".request.asc").is_empty());

    s.certify("alice").ok();
    sign(&s, &["two"]);
    ask(&s, "revoke-key", &go).ok().says("0 developers, 0 modules would stop");
    s.session().card("card-one").run().ok().says("REVOKE the MASTER itself").says("superseded");
    s.install().ok();
    s.clear_stick();
    let consumer = Consumer::new(&s);
    import_masters(&s, &consumer);
    consumer.import_record(&alice);
    let trust = format!("{}:6:\n", master(&s, "two"));
    assert!(consumer.distrusts(&alice), "the old master is revoked");
    consumer.gpg(&["--import-ownertrust"], &trust).ok();
    assert!(consumer.trusts(&alice), "{:?}", consumer.validities(&alice));
    // The retired master signs no more, whoever asks.
    let asked = s.certify_with("bob", &["--master", &one]).ends(3);
    asked.says("master-valid: the master is revoked");
}

#[test]
fn a_compromised_master_can_be_revoked_although_everything_stops() {
    let s = Scenario::new();
    s.certify("alice").ok();
    sign(&s, &["one"]);
    let one = master(&s, "one");
    let go = ["--master", &one, "--reason", "compromised", "--accept-stop", "1"];
    let asked = ask(&s, "revoke-key", &go).ok();
    asked.says("NOTE successor").says("NOTE effect").says("WITH THIS MASTER STOP: 1 DEVELOPER");
    sign(&s, &["one"]);
    let consumer = Consumer::new(&s);
    consumer.gpg(&["--import", &format!("authority/masters/{one}.asc")], "").ok();
    consumer.import_record(&fingerprint("alice"));
    assert!(consumer.distrusts(&fingerprint("alice")));
}

#[test]
fn a_revocation_asks_every_master_and_says_while_it_is_half_done() {
    let s = two();
    let (alice, one) = (fingerprint("alice"), master(&s, "one"));
    s.certify_with("alice", &["--master", &one]).ok();
    sign(&s, &["one"]);
    s.certify("alice").ok();
    sign(&s, &["two"]);
    s.revoke("alice").ok();
    assert_eq!(s.on_stick(".request.asc").len(), 2);
    s.session().card("card-two").run().ok().says("1 left");
    s.install().ok();
    let half = s.countersign(&["developer", "show", &alice]).ok();
    half.says(&format!("HALF REVOKED: {} still certifies", &one[24..]));
    let consumer = Consumer::new(&s);
    consumer.import_record(&alice);
    assert!(consumer.trusts(&alice), "by the old master, whom it trusts");
    sign(&s, &["one"]);
    s.countersign(&["developer", "show", &alice]).ok().never_says("HALF REVOKED");
    consumer.import_record(&alice);
    assert!(consumer.distrusts(&alice));
    let one_file = ["request", "revoke", &alice, "--key-file", "maria.key", "--output", "a.asc"];
    s.countersign(&one_file).ok().says("is revoked already");
}

#[test]
fn of_two_masters_the_last_one_is_not_retired() {
    let s = two();
    for name in ["one", "two"] {
        let key = master(&s, name);
        ask(&s, "revoke-key", &["--master", &key, "--reason", "superseded"]).ok();
    }
    s.session().card("card-one").run().ok().says("1 signed");
    // Both were asked for before the station knew; by now it does.
    let second = s.session().card("card-two").run().ends(3);
    second.says("successor: no other master of this authority is valid").says("0 signed");
}

/// A station that knows master `one`, and a record on a stick that names `two` as well.
fn successor() -> Scenario {
    let s = Scenario::new();
    people::copy(&s.path("authority"), &s.path("carried"));
    let two = master(&s, "two");
    let file = format!("carried/masters/{two}.asc");
    fs::copy(s.path("two.asc"), s.path(&file)).expect("a copy");
    let path = s.path("carried/policy.toml");
    let policy = fs::read_to_string(&path).expect("a policy");
    let named = format!("[[master]]\nname = \"two\"\nfingerprint = \"{two}\"\n\n[[manager]]");
    fs::write(path, policy.replacen("[[manager]]", &named, 1)).expect("a writable record");
    s
}

#[test]
fn a_station_takes_over_a_changed_record_that_a_person_has_read() {
    let s = successor();
    let two = master(&s, "two");
    let before = fs::read(s.path("station/authority/policy.toml")).expect("a policy");
    let update = ["station", "update", "--authority", "carried"];
    let refused = s.airgap_told(&update, "No\n").ends(3);
    refused.says(&format!("+ master {two}")).says("nothing was changed");
    assert_eq!(fs::read(s.path("station/authority/policy.toml")).expect("a policy"), before);

    s.airgap_told(&update, "Yes\n").ok();
    s.airgap(&["journal", "show"]).ok().says("RECORD changed").says(&two[24..]);
    s.airgap(&["journal", "verify"]).ok();
    assert!(!s.path("station/authority.new").exists());
    s.airgap_told(&update, "").ok().says("Nothing differs");
    // It goes by the new record: what asks the new master is taken in.
    fs::remove_dir_all(s.path("authority")).expect("our own folder");
    people::copy(&s.path("carried"), &s.path("authority"));
    s.certify("alice").ok();
    people::copy(&people::kept().join("two.card"), &s.path("card-two"));
    s.session().card("card-two").run().ok().says("1 signed with 2 signatures");
}

#[test]
fn another_authoritys_record_is_not_taken_over() {
    let s = successor();
    let path = s.path("carried/policy.toml");
    let policy = fs::read_to_string(&path).expect("a policy");
    fs::write(&path, policy.replacen("Example Project", "Mallory", 1)).expect("a writable record");
    let update = s.airgap_told(&["station", "update", "--authority", "carried"], "Yes\n").ends(1);
    update.says("the record is that of \"Mallory\", this station is \"Example Project\"'s");
    fs::write(&path, "version = 1\n").expect("a writable record");
    s.airgap_told(&["station", "update", "--authority", "carried"], "Yes\n").ends(1);
    s.airgap(&["journal", "show"]).ok().never_says("RECORD");
}

#[test]
fn what_the_station_knows_of_a_master_stays_when_a_record_does_not_tell_it() {
    let s = successor();
    let one = master(&s, "one");
    let revoked = ["--master", &one, "--reason", "compromised"];
    ask(&s, "revoke-key", &revoked).ok();
    sign(&s, &["one"]);
    // The station knows by its own signature, and a record that does not tell takes nothing back.
    let update = ["station", "update", "--authority"];
    s.airgap_told(&[&update[..], &["authority"]].concat(), "Yes\n").ok();
    s.airgap_told(&[&update[..], &["carried"]].concat(), "Yes\n").ok();
    let file = format!("station/authority/masters/{one}.asc");
    let text = fs::read(s.path(&file)).expect("a certificate");
    let read = countersign::certificate::Certificate::read(text.as_slice(), &[]);
    assert!(read.expect("a certificate").is_revoked(s.now()));
}
