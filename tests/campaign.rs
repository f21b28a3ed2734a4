//! A campaign: developers whom the master `one` certified are certified by `two`, in one batch.
#![allow(missing_docs)]

use std::fs;

use countersign::certificate::Certificate;
use countersign_tests::people::fingerprint;
use countersign_tests::{Consumer, Run, Scenario};

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// A master's fingerprint.
fn master(s: &Scenario, name: &str) -> String {
    let bytes = fs::read(s.path(&format!("{name}.asc"))).expect("a certificate");
    Certificate::read(bytes.as_slice(), &[]).expect("reads").fingerprint().to_string()
}

/// These people certified by `one`, under this policy; the stick is empty.
fn certified(people: &[&str], edit: impl FnOnce(String) -> String) -> Scenario {
    let s = Scenario::of_masters_with(&["one", "two"], edit);
    let one = master(&s, "one");
    for name in people {
        s.certify_with(name, &["--master", &one]).ok();
    }
    s.session().card("card-one").run().ok();
    s.install().ok();
    s.clear_stick();
    s
}

/// Asks for everybody, by the manager.
fn recertify(s: &Scenario, more: &[&str]) -> Run {
    let one = master(s, "one");
    let ask = ["request", "recertify", "--all-from", &one, "--key-file", "maria.key"];
    s.countersign(&[&ask[..], &["--output", "stick"], more].concat())
}

/// The files of a kind in the batch.
fn in_batch(s: &Scenario, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(s.path("stick/recertify/001")).into_iter().flatten();
    let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(ending)).collect();
    names.sort();
    names
}

fn consents(s: &Scenario) -> usize {
    s.events().iter().filter(|e| e.get("consented").is_some()).count()
}

/// The digest in the text after `title`: two lines of hex.
fn digest_after<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(title).unwrap_or_else(|| panic!("no {title:?} in {text}"));
    rest.lines().skip(1).take(2).map(str::trim).collect()
}

#[test]
fn everybody_is_certified_by_the_new_master_by_one_word_and_one_pin() {
    let s = certified(&PEOPLE, |policy| policy);
    let asked = recertify(&s, &[]).ok().says("4 requests are in").says("with a note, to be");
    assert_eq!(in_batch(&s, ".request.asc").len(), 4);
    let index = fs::read_to_string(s.path("stick/recertify/INDEX.txt")).expect("an index");
    assert!(index.contains("00001  001/00001-recertify-"), "{index}");
    for name in PEOPLE {
        assert!(index.contains(&fingerprint(name)), "{index}");
    }
    let digest = digest_after(&asked.err, "have this digest together:");
    assert_eq!(digest, digest_after(&index, "when it asks about the batch:"));

    let before = consents(&s);
    let session = s.session().card("card-two").answers("4\n").run().ok();
    let session =
        session.says("A BATCH: RECERTIFY 4 DEVELOPERS").says("4 accepted the one in force");
    assert_eq!(digest, digest_after(&session.out, "digest of the batch"));
    session.says("4 signed with 5 signatures").never_says("Type Yes to consent");
    assert_eq!(consents(&s) - before, 4);
    assert_eq!(in_batch(&s, ".response.json").len(), 4, "answers lie beside their requests");
    assert!(s.on_stick(".response.json").is_empty());

    s.countersign(&["response", "install", "stick"]).ok().says("4 answers, exactly as asked");
    let two = master(&s, "two");
    for name in PEOPLE {
        let shown = s.countersign(&["developer", "show", &fingerprint(name)]).ok();
        assert_eq!(
            shown.out.matches("certified to").count(),
            [1, 2][usize::from(name == "alice")] * 2
        );
    }
    recertify(&s, &["--master", &two]).ok().says("certified by that master already: 4");
    // For gpg, who trusts the new master alone.
    let consumer = Consumer::of(&s, "two");
    consumer.import_record(&fingerprint("alice"));
    assert!(
        consumer.trusts(&fingerprint("alice")),
        "{:?}",
        consumer.validities(&fingerprint("alice"))
    );
}

/// Killed at each signature in turn, and gone on with.
#[test]
fn a_batch_that_is_killed_in_the_middle_is_asked_about_and_signed_to_its_end() {
    for at in 1..=4 {
        let s = certified(&PEOPLE, |policy| policy);
        recertify(&s, &[]).ok();
        let said = s.session().card("card-two").answers("4\n").killed_after(at);
        assert!(said.contains(&format!("signed {at} of 5")), "{said}");
        let signed = |s: &Scenario| s.events().iter().filter(|e| e.get("signed").is_some()).count();
        // On a busy machine it may have come to its end before it was killed.
        let whole = signed(&s) == 10;
        // The number is that of the developers who are left; one alone is asked for by a Yes.
        let answers: String = (1..=4).map(|n| format!("{n}\n")).collect::<String>() + "Yes\n";
        let run = s.session().card("card-two").answers(&answers).run().ok();
        let run = run.says("0 left");
        assert!(whole || run.has("The last session was interrupted"), "{}", run.told());
        // Five of `one` and five of `two`; what was made twice was the very same.
        assert_eq!(signed(&s), 10, "killed at {at}");
        assert_eq!(in_batch(&s, ".response.json").len(), 4);
        s.countersign(&["response", "install", "stick"]).ok().says("4 answers, exactly as asked");
        s.airgap(&["journal", "verify"]).ok();
    }
}

#[test]
fn a_wrong_number_and_a_plain_yes_consent_to_nothing() {
    let s = certified(&PEOPLE, |policy| policy);
    recertify(&s, &[]).ok();
    let before = consents(&s);
    let session = s.session().card("card-two").answers("5\nYes\n04\nyes\nLater\n").run().ok();
    session.says("That is not their number").says("0 signed").says("4 left");
    assert_eq!(consents(&s), before);
    assert!(in_batch(&s, ".response.json").is_empty());
}

#[test]
fn a_batch_is_listed_refused_or_asked_for_one_by_one() {
    let s = certified(&PEOPLE, |policy| policy);
    recertify(&s, &[]).ok();
    let list = s.session().card("card-two").answers("List\nLater\n").run().ok();
    assert_eq!(list.out.matches(&fingerprint("bob")).count(), 2, "{}", list.out);
    let file = fs::read_dir(s.path("station/batches")).expect("a folder").next().expect("a list");
    let text = fs::read_to_string(file.expect("an entry").path()).expect("a list");
    assert!(text.contains(&fingerprint("dave")), "{text}");

    let singly = "Singly\nLater\nLater\nYes\nLater\n";
    s.session().card("card-two").answers(singly).run().ok().says("1 signed").says("3 left");
    let refused = s.session().card("card-two").answers("No\nnot this year\n").run().ends(3);
    refused.says("3 refused").says("1 answered again").says("not this year");
    let answers = s.countersign(&["response", "install", "stick"]).ends(3);
    answers.says("1 answer, exactly as asked").says("3 requests refused");
}

#[test]
fn where_a_witness_gives_a_word_each_is_asked_for_by_itself() {
    let s = certified(&["bob", "carol"], |p| p + "\n[approval.recertify]\nwitness = \"word\"\n");
    recertify(&s, &[]).ok().says("one by one at the station: 2");
    let before = consents(&s);
    let word = "2\nYes\nEva Witness\nWitnessed\nYes\nEva Witness\n";
    let run = s.session().card("card-two").answers(word).run().ok();
    run.never_says("A BATCH").says("THE WITNESS").says("1 signed").says("1 left");
    assert_eq!(consents(&s) - before, 1);
}

#[test]
fn a_batch_that_has_to_be_approved_is_and_then_takes_one_word() {
    let policy =
        format!("\n[approval.recertify]\napprovals = 1\nby = [\"{}\"]\n", fingerprint("dave"));
    let manager = format!(
        "\n[[manager]]\nname = \"dave\"\nfingerprint = \"{}\"\nmay_request = []\n",
        fingerprint("dave")
    );
    let s = Scenario::of_masters(&["one", "two"]);
    let (one, key) = (master(&s, "one"), fingerprint("dave"));
    for name in ["bob", "carol"] {
        s.certify_with(name, &["--master", &one]).ok();
    }
    s.session().card("card-one").run().ok();
    s.install().ok();
    s.clear_stick();
    fs::copy(s.path("dave.asc"), s.path(&format!("authority/managers/{key}.asc"))).expect("copied");
    let path = s.path("authority/policy.toml");
    let text = fs::read_to_string(&path).expect("a policy");
    fs::write(path, text + &manager + &policy).expect("written");
    s.airgap_told(&["station", "update", "--authority", "authority"], "Yes\n").ok();
    recertify(&s, &[]).ok().says("not yet approved: 2");
    let index = fs::read_to_string(s.path("stick/recertify/INDEX.txt")).expect("an index");
    assert!(index.contains("NOT YET approvals: 0 of 1") && index.contains("dave ("), "{index}");
    s.session().card("card-two").answers("2\n").run().ends(3).says("NO approvals");
    let files = in_batch(&s, ".request.asc");
    let files: Vec<String> = files.iter().map(|f| format!("stick/recertify/001/{f}")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let approve = ["request", "approve", "--yes", "--key-file", "dave.key"];
    s.countersign(&[&approve[..], &files].concat()).ok().says("next: carry it to the station");
    let run = s.session().card("card-two").answers("2\n").run().ok();
    run.says("A BATCH: RECERTIFY 2 DEVELOPERS").says("2 signed");
    let events = s.events();
    let last = events.iter().rev().find_map(|e| e.get("consented")).expect("a consent");
    assert_eq!(last["approvers"], serde_json::json!([key]));
}

#[test]
fn one_with_a_warning_is_asked_for_alone_and_one_that_expired_not_at_all() {
    let s = certified(&PEOPLE, |policy| policy);
    let one = master(&s, "one");
    // Bob's certification ends after a day; Alice's second user ID was certified for a day.
    s.clear_stick();
    s.certify_with("bob", &["--master", &one, "--validity", "1d"]).ok();
    let only = ["--validity", "1d", "--user-id", "Alice at work <alice@example.net>"];
    s.certify_with("alice", &[&["--master", &one], &only[..]].concat()).ok();
    s.session().card("card-one").run().ok();
    s.install().ok();
    s.clear_stick();
    s.pass(2 * 86_400);
    let asked = recertify(&s, &[]).ends(3).says("1 developer cannot be certified");
    asked.says("3 requests are in").says("one by one at the station: 1");
    let index = fs::read_to_string(s.path("stick/recertify/INDEX.txt")).expect("an index");
    assert!(
        index.contains("certification expired on") && index.contains("request certify"),
        "{index}"
    );
    assert!(index.contains("NOTE user-ids-on-certificate"), "{index}");

    let session = s.session().card("card-two").answers("Yes\n2\n").run().ok();
    session.says("NOTE user-ids-on-certificate").says("RECERTIFY 2 DEVELOPERS").says("3 signed");
}

#[test]
fn a_policy_that_wants_fresh_consent_lets_nobody_be_recertified() {
    let fresh = |p: String| p.replace("consent = \"on-file\"", "consent = \"fresh\"");
    let s = certified(&["bob"], fresh);
    let asked = recertify(&s, &[]).ends(3);
    asked.says("cannot be certified by another master");
    let index = fs::read_to_string(s.path("stick/recertify/INDEX.txt")).expect("an index");
    assert!(index.contains("NO rotation-consent") && index.contains("request certify"), "{index}");
    assert!(in_batch(&s, ".request.asc").is_empty());
}

#[test]
fn the_stations_policy_decides_whatever_was_asked() {
    let s = certified(&["bob", "carol"], |policy| policy);
    recertify(&s, &[]).ok();
    let path = s.path("station/authority/policy.toml");
    let policy = fs::read_to_string(&path).expect("a policy");
    fs::write(&path, policy.replace("\"on-file\"", "\"fresh\"")).expect("a writable policy");
    let run = s.session().card("card-two").answers("2\n").run().ends(3);
    run.says("rotation-consent").never_says("A BATCH").says("2 refused");
}

#[test]
fn what_is_there_already_is_not_made_again() {
    let s = certified(&PEOPLE, |policy| policy);
    recertify(&s, &[]).ok().says("4 made now");
    let before = in_batch(&s, ".request.asc");
    fs::remove_file(s.path("stick/recertify/001").join(&before[2])).expect("our own file");
    recertify(&s, &[]).ok().says("4 requests are in").says("1 made now");
    let after = in_batch(&s, ".request.asc");
    let kept = before.iter().filter(|name| after.contains(name)).count();
    assert_eq!((kept, after.len()), (3, 4));
}

#[test]
fn a_master_that_was_revoked_is_asked_for_nobody() {
    let s = certified(&["bob"], |policy| policy);
    recertify(&s, &[]).ok();
    s.session().card("card-two").run().ok().says("1 signed");
    s.countersign(&["response", "install", "stick"]).ok();
    s.clear_stick();
    recertify(&s, &[]).ok().says("certified by that master already: 1");
    let two = master(&s, "two");
    let ask = ["request", "revoke-key", "--master", &two, "--reason", "superseded"];
    s.countersign(&[&ask[..], &["--key-file", "maria.key", "--output", "stick"]].concat()).ok();
    s.session().card("card-two").run().ok();
    s.install().ok();
    s.clear_stick();
    let refused = recertify(&s, &["--master", &two]).ends(3);
    refused.says("was revoked on").says("hint: name another one").never_says("already");
    assert!(in_batch(&s, ".request.asc").is_empty());
}

#[test]
fn a_strangers_batch_is_refused_one_by_one() {
    let s = certified(&["bob", "carol"], |policy| policy);
    let one = master(&s, "one");
    let ask = ["request", "recertify", "--all-from", &one, "--key-file", "alice.key"];
    s.countersign(&[&ask[..], &["--output", "stick"]].concat()).ends(3).says("requester-allowed");
    assert!(in_batch(&s, ".request.asc").is_empty());
}

#[test]
fn the_card_of_the_old_master_signs_nothing_of_it() {
    let s = certified(&["bob", "carol"], |policy| policy);
    recertify(&s, &[]).ok();
    let run = s.session().card("card-one").answers("2\n").run().ok();
    run.says("left: 2 recertifications for the card of").says("2 left").never_says("A BATCH");
}
