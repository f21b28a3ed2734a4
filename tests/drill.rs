//! A revocation tried before anybody publishes it: gpg, FreePBX and we, in a scratch copy.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use countersign_tests::modules::is_modelled;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::run::run;
use countersign_tests::{Run, Scenario};
use serde_json::Value;

/// Every file of the record and its content.
fn record(s: &Scenario) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![s.path("authority")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let content = fs::read(entry.path()).expect("a file");
                    files.insert(entry.path().display().to_string(), content);
                }
            }
        }
    }
    files
}

/// Two masters; `alice` is certified by the first, `bob` by both.
fn two_masters() -> (Scenario, [String; 2]) {
    let s = Scenario::of_masters(&["one", "two"]);
    let show = s.countersign(&["authority", "show", "--json"]).ok().out;
    let show: Value = serde_json::from_str(&show).expect("JSON");
    let master = |at: usize| show["masters"][at].as_str().expect("a fingerprint").to_owned();
    let masters = [master(0), master(1)];
    for (name, master) in [("alice", 0), ("bob", 0), ("bob", 1)] {
        s.certify_with(name, &["--master", &masters[master]]).ok();
    }
    for card in ["card-one", "card-two"] {
        s.session().card(card).run().ok();
    }
    s.install().ok();
    s.clear_stick();
    (s, masters)
}

fn drill(s: &Scenario, what: &[&str]) -> Run {
    s.countersign(&[&["revocation", "drill"], what].concat())
}

fn in_json(s: &Scenario, what: &[&str]) -> Value {
    let run = drill(s, &[what, &["--json"]].concat()).ok();
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.told()))
}

/// What is said of a key afterwards, but for gpg's own word.
fn after(report: &Value, key: &str) -> Value {
    let all = report["changed_keys"].as_array().expect("a list");
    let one = all.iter().find(|k| k["key"] == key).unwrap_or_else(|| panic!("{key} in {report}"));
    one["after"].clone()
}

fn modelled() -> bool {
    let version = run(std::process::Command::new("gpg").arg("--version"), "").ok().out;
    is_modelled(version.lines().next().unwrap_or_default(), "2.2.")
}

#[test]
fn what_is_supposed_is_what_the_answers_do() {
    let (s, masters) = two_masters();
    let bob = fingerprint("bob");
    let before = record(&s);
    let supposed = in_json(&s, &["--developer", &bob]);
    assert_eq!(supposed["gpg"], Value::Null, "nobody can run gpg on what nobody made");
    assert_eq!(after(&supposed, &bob)["freepbx"], 64);

    s.revoke("bob").ok();
    for card in ["card-one", "card-two"] {
        s.session().card(card).run().ok();
    }
    let answers = s.on_stick(".response.json");
    assert_eq!(answers.len(), 2);
    // One master's word alone: FreePBX goes on, we do not.
    let half = in_json(&s, &["--response", &answers[0]]);
    assert_eq!(after(&half, &bob)["freepbx"], 129);
    assert_eq!((&half["developers_stop"], &after(&half, &bob)["good"]), (&1.into(), &false.into()));
    let both = ["--response", &answers[0], "--response", &answers[1]];
    let real = in_json(&s, &both);
    assert_eq!(real["developers_stop"], 1);
    assert_eq!(after(&real, &bob)["freepbx"], 64);
    if modelled() {
        assert!(real["gpg"].as_str().is_some_and(|v| v.contains("GnuPG")));
        assert_eq!(after(&real, &bob)["gpg"], after(&supposed, &bob)["gpg"], "gpg itself");
        drill(&s, &both).ok().never_says("NOTE our model");
    }
    assert_eq!(record(&s), before, "nothing of it reached the record");
    assert!(s.countersign(&["developer", "show", &bob]).ok().has("certified to"));

    // A master: whom it alone certified stops, nobody else.
    let gone = in_json(&s, &["--master", &masters[0]]);
    assert_eq!((&gone["developers"], &gone["developers_stop"]), (&2.into(), &1.into()));
    assert_eq!(after(&gone, &fingerprint("alice"))["freepbx"], 7);
    let words = drill(&s, &["--master", &masters[0], "--reason", "compromised"]).ok();
    words
        .says(&format!("if the master {} were revoked today: 1 developer, 0 modules", masters[0]))
        .says("gpg, not run: by our model of GnuPG 2.2");
}

#[test]
fn modules_are_named_with_their_signers() {
    let (s, masters) = two_masters();
    let s = s.with_gpg();
    for (name, who) in [("blacklist", "alice"), ("callback", "bob")] {
        fs::create_dir(s.path(name)).expect("a folder");
        let xml = format!("<module><rawname>{name}</rawname><version>17.0.1</version></module>\n");
        fs::write(s.path(name).join("module.xml"), xml).expect("written");
        let user = format!("{who}@example.org");
        let key = s.countersign(&["module", "sign", name, "--local-user", &user]);
        key.ok();
    }
    s.pass(60);
    let modules = ["--module", "blacklist", "--module", "callback"];
    let gone = in_json(&s, &[&["--master", &masters[0]][..], &modules].concat());
    assert_eq!((&gone["modules"], &gone["modules_stop"]), (&2.into(), &1.into()));
    let changed = &gone["changed_modules"][0];
    assert_eq!(changed["module"], "blacklist");
    assert_eq!(changed["signer"], fingerprint("alice"));
    assert_eq!(
        (&changed["before"]["freepbx"], &changed["after"]["freepbx"]),
        (&129.into(), &7.into())
    );
    drill(&s, &[&["--developer", &fingerprint("bob")][..], &modules].concat())
        .ok()
        .says("module callback")
        .says("129 (good, trusted) → 64 (revoked)")
        .says("1 developer, 1 module would stop (FreePBX: 1 and 1; strictly: 1 and 1)");
    people::kill_agent(&s.gnupg());
}

#[test]
fn a_revocation_certificate_by_gpg_and_ones_that_are_none() {
    let (s, _) = two_masters();
    let s = s.with_gpg();
    let alice = fingerprint("alice");
    // As gpg kept it when the key was made: with a colon that keeps it from being imported.
    let kept = s.gnupg().join("openpgp-revocs.d").join(format!("{alice}.rev"));
    let kept = kept.display().to_string();
    s.pass(60);
    drill(&s, &["--certificate", &kept])
        .ok()
        .says(&format!("developer {alice}"))
        .says("valid → revoked")
        .says("1 developer, 0 modules would stop");
    let text = fs::read_to_string(&kept).expect("gpg keeps one");
    assert!(text.contains("\n:-----BEGIN"), "{text}");

    let spoiled = |name: &str, content: &[u8]| {
        fs::write(s.path(name), content).expect("written");
        drill(&s, &["--certificate", name])
    };
    spoiled("none.asc", b"not OpenPGP").ends(4).says("not a revocation certificate");
    let certificate = fs::read(s.path("alice.asc")).expect("a certificate");
    spoiled("certificate.asc", &certificate).ends(4).says("holds 0 revocations");
    spoiled("long.asc", &vec![b'x'; 100_000]).ends(1);
    let dave = s.gnupg().join("openpgp-revocs.d").join(format!("{}.rev", fingerprint("dave")));
    spoiled("dave.rev", &fs::read(dave).expect("gpg keeps one")).ends(4).says("no key on record");
    // Alice's, altered in its last bytes.
    let armored = text.split_once("\n:").map(|(_, armored)| armored).expect("a colon");
    fs::write(s.path("clean.asc"), armored).expect("written");
    let (clean, dearmored) = (s.path("clean.asc"), s.path("clean.pgp"));
    let (clean, dearmored) = (clean.display().to_string(), dearmored.display().to_string());
    people::gpg(&s.gnupg(), &["--output", &dearmored, "--dearmor", &clean]).ok();
    let mut bytes = fs::read(Path::new(&dearmored)).expect("gpg wrote it");
    *bytes.last_mut().expect("bytes") ^= 1;
    spoiled("false.pgp", &bytes).ends(4).says("was not made by that key");
    people::kill_agent(&s.gnupg());
}

#[test]
fn who_is_not_on_record_is_not_drilled() {
    let (s, masters) = two_masters();
    let dave = fingerprint("dave");
    drill(&s, &["--developer", &dave]).ends(1).says("no developer");
    let other = drill(&s, &["--developer", &masters[0]]).ends(2);
    other.says("is a master of this authority").says(&format!("drill --master {}", masters[0]));
    drill(&s, &["--master", &dave]).ends(1).says("not one of this authority's");
    drill(&s, &[]).ends(2);
    drill(&s, &["--developer", &dave, "--master", &masters[0]]).ends(2);
    drill(&s, &["--developer", &dave, "--reason", "retired"]).ends(2);
}
