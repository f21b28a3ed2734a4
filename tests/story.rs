//! The whole story, with gpg as judge in the home of somebody who trusts the master alone.
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

use countersign_tests::people::{self, fingerprint};
use countersign_tests::run::run;
use countersign_tests::{Consumer, Scenario, program};

/// From the request to the record: asked, signed, installed, the stick empty again.
fn certify(s: &Scenario, name: &str) {
    s.certify(name).ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
}

#[test]
fn two_certified_user_ids_are_fully_valid() {
    let s = Scenario::new();
    certify(&s, "alice");
    let (alice, consumer) = (fingerprint("alice"), Consumer::new(&s));
    consumer.gpg(&["--import", "alice.asc"], "").ok();
    assert!(consumer.distrusts(&alice), "before: {:?}", consumer.validities(&alice));
    consumer.import_record(&alice);
    assert_eq!(
        consumer.validities(&alice),
        [
            ("Alice Example <alice@example.org>".to_owned(), "f".to_owned()),
            ("Alice at work <alice@example.net>".to_owned(), "f".to_owned()),
        ]
    );
}

#[test]
fn a_revoked_developer_is_not_valid_and_is_again_after_a_new_certification() {
    let s = Scenario::new();
    let (alice, consumer) = (fingerprint("alice"), Consumer::new(&s));
    certify(&s, "alice");
    consumer.import_record(&alice);
    assert!(consumer.trusts(&alice));

    s.revoke("alice").ok().says("REVOKE on user ID");
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    consumer.import_record(&alice);
    assert!(consumer.distrusts(&alice), "{:?}", consumer.validities(&alice));
    s.countersign(&["developer", "show", &alice]).ok().says("revoked");

    s.certify("alice").ok().says("was REVOKED at").says("trusted AGAIN");
    let session = s.session().run().ok();
    assert!(session.says("NOTE previous-decisions").has("makes the key trusted AGAIN"));
    s.install().ok();
    consumer.import_record(&alice);
    assert!(consumer.trusts(&alice), "{:?}", consumer.validities(&alice));
}

#[test]
fn a_key_that_a_trusted_introducer_certified_is_valid() {
    let ivan = fingerprint("ivan");
    let s = Scenario::with_policy(|policy| {
        format!("{policy}\n[[certify.introducer]]\nfingerprint = \"{ivan}\"\nmax_amount = 120\n")
    })
    .with_gpg();
    s.certify_with("ivan", &["--trust", "120"]).ok().says("TRUSTED INTRODUCER");
    s.session().run().ok().says("NOTE trust").says("depth 1, amount 120 of 120");
    s.install().ok();

    let dave = fingerprint("dave");
    people::gpg(&s.gnupg(), &["--local-user", &ivan, "--quick-sign-key", &dave]).ok();
    let signed = people::gpg(&s.gnupg(), &["--armor", "--export", &dave]).ok().out;
    let consumer = Consumer::new(&s);
    consumer.gpg(&["--import"], &signed).ok();
    assert!(consumer.distrusts(&dave), "before: {:?}", consumer.validities(&dave));
    consumer.import_record(&ivan);
    assert!(consumer.trusts(&dave), "{:?}", consumer.validities(&dave));
}

#[test]
fn a_plain_certification_makes_nobody_an_introducer() {
    let s = Scenario::new().with_gpg();
    certify(&s, "ivan");
    let (ivan, dave) = (fingerprint("ivan"), fingerprint("dave"));
    people::gpg(&s.gnupg(), &["--local-user", &ivan, "--quick-sign-key", &dave]).ok();
    let signed = people::gpg(&s.gnupg(), &["--armor", "--export", &dave]).ok().out;
    let consumer = Consumer::new(&s);
    consumer.gpg(&["--import"], &signed).ok();
    consumer.import_record(&ivan);
    assert!(consumer.trusts(&ivan));
    assert!(consumer.distrusts(&dave));
}

#[test]
fn developers_on_elliptic_curves_are_certified_through_gpg() {
    let s = Scenario::new().with_gpg();
    for name in ["bob", "carol"] {
        let address = format!("{name}@example.org");
        let ask = ["request", "certify", "--local-user", &address];
        let how = ["--accept-agreement", "authority/agreement.txt", "--output", "stick"];
        s.countersign(&[&ask[..], &how].concat()).ok();
    }
    s.session().run().ok().says("Ed25519").says("NIST P-256").says("2 signed with 2 signatures");
    s.install().ok();
    let consumer = Consumer::new(&s);
    for name in ["bob", "carol"] {
        consumer.import_record(&fingerprint(name));
        assert!(consumer.trusts(&fingerprint(name)), "{name}");
    }
}

#[test]
fn a_name_beyond_ascii_is_found_in_gpg_whatever_the_locale() {
    let s = Scenario::new();
    let home = s.gnupg();
    people::new_home(&home);
    people::make_key(&home, &[], &["Jürgen Example <juergen@example.org>"], "ed25519");
    let mut command = Command::new("env");
    command.arg("LC_ALL=C").arg(program("countersign")).args(["request", "certify"]);
    command.args(["--local-user", "Jürgen", "--accept-agreement", "agreement.txt"]);
    command.args(["--output", "stick"]).current_dir(s.root()).env("GNUPGHOME", &home);
    run(&command, "").ok();
    assert_eq!(s.on_stick(".request.asc").len(), 1);
}

#[test]
fn gpg_verifies_what_a_developer_signed_in_the_request() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let consumer = Consumer::new(&s);
    consumer.gpg(&["--import", "bob.asc"], "").ok();
    let request = s.request();
    let request = request.to_str().expect("a plain path");
    consumer.gpg(&["--verify", request], "").ok().says("Good signature from \"Bob Example");
}

#[test]
fn an_exported_key_needs_no_gpg() {
    let s = Scenario::new();
    let arguments = ["--gpg", "does-not-exist"];
    s.certify_with("carol", &arguments).ok();
    s.session().run().ok();
    s.install().ok();
    let consumer = Consumer::new(&s);
    consumer.import_record(&fingerprint("carol"));
    assert!(consumer.trusts(&fingerprint("carol")));
}

#[test]
fn every_export_imports_into_gpg() {
    let s = Scenario::new();
    for name in ["alice", "bob"] {
        s.certify(name).ok();
    }
    s.session().run().ok();
    s.install().ok();
    let (alice, bob) = (fingerprint("alice"), fingerprint("bob"));
    let export = |format, output| {
        s.countersign(&["developer", "export", "--format", format, "--output", output]).ok();
    };
    export("certificate", "all.asc");
    export("keyring", "ring.gpg");
    export("freepbx", "module");
    let names = [&alice, &bob].map(|key| format!("module/signatures/{}.key", &key[24..]));
    for files in [vec!["all.asc"], vec!["ring.gpg"], names.iter().map(String::as_str).collect()] {
        let consumer = Consumer::new(&s);
        for file in &files {
            consumer.gpg(&["--import", file], "").ok();
        }
        assert!(consumer.trusts(&alice) && consumer.trusts(&bob), "{files:?}");
    }
    let count = fs::read_dir(s.path("module/signatures")).expect("the folder").count();
    assert_eq!(count, 2);
}

#[test]
fn the_station_names_the_policy_that_the_authority_names() {
    let s = Scenario::without_station();
    let shown = s.countersign(&["authority", "show"]).ok().out;
    let init = s.airgap(&["station", "init", "--authority", "authority"]).ok().out;
    let digest = |text: &str| {
        let lines: Vec<_> = text.trim_end().lines().rev().take(6).map(str::trim).collect();
        lines.join("\n")
    };
    assert!(digest(&shown).len() > 200);
    assert_eq!(digest(&shown), digest(&init));
}

#[test]
fn the_journal_holds_together_and_names_everything() {
    let s = Scenario::new();
    certify(&s, "alice");
    s.airgap(&["journal", "verify"]).ok().says("2 signatures, 1 signed record: the chain holds");
    s.airgap(&["journal", "show"])
        .ok()
        .says("consented to (by a script): certify")
        .says("Alice at work <alice@example.net>")
        .says("session ended");
}

#[test]
fn a_session_serves_the_master_on_its_card_and_leaves_the_rest() {
    let s = Scenario::of_masters(&["one", "two"]);
    let show = s.countersign(&["authority", "show", "--json"]).ok().out;
    let show: serde_json::Value = serde_json::from_str(&show).expect("JSON");
    let master = |at: usize| show["masters"][at].as_str().expect("a fingerprint").to_owned();
    s.certify_with("bob", &["--master", &master(0)]).ok();
    s.certify("dave").ok().says("master two");
    let first = s.session().card("card-one").run().ok();
    first
        .says(&format!("the card in the reader holds {}", master(0)))
        .says("1 signed")
        .says("1 left");
    s.session()
        .card("card-two")
        .run()
        .ok()
        .says("1 signed")
        .says("1 answered again")
        .says("0 left");
    s.install().ok();
    s.countersign(&["developer", "show", &fingerprint("bob")]).ok().says("certified to");
    s.countersign(&["developer", "show", &fingerprint("dave")]).ok().says("certified to");
}

#[test]
fn an_expired_certification_is_renewed_by_the_next() {
    let s = Scenario::new();
    s.certify_with("bob", &["--validity", "30d"]).ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    let (bob, consumer) = (fingerprint("bob"), Consumer::new(&s));
    consumer.import_record(&bob);
    assert!(consumer.trusts(&bob));
    s.pass(31 * 86_400);
    assert!(consumer.distrusts(&bob), "{:?}", consumer.validities(&bob));
    s.countersign(&["developer", "list"]).ok().says("expired");
    certify(&s, "bob");
    consumer.import_record(&bob);
    assert!(consumer.trusts(&bob), "{:?}", consumer.validities(&bob));
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let s = Scenario::new();
    certify(&s, "alice");
    let programs = [
        ("countersign", "developer list"),
        ("countersign", "generate rules"),
        ("countersign", "authority show"),
        ("airgap", "journal show"),
        ("airgap", "card status --practice-card card"),
    ];
    for (name, arguments) in programs {
        // Whoever would read is gone before the first line is written.
        let line = format!("{{ sleep 0.1; {} {arguments}; }} | true", program(name).display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(s.root());
        run(&shell, "").ok().never_says("panicked");
    }
}
