//! A whole rotation with two cards and ten developers: before, during and after, with gpg as judge
//! on machines that trust the old master, the new one, or both, and FreePBX's number for each
//! module.
#![allow(missing_docs)]

use std::fs;

use countersign::certificate::Certificate;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Consumer, Run, Scenario};
use serde_json::Value;

/// RSA, Ed25519 and NIST P; several user IDs; one user ID revoked; one key that ends.
const DEVELOPERS: [(&str, &[&str], &str, &str); 6] = [
    ("erin", &["Erin <erin@example.org>", "Erin at work <erin@example.net>"], "rsa3072", "5y"),
    ("frank", &["Frank <frank@example.org>", "Frank once <frank@example.net>"], "ed25519", "5y"),
    ("grace", &["Grace <grace@example.org>"], "nistp384", "5y"),
    ("heidi", &["Heidi <heidi@example.org>"], "nistp521", "5y"),
    ("judy", &["Judy <judy@example.org>"], "ed25519", "30d"),
    ("mike", &["Mike <mike@example.org>"], "rsa2048", "5y"),
];
/// Those whom every test has.
const KEPT: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// Two masters, the second one not yet in the policy; everybody certified by the first.
struct Rotation {
    s: Scenario,
    old: String,
    new: String,
    keys: Vec<(String, String)>,
}

impl Rotation {
    fn begin() -> Self {
        let s = Scenario::of_masters(&["one"]);
        let home = s.gnupg();
        people::new_home(&home);
        for (name, user_ids, algorithm, validity) in DEVELOPERS {
            let key = people::make_key(&home, &[], user_ids, algorithm);
            people::gpg(&home, &["--quick-set-expire", &key, validity]).ok();
            if name == "frank" {
                people::gpg(&home, &["--quick-revoke-uid", &key, user_ids[1]]).ok();
            }
            let secret = people::gpg(&home, &["--armor", "--export-secret-keys", &key]).ok().out;
            fs::write(s.path(&format!("{name}.key")), secret).expect("a new file");
        }
        let kept = KEPT.iter().map(|name| ((*name).to_owned(), fingerprint(name)));
        let made = DEVELOPERS.iter().map(|(name, ids, ..)| {
            ((*name).to_owned(), people::find(&home, &format!("={}", ids[0])))
        });
        let keys = kept.chain(made).collect();
        // gpg dates these keys by its own clock.
        s.pass(5);
        let (old, new) = (master(&s, "one"), master(&s, "two"));
        let rotation = Self { s, old, new, keys };
        for (name, _) in &rotation.keys {
            rotation.s.certify(name).ok();
        }
        rotation.sign(&["one"]);
        rotation
    }

    fn key(&self, name: &str) -> &str {
        &self.keys.iter().find(|(n, _)| n == name).expect("somebody").1
    }

    fn ask(&self, verb: &str, more: &[&str]) -> Run {
        let how = ["--key-file", "maria.key", "--output", "stick"];
        self.s.countersign(&[&["request", verb], more, &how].concat())
    }

    fn sign(&self, cards: &[&str]) {
        for card in cards {
            self.s.session().card(&format!("card-{card}")).run().ok();
        }
        self.s.countersign(&["response", "install", "stick", "--requests", "stick"]).ok();
        self.s.clear_stick();
    }

    /// The successor enters the policy, and the station learns of it.
    fn introduce(&self) {
        let s = &self.s;
        people::copy(&people::kept().join("two.card"), &s.path("card-two"));
        s.countersign(&["rotation", "plan", "--successor", "two.asc"]).ok().says("new master");
        s.airgap_told(&["station", "update", "--authority", "authority"], "Yes\n").ok();
        self.ask("cross-certify", &[]).ok();
        self.ask("transition-statement", &["--remark", "The old card is full."]).ok();
        self.sign(&["one", "two"]);
    }

    /// What is published by now reaches a machine.
    fn publish(&self, consumer: &Consumer<'_>) {
        for kind in ["masters", "developers"] {
            let folder = self.s.path("authority").join(kind);
            for file in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
                let path = file.path();
                consumer.gpg(&["--import", path.to_str().expect("a plain path")], "").ok();
            }
        }
    }

    /// Whom gpg on this machine trusts.
    fn trusted(&self, consumer: &Consumer<'_>) -> Vec<&str> {
        self.publish(consumer);
        let all = self.keys.iter().map(|(name, key)| (name.as_str(), key));
        let full = |key: &str| consumer.validities(key).iter().any(|(_, v)| v == "f");
        all.filter(|(_, key)| full(key)).map(|(name, _)| name).collect()
    }

    /// A module signed by somebody, in a folder of its own.
    fn module(&self, name: &str, by: &str) {
        let folder = self.s.path(name);
        fs::create_dir(&folder).expect("a new folder");
        let xml = format!(
            "<module><rawname>{name}</rawname><version>17.0.1</version>\
             <license>GPLv3+</license></module>\n"
        );
        fs::write(folder.join("module.xml"), xml).expect("a new file");
        let key = format!("{by}.key");
        self.s.countersign(&["module", "sign", name, "--key-file", &key]).ok();
    }

    /// What FreePBX says of a module, and whether we call it good.
    fn verdict(&self, module: &str) -> (u64, bool) {
        let run = self.s.countersign(&["module", "verify", module, "--json"]);
        let told: Value = serde_json::from_str(&run.out).expect("JSON");
        let number = told["freepbx"]["status"].as_u64().expect("a number");
        (number, told["strict"]["good"].as_bool().expect("a word"))
    }
}

fn master(s: &Scenario, name: &str) -> String {
    let bytes = fs::read(people::kept().join(format!("{name}.asc"))).expect("a master");
    let certificate = Certificate::read(bytes.as_slice(), &[]).expect("a certificate");
    fs::write(s.path(&format!("{name}.asc")), bytes).expect("a writable folder");
    certificate.fingerprint().to_string()
}

#[test]
fn nothing_breaks_while_a_new_master_takes_over() {
    let r = Rotation::begin();
    let everybody: Vec<&str> = r.keys.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(everybody.len(), 10);
    let trusts_old = Consumer::of(&r.s, "one");
    let trusts_new = Consumer::of(&r.s, "two");
    let trusts_both = Consumer::of(&r.s, "one");
    trusts_both.gpg(&["--import", "two.asc"], "").ok();
    trusts_both.gpg(&["--import-ownertrust"], &format!("{}:6:\n", r.new)).ok();

    // Before: the old master's word is all there is.
    r.module("before", "alice");
    assert_eq!(r.trusted(&trusts_old), everybody);
    assert_eq!(r.trusted(&trusts_both), everybody);
    assert!(r.trusted(&trusts_new).is_empty());
    assert_eq!(r.verdict("before"), (129, true));

    // During: both masters, one of them certifying who comes new.
    r.introduce();
    assert!(r.trusted(&trusts_new).is_empty(), "the new master certified nobody yet");
    r.s.revoke("dave").ok();
    r.sign(&["one"]);
    r.s.certify_with("dave", &["--master", &r.new]).ok();
    r.sign(&["two"]);
    r.module("during", "dave");
    assert_eq!(r.trusted(&trusts_new), ["dave"]);
    assert!(r.trusted(&trusts_both).contains(&"dave"));
    assert_eq!(r.trusted(&trusts_old), everybody, "the old master vouches for the new one");
    assert_eq!(r.verdict("before"), (129, true));
    assert_eq!(r.verdict("during"), (129, true));

    // The campaign: everybody but the one whose key has ended by then.
    r.s.pass(31 * 86_400);
    let asked = r.ask("recertify", &["--all-from", &r.old, "--master", &r.new]);
    asked.ends(3).says("8 requests").says("certified by that master already: 1");
    let index = fs::read_to_string(r.s.path("stick/recertify/INDEX.txt")).expect("an index");
    assert!(index.contains(r.key("judy")), "whose key has ended: {index}");
    let session = r.s.session().card("card-two").answers("Yes\n7\n").run().ok();
    session.says("NOTE key-algorithm").says("A BATCH: RECERTIFY 7 DEVELOPERS").says("0 left");
    r.s.countersign(&["response", "install", "stick"]).ok();
    r.s.clear_stick();
    let rotated: Vec<&str> = everybody.iter().copied().filter(|name| *name != "judy").collect();
    for consumer in [&trusts_old, &trusts_new, &trusts_both] {
        assert_eq!(r.trusted(consumer), rotated);
    }
    let frank = trusts_new.validities(r.key("frank"));
    assert_eq!(frank.iter().filter(|(_, v)| v == "f").count(), 1, "one was revoked: {frank:?}");

    // After: the old master goes, and nobody with it.
    let go = ["--master", &r.old, "--reason", "superseded", "--text", "replaced by the new one"];
    r.ask("revoke-key", &go).ok().says("0 developers");
    r.sign(&["one"]);
    r.module("after", "carol");
    for consumer in [&trusts_new, &trusts_both] {
        assert_eq!(r.trusted(consumer), rotated);
    }
    for module in ["before", "during", "after"] {
        assert_eq!(r.verdict(module), (129, true), "{module}");
    }
    // The retired master's word does not count, whoever asks for it and however late it comes.
    r.s.certify_with("erin", &["--master", &r.old]).ends(3).says("the master is revoked");
}

#[test]
fn freepbx_says_of_what_we_produce_what_the_table_says() {
    let r = Rotation::begin();
    r.introduce();
    r.module("toy", "alice");
    assert_eq!(r.verdict("toy"), (129, true), "certified by the old master");

    // One of two masters revokes: FreePBX goes on, and we say so.
    r.s.certify_with("alice", &["--master", &r.new]).ok();
    r.sign(&["two"]);
    let half = ["request", "revoke", r.key("alice"), "--master", &r.old];
    let how = ["--key-file", "maria.key", "--output", "stick"];
    r.s.countersign(&[&half[..], &how].concat()).ok();
    r.sign(&["one"]);
    assert_eq!(r.verdict("toy").0, 129, "certified by both, one of them revoked");
    let shown = r.s.countersign(&["developer", "show", r.key("alice")]).ok();
    shown.says("HALF REVOKED");

    // Every master revokes, on every user ID.
    r.s.revoke("alice").ok();
    r.sign(&["two"]);
    assert_eq!(r.verdict("toy"), (64, false), "revoked by every master");

    // And certified anew.
    r.s.certify_with("alice", &["--master", &r.new]).ok();
    r.sign(&["two"]);
    assert_eq!(r.verdict("toy").0, 129, "certified anew after a revocation");
    let consumer = Consumer::of(&r.s, "two");
    r.publish(&consumer);
    assert!(consumer.trusts(r.key("alice")));
}
