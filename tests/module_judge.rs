//! A PBX's operator has the modules judged and explained.
#![allow(missing_docs)]

use std::fs;
use std::path::Path;

use countersign_tests::modules::{freepbx, signatures};
use countersign_tests::signers::World;
use countersign_tests::workshop::{Workshop, module_xml};
use countersign_tests::{Run, program};
use serde_json::Value;

/// The line about a module.
#[track_caller]
fn line<'a>(run: &'a Run, module: &str) -> &'a str {
    let found = run.out.lines().find(|line| line.split_whitespace().nth(1) == Some(module));
    found.unwrap_or_else(|| panic!("{module}: {}", run.told()))
}

#[track_caller]
fn is_line(run: &Run, module: &str, expected: &str) {
    let words: Vec<&str> = line(run, module).split_whitespace().collect();
    assert_eq!(words.join(" "), expected, "{}", run.told());
}

/// Modules of every fate, by the names of their folders.
fn pbx() -> Workshop {
    let mut w = Workshop::new();
    w.world.person("stranger", "ed25519", "never");
    w.world.person("gone", "ed25519", "never");
    w.world.certify("one", "gone", 10, &[], &[]);
    w.publish(&["stranger", "gone"]);
    for name in ["fine", "altered", "missing", "added", "edited"] {
        w.signed(name, "dev");
    }
    w.signed("revoked", "gone");
    w.world.revoke("one", "gone", 25, &["y"], &[]);
    w.publish(&["gone"]);
    w.write("altered/a.php", "<?php // altered\n");
    fs::remove_file(w.path("missing/a.php")).expect("ours");
    w.write("added/evil.php", "<?php\n");
    let sig = fs::read_to_string(w.path("edited/module.sig")).expect("text");
    w.write("edited/module.sig", sig.replace("repo=manual", "repo=commercial"));
    w.module("unsigned");
    w.module("strange");
    let list = w
        .list("", &[("a.php", "<?php\n")])
        .replace(&w.world.fingerprint("dev"), &w.world.fingerprint("stranger"));
    w.write("strange/module.sig", w.clearsign("stranger", &list));
    w
}

#[test]
fn each_module_has_one_line_and_a_sentence_where_the_verdicts_differ() {
    let w = pbx();
    let all = ["fine", "altered", "missing", "added", "edited", "revoked", "unsigned", "strange"];
    let run = w.by_keys(&[&["module", "verify"][..], &all].concat()).ends(4);
    let one = w.world.fingerprint("one");
    let by = &one[24..];
    is_line(&run, "fine", &format!("good fine certified by {by} FreePBX: 129 Good"));
    let tampered = "130 Module has been tampered. Please redownload";
    is_line(&run, "altered", &format!("BAD altered a.php is altered FreePBX: {tampered}"));
    is_line(&run, "missing", &format!("BAD missing a.php is missing FreePBX: {tampered}"));
    is_line(&run, "added", "BAD added evil.php is not listed FreePBX: 129 Good");
    let revoked = "64 Module has been revoked and can not be enabled";
    assert!(line(&run, "revoked").contains(revoked), "{}", run.told());
    assert!(line(&run, "revoked").contains(&format!("{one} took its certification")));
    assert!(line(&run, "edited").contains("it was altered"), "{}", run.told());
    is_line(&run, "unsigned", "BAD unsigned there is no module.sig FreePBX: 8 Module is Unsigned");
    assert!(line(&run, "strange").contains("7 Good"), "{}", run.told());
    let after = |module: &str| {
        let mut lines = run.out.lines().skip_while(|l| l.split_whitespace().nth(1) != Some(module));
        lines.nth(1).unwrap_or_default().trim().to_owned()
    };
    let added =
        "why FreePBX differs: FreePBX looks at listed files only: it never notices an added one.";
    assert_eq!(after("added"), added);
    assert!(after("strange").contains("FreePBX says tampered and means that gpg does not trust"));
    assert!(after("altered").starts_with("BAD"), "{}", run.told());
    assert_eq!(run.err.trim(), "error: 7 of 8 modules are not good");

    let quiet = w.by_keys(&["module", "verify", "fine", "added", "--quiet"]).ends(4);
    assert!(!quiet.out.contains("fine") && quiet.out.contains("added"), "{}", quiet.told());
    let good = w.by_keys(&["module", "verify", "fine"]).ok();
    assert_eq!((good.out.lines().count(), good.err.as_str()), (1, ""), "{}", good.told());
    let absent = w.by_keys(&["module", "verify", "fine", "absent"]).ends(4);
    absent.says("error: absent cannot be opened").says("good fine").says("1 of 2 modules");
    w.by_keys(&["module", "verify"]).ends(2);
    w.run(&["module", "verify", "fine"]).ends(1).says("hint: or the masters' certificates");
}

#[test]
fn details_and_json_tell_all_that_was_found() {
    let w = Workshop::new();
    w.signed("broken", "dev");
    w.write("broken/a.php", "<?php // altered\n");
    w.write("broken/b.php", "<?php // added\n");
    let verify = ["module", "verify", "broken"];
    let short = w.by_keys(&verify).ends(4).says("(and 1 more)").never_says("b.php");
    let details = w.by_keys(&[&verify[..], &["--details"]].concat()).ends(4);
    let details =
        details.says("file-altered: a.php is altered").says("FreePBX says: a.php altered");
    let details = details.says("file-unlisted: b.php is not listed").says("Signed on ");
    details.says("It lists 3 files, repository manual").says(&w.world.fingerprint("one"));
    assert_eq!(short.out.lines().count(), 1, "{}", short.told());

    let json = w.by_keys(&[&verify[..], &["--json"]].concat()).ends(4);
    let value: Value = serde_json::from_str(&json.out).expect("one line of JSON");
    assert_eq!((&value["version"], &value["module"]), (&Value::from(1), &Value::from("broken")));
    assert_eq!(value["strict"]["good"], false);
    let problems = value["strict"]["problems"].as_array().expect("problems");
    let names: Vec<_> = problems.iter().map(|p| p["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["file-altered", "file-unlisted"]);
    assert_eq!(value["signer"], Value::from(w.world.fingerprint("dev")));
    assert_eq!(value["freepbx"]["status"], 130);
    assert_eq!(value["freepbx"]["details"][0], "a.php altered");
    w.signed("fine", "dev");
    let both = w.by_keys(&["module", "verify", "fine", "broken", "--json"]).ends(4);
    assert_eq!(both.out.lines().count(), 2, "one line for each: {}", both.told());
    let value: Value = serde_json::from_str(both.out.lines().next().unwrap_or("")).expect("JSON");
    assert_eq!((&value["strict"]["good"], &value["difference"]), (&true.into(), &Value::Null));
}

#[test]
fn keys_may_be_in_folders_or_in_one_exported_keyring() {
    let w = Workshop::new();
    w.signed("fine", "dev");
    let (one, two) = (w.world.public("one"), w.world.public("two"));
    let dev = w.world.public("dev");
    w.write("all.asc", format!("{one}{two}{dev}"));
    w.write("masters.asc", format!("{one}{two}"));
    w.world.import("one", &format!("{two}{dev}"));
    w.write("all.gpg", export(&w, "one"));
    let verify = ["module", "verify", "fine", "--masters"];
    for (masters, keyring) in [
        ("masters", "keys"),
        ("masters.asc", "keys/dev.asc"),
        ("masters.asc", "all.asc"),
        ("masters", "all.gpg"),
    ] {
        w.run(&[&verify[..], &[masters, "--keyring", keyring]].concat()).ok().says("129 Good");
    }
    let unknown = w.run(&[&verify[..], &["masters"]].concat()).ends(4);
    unknown.says("which is not in the keyring").says("FreePBX: 4 Module has been signed with an");
    let other = w.run(&[&verify[..], &["masters/two.asc", "--keyring", "keys"]].concat());
    other.ends(4).says("no master of this authority certified the signer");

    w.write("keys/broken.asc", "nothing\n");
    let told = w.by_keys(&["module", "verify", "fine"]).ok();
    told.says("note: broken.asc is left out");
    w.write("masters/broken.asc", "nothing\n");
    w.by_keys(&["module", "verify", "fine"]).ends(4).says("error: broken.asc");
    w.run(&[&verify[..], &["no-such-file"]].concat()).ends(1).says("no-such-file cannot be opened");
}

/// Everything in a gpg home, as `gpg --export` writes it.
fn export(w: &Workshop, name: &str) -> Vec<u8> {
    let mut gpg = std::process::Command::new("gpg");
    gpg.arg("--homedir").arg(w.world.home(name)).args(["--batch", "--export"]);
    gpg.output().expect("gpg runs").stdout
}

#[test]
fn a_chain_over_sha1_is_accepted_only_when_asked_for() {
    let world = World::since(1_500_000_000);
    let sha1 = ["--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"];
    world.certify("one", "dev", 10, &sha1, &[]);
    let w = Workshop::of(world);
    w.publish(&["dev"]);
    w.module("old");
    let files = [("a.php", "<?php\n"), ("assets/x.js", "x()\n")];
    let xml = module_xml("old", "17.0.1");
    let list = w.list("", &[&files[..], &[("module.xml", &xml)]].concat());
    w.write("old/module.sig", w.world.sign("dev", 20, &list, &["--digest-algo", "SHA1"]));
    let weak = w.by_keys(&["module", "verify", "old"]).ends(4);
    let weak = weak.says("is a SHA-1 one of 2017-07-24").says("129 Good");
    weak.says("gpg still counts SHA-1 certifications of before 2019-01-19");
    let verify = ["module", "verify", "old", "--accept-weak-chains"];
    w.by_keys(&verify).ok().says("the text is signed over SHA-1");
    let all = w.by_keys(&[&verify[..], &["--details"]].concat()).ok();
    all.says("note: the signer's certification is a SHA-1 one").says("(weak: SHA1): this counts.");
    w.by_keys(&["module", "explain", "old"]).ends(4).says("Problem: the signer's only certif");
    w.by_keys(&["module", "explain", "old", "--accept-weak-chains"]).ok().says("Note: the text");
}

#[test]
fn a_signature_is_explained_wherever_it_lies() {
    let w = pbx();
    let (one, dev) = (w.world.fingerprint("one"), w.world.fingerprint("dev"));
    for path in ["fine", "fine/module.sig", "altered"] {
        let run = w.by_keys(&["module", "explain", path]).ok();
        let run = run.says(&format!("key {dev}, over SHA512.")).says("dev <dev@example.org>");
        let run = run.says(&format!("The master {one} certified dev")).says(": this counts.");
        run.says("It lists 3 files, repository manual, written by countersign ");
    }
    let run = w.by_keys(&["module", "explain", "revoked"]).ends(4).says("Problem: ");
    run.says("took the certification back").says("error: this signature is not good");
    let run = w.by_keys(&["module", "explain", "strange"]).ends(4);
    run.says("No master of this authority says anything about that key.");
    w.by_keys(&["module", "explain", "edited"]).ends(4).says("and changed afterwards.");
    let run = w.by_keys(&["module", "explain", "unsigned"]).ends(1);
    run.says("unsigned/module.sig cannot be opened");
    let run = w.by_keys(&["module", "explain", "fine/a.php"]).ends(4);
    run.says("fine/a.php is not a signed text").says("because: ");
}

const MIRROR: &str = "456D051E9204C27C37D4811BB53D215A755231A3";
const EARLY_MIRROR: &str = "1013D73FECAC918A0A25823986CE877469D2EAD9";

/// Explains a real file with the real keys.
fn explain(folder: &Path, file: &Path, more: &[&str]) -> Run {
    let keys = folder.join("keys");
    let mut command = std::process::Command::new(program("countersign"));
    command.args(["module", "explain"]).arg(file).arg("--keyring").arg(&keys);
    for master in ["9F9169F4B33B4659", "1588A7366BD35B34"] {
        command.arg("--masters").arg(keys.join(format!("{master}.key")));
    }
    countersign_tests::run::run(command.args(more), "")
}

#[test]
fn every_real_signature_is_explained() {
    let Some(folder) = freepbx() else { return };
    let time = ["--time", "2026-11-22"];
    for (name, file) in signatures(&folder.join("signatures")) {
        let path = folder.join("signatures").join(&name);
        let run = explain(&folder, &path, &time);
        let early = String::from_utf8_lossy(&file).contains("signedwith=86CE877469D2EAD9");
        assert!(early == name.starts_with("fpbx13-") || early, "{name}");
        let run = run.says("over SHA1.").says("Note: the text is signed over SHA-1.");
        if early {
            let run = run.ends(4).says(EARLY_MIRROR).says("9F9169F4B33B4659 certified");
            run.says("Problem: the signer's only certification").says("SHA-1 one of 201");
            explain(&folder, &path, &[&time[..], &["--accept-weak-chains"]].concat()).ok();
        } else {
            run.ok().says(MIRROR).says("1588A7366BD35B34 certified").never_says("Problem");
        }
    }
    for (name, _) in signatures(&folder.join("odd")) {
        let run = explain(&folder, &folder.join("odd").join(&name), &time).ends(4);
        match name.as_str() {
            "backblaze-odd.module.sig" => {
                let run = run.says("No master of this authority says anything about that key");
                run.says("What it lists cannot be read: line 1: it is not this line of the header");
            }
            "blacklist-plus-modded.module.sig" => {
                run.says(EARLY_MIRROR).says("SHA-1 one of 2014");
            }
            "simpledialer-fake.module.sig" => {
                run.says("is not a signed text").says("because: ");
            }
            _ => {
                run.says("Nobody in the keyring signed this.").says("which is not in the keyring");
            }
        }
    }
}
