//! A trust bundle from the record to the station to a consumer, and what the station refuses.
#![allow(missing_docs)]

use std::fs;

use countersign_tests::bad::signs_nothing;
use countersign_tests::bundles::{
    ask, certify, certify_by, master_key, module, publish, revoke_by,
};
use countersign_tests::people::fingerprint;
use countersign_tests::{Run, Scenario};

/// A consumer that knows the bundle, its own state, and nothing else of the authority.
fn judge(s: &Scenario, bundle: &str, name: &str) -> Run {
    let keys = ["--bundle", bundle, "--state", "pbx.state", "--masters", "master.asc"];
    s.countersign(&[&["module", "verify", name, "--authority", "nowhere"][..], &keys].concat())
}

#[test]
fn a_bundle_is_built_signed_installed_taken_and_goes_with_the_times() {
    let s = Scenario::new();
    certify(&s, &["alice", "bob"]);
    module(&s, "blacklist", "17.0.1", "alice");
    module(&s, "toys", "1.0", "bob");

    let asked = ask(&s, &[]).ok().says("trust bundle 1: 2 developers, 0 blocked modules");
    asked.says("and beside it stick/bundle-1.keyring").says("next: carry it to the station");
    let shown = s.countersign(&["request", "show", &s.on_stick(".request.asc")[0]]).ok();
    shown.says("TRUST BUNDLE").says("serial 1").says("2, each read here");
    let reviewed = s.airgap(&["request", "review", &s.on_stick(".request.asc")[0]]).ok();
    reviewed.says("all that the records here know");
    let session = s.session().run().ok().says("1 signed with 1 signature");
    session.says("serial 1").says("developers 2").says("· bundle-keyring · bundle-masters ·");
    s.install().ok().says("authority/bundles/1.bundle");
    assert!(!s.path("authority/bundles/1.keyring").exists(), "it waits no more");
    // Once more changes nothing.
    let before = fs::read(s.path("authority/bundles/1.bundle")).expect("a bundle");
    s.install().ok();
    assert_eq!(before, fs::read(s.path("authority/bundles/1.bundle")).expect("a bundle"));

    let one = "authority/bundles/1.bundle";
    let verify = ["bundle", "verify", one, "--state", "pbx.state", "--masters", "master.asc"];
    let taken = s.countersign(&verify).ok().says("good authority/bundles/1.bundle");
    taken
        .says("serial 1")
        .says("1 master, 2 developers, 0 blocked modules")
        .says("pinned from now on");
    s.countersign(&verify).ok().never_says("pinned");
    judge(&s, one, "blacklist").ok().says("good blacklist certified by").says("129 Good");
    judge(&s, one, "toys").ok().says("good toys certified by").says("129 Good");
    let explain = ["module", "explain", "blacklist", "--bundle", one, "--state", "pbx.state"];
    s.countersign(&explain).ok().says("certified Alice").says("this counts");

    // Bob goes, and one version of Alice's module with him.
    s.pass(86_400);
    revoke_by(&s, "bob", "one");
    let block = ["bundle", "block", "blacklist", "17.0.1", "--reason", "sends records away"];
    s.countersign(&block).ok().says("blocked from the next bundle on: blacklist 17.0.1");
    s.countersign(&block).ends(1).says("is blocked already");
    s.countersign(&["bundle", "blocked"]).ok().says("blacklist 17.0.1 since");
    // Until the next bundle nothing is different out there.
    judge(&s, one, "blacklist").ok();
    let two = publish(&s);
    assert_eq!(two, "authority/bundles/2.bundle");
    let diff = s.countersign(&["bundle", "diff", one, &two]).ok().says("serial 1 → 2");
    for form in [&[][..], &["--json"]] {
        let turned = s.countersign(&[&["bundle", "diff", &two, one], form].concat()).ends(2);
        turned.says("the first bundle is the newer one: 2 → 1").never_says("blacklist");
    }
    diff.says("REVOKED").says(&fingerprint("bob")).says("+ blocked blacklist 17.0.1");
    let shown = s.countersign(&["bundle", "show", &two]).ok().says("certified by 1 master to");
    shown.says("revoked 20").says("blacklist 17.0.1").says("sends records away");

    let blocked = judge(&s, &two, "blacklist").ends(4).says("BAD blacklist").says("129 Good");
    blocked.says("the authority blocked it on").says("sends records away").says("by itself");
    judge(&s, &two, "toys")
        .ends(4)
        .says("BAD toys")
        .says("FreePBX: 64")
        .says("took its certification");
    module(&s, "blacklist", "17.0.2", "alice");
    judge(&s, &two, "blacklist").ok();

    // There is no way back, and no way on without a newer one.
    judge(&s, one, "toys").ends(4).says("older: it is serial 1, and serial 2 was seen here");
    s.pass(91 * 86_400);
    judge(&s, &two, "blacklist").ok().says("get a newer one before");
    s.pass(14 * 86_400);
    judge(&s, &two, "blacklist").ends(4).says("expired: it was good until");
    let journal = s.airgap(&["journal", "show"]).ok();
    journal.says("trust bundle");
    s.airgap(&["journal", "verify"]).ok().says("the chain holds");
}

#[test]
fn one_bad_list_is_blocked_wherever_it_turns_up() {
    let s = Scenario::new();
    certify(&s, &["alice"]);
    module(&s, "blacklist", "17.0.1", "alice");
    let from = ["bundle", "block", "--from", "blacklist", "--reason", "a back door"];
    s.countersign(&from).ok().says("blacklist 17.0.1");
    let bundle = publish(&s);
    judge(&s, &bundle, "blacklist").ends(4).says("a back door");
    fs::rename(s.path("blacklist"), s.path("innocent")).expect("renamed");
    judge(&s, &bundle, "innocent").ends(4).says("a back door");
    s.countersign(&["bundle", "unblock", "blacklist", "17.0.2"]).ends(1).says("is not blocked");
    s.countersign(&["bundle", "unblock", "blacklist", "17.0.1"]).ok();
    let asked = ask(&s, &[]).ok();
    asked.says("NO LONGER BLOCKED: blacklist 17.0.1");
    s.session().run().ok().says("NOTE bundle-blocked").says("NO LONGER BLOCKED: blacklist 17.0.1");
    for (more, says) in [
        (&["blacklist", "1 2", "--reason", "x"][..], "a version is one word"),
        (&["blacklist", "1", "--reason", "a\nb"], "a reason is one plain line"),
        (&["blacklist", "1", "--reason", ""], "a reason is one plain line"),
        (&["--from", "nowhere", "--reason", "x"], "module.xml cannot be opened"),
    ] {
        s.countersign(&[&["bundle", "block"], more].concat()).ends(1).says(says);
    }
    assert!(s.countersign(&["bundle", "blocked"]).ok().out.is_empty());
}

#[test]
fn who_is_left_out_and_who_is_half_revoked_is_said() {
    let s = Scenario::of_masters(&["one", "two"]);
    certify_by(&s, &["alice", "bob"], "one");
    certify_by(&s, &["alice"], "two");
    s.pass(60);
    revoke_by(&s, "alice", "one");
    let asked = ask(&s, &["--master", &master_key(&s, "one")]).ok();
    asked.says("Alice Example").says("HALF REVOKED").says("have it revoked by every master");
    s.pass(3 * 366 * 86_400);
    let asked = ask(&s, &[]).ok().says("left out:").says("Bob Example").says("expired on");
    asked.says(": 1 developer, 0 blocked modules");
}

#[test]
fn what_lies_beside_the_request_is_judged_and_not_believed() {
    let s = Scenario::new();
    certify(&s, &["alice", "bob"]);
    ask(&s, &[]).ok();
    let keyring = s.path("stick/bundle-1.keyring");
    let good = fs::read(&keyring).expect("a keyring");
    fs::remove_file(&keyring).expect("ours");
    signs_nothing(&s).ends(3).says("NO bundle-keyring only the head came");
    for bytes in [&good[..good.len() - 1], &[&good[..], b"x"].concat(), b"", &good[100..]] {
        fs::write(&keyring, bytes).expect("written");
        signs_nothing(&s).ends(3).says("NO bundle-keyring").never_says("panicked");
    }
    fs::remove_file(&keyring).expect("ours");
    std::os::unix::fs::symlink("/etc/passwd", &keyring).expect("a link");
    signs_nothing(&s).ends(3).says("is not a regular file: a link");
    fs::remove_file(&keyring).expect("ours");
    fs::write(&keyring, &good).expect("written");
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn a_revocation_that_the_station_signed_cannot_be_left_out() {
    let s = Scenario::new();
    certify(&s, &["alice", "bob"]);
    s.pass(60);
    // The answer to the revocation never comes into the record.
    s.clear_stick();
    s.revoke("bob").ok();
    s.session().run().ok();
    ask(&s, &[]).ok().says("2 developers");
    let run = signs_nothing(&s).ends(3).says("NO bundle-decisions the revocation of");
    run.says(&fingerprint("bob")).says("install the answer to that request first");
    // Nor by leaving Bob out of it.
    let bob = s.path(&format!("authority/developers/{}.asc", fingerprint("bob")));
    let kept = fs::read(&bob).expect("a certificate");
    fs::remove_file(&bob).expect("ours");
    ask(&s, &[]).ok().says(": 1 developer, 0 blocked modules");
    signs_nothing(&s).ends(3).says("NO bundle-decisions");
    fs::write(&bob, kept).expect("written");
}

#[test]
fn a_serial_number_is_used_once() {
    let s = Scenario::new();
    certify(&s, &["alice"]);
    publish(&s);
    s.pass(60);
    // Whoever has lost the record cannot begin again.
    fs::remove_dir_all(s.path("authority/bundles")).expect("ours");
    ask(&s, &[]).ok().says("trust bundle 1:");
    let run = signs_nothing(&s).ends(3).says("NO bundle-serial the serial number is 1, and 1 was");
    run.says("--serial 2");
    ask(&s, &["--serial", "2"]).ok();
    s.session().run().ok().says("1 signed with 1 signature");
    s.install().ok();
    let old = ask(&s, &["--serial", "2"]);
    old.ends(3).says("bundle-serial").says("--serial 3");
}

#[test]
fn a_developer_cannot_ask_for_a_bundle() {
    let s = Scenario::new();
    certify(&s, &["alice"]);
    s.clear_stick();
    let by_bob = ["bundle", "build", "--key-file", "bob.key", "--output", "stick"];
    s.countersign(&by_bob).ends(3).says("requester-allowed");
    assert!(s.on_stick("").is_empty());
    assert!(!s.path("authority/bundles").exists());
    let nowhere = ["bundle", "build", "--key-file", "maria.key", "--output", "-"];
    s.countersign(&nowhere).ends(2).says("name a folder");
}

#[test]
fn a_consumer_of_the_old_master_follows_to_the_new_one_by_its_word() {
    let s = Scenario::of_masters(&["one", "two"]);
    let (old, new) = (master_key(&s, "one"), master_key(&s, "two"));
    certify_by(&s, &["alice"], "one");
    certify_by(&s, &["bob"], "two");
    module(&s, "blacklist", "17.0.1", "alice");
    module(&s, "toys", "1.0", "bob");
    let sign = |by: &str| {
        let card = format!("card-{by}");
        ask(&s, &["--master", &master_key(&s, by)]).ok();
        s.session().card(&card).run().ok().says("1 signed with 1 signature");
        let installed = s.install().ok();
        let at = installed.out.find("authority/bundles/").expect("a path");
        installed.out[at..].split_whitespace().next().expect("a name").to_owned()
    };
    // Both masters are named, and neither says a word about the other.
    let without = sign("two");
    judge(&s, &without, "toys").ends(4).says("successor: it names the master").says(&new);
    assert!(!s.path("pbx.state").exists());

    s.clear_stick();
    let ask = ["request", "cross-certify", "--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&ask[..], &["--old", &old, "--new", &new]].concat()).ok();
    s.session().card("card-one").run().ok();
    s.install().ok();
    let with = sign("two");
    judge(&s, &with, "toys").ok().says("hands over to").says("good toys");
    // Once followed, the old one is not needed, and nothing is said again.
    judge(&s, &with, "blacklist").ok().says("good blacklist").never_says("hands over");
}

#[test]
fn a_version_that_is_blocked_by_name_can_be_blocked_by_its_list_too() {
    let s = Scenario::new();
    fs::create_dir(s.path("toy")).expect("a new folder");
    let xml = "<module><rawname>toy</rawname><version>1.0</version>\
               <license>GPLv3+</license></module>\n";
    fs::write(s.path("toy/module.xml"), xml).expect("a new file");
    s.certify("bob").ok();
    s.session().run().ok();
    s.install().ok();
    s.countersign(&["module", "sign", "toy", "--key-file", "bob.key"]).ok();
    let block = ["bundle", "block", "--reason", "back door"];
    s.countersign(&[&block[..], &["toy", "1.0"]].concat()).ok();
    let file = || fs::read_to_string(s.path("authority/blocked.toml")).expect("a list");
    assert!(!file().contains("list = "), "{}", file());
    s.countersign(&[&block[..], &["--from", "toy"]].concat()).ok().says("and this very list");
    assert!(file().contains("list = ") && file().matches("[[module]]").count() == 1, "{}", file());
    s.countersign(&[&block[..], &["--from", "toy"]].concat()).ends(1).says("is blocked already");
}

#[test]
fn a_state_is_begun_with_masters_that_were_named() {
    let s = Scenario::new();
    let run = s.countersign(&["bundle", "verify", "any.bundle", "--state", "new.state"]).ends(2);
    run.says("no master is pinned in the state yet").says("--masters");
    assert!(!s.path("new.state").exists());
}
