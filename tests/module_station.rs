//! The master signs modules at the station, asked by a manager.
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use countersign_tests::bad::{session_signs_nothing, signs_nothing};
use countersign_tests::people::copy;
use countersign_tests::run::run;
use countersign_tests::workshop::{module_xml, names};
use countersign_tests::{Consumer, Run, Scenario};

const ASK: [&str; 6] = ["request", "module", "blacklist", "--key-file", "maria.key", "--output"];

/// The module `blacklist` of this version, with three files.
fn module(s: &Scenario, version: &str) {
    let folder = s.path("blacklist");
    fs::create_dir_all(folder.join("assets")).expect("a folder");
    fs::write(folder.join("module.xml"), module_xml("blacklist", version)).expect("written");
    fs::write(folder.join("a.php"), "<?php\n").expect("written");
    fs::write(folder.join("assets/x.js"), "x()\n").expect("written");
}

/// A manager asks, onto the stick.
fn ask(s: &Scenario, more: &[&str]) -> Run {
    s.countersign(&[&ASK[..], &["stick"], more].concat())
}

/// The same, with the module's folder beside the request.
fn asked() -> Scenario {
    let s = Scenario::new();
    module(&s, "17.0.1");
    ask(&s, &[]).ok();
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    s
}

/// What was signed for this version, put into the module, is good for everybody.
#[track_caller]
fn is_good(s: &Scenario, version: &str) {
    let kept = s.path(&format!("authority/modules/blacklist/{version}.module.sig"));
    fs::copy(&kept, s.path("blacklist/module.sig")).expect("a signed list");
    let told = Consumer::new(s).gpg(&["--status-fd", "1", "--verify", "blacklist/module.sig"], "");
    told.ok().says("GOODSIG").says("VALIDSIG").says("TRUST_ULTIMATE");
    let verify = s.countersign(&["module", "verify", "blacklist"]).ok();
    verify.says("good blacklist signed by a master FreePBX: 129 Good");
    let explain = s.countersign(&["module", "explain", "blacklist"]).ok();
    explain.says("over SHA512").says("That is a master of this authority.");
}

#[test]
fn a_module_is_signed_installed_and_good_for_gpg_and_freepbx() {
    let s = Scenario::new();
    module(&s, "17.0.1");
    let told = ask(&s, &["--rawname"]).ok().says("module").says("blacklist").says("17.0.1");
    told.says("next: carry it to the station");
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    let shown = s.countersign(&["request", "show", &s.on_stick(".request.asc")[0]]).ok();
    shown.says("all 3 hashed here, as listed");
    let session = s.session().run().ok().says("1 signed with 1 signature");
    let session = session.says("blacklist").says("17.0.1").says("files 3");
    session.says("20 rules hold").says("· module-files · module-xml · module-changes ·");
    s.install().ok().says("authority/modules/blacklist/17.0.1.module.sig");
    assert_eq!(names(&s.path("authority/modules/blacklist")), ["17.0.1.module.sig"]);
    is_good(&s, "17.0.1");

    // Installing again changes nothing.
    let before = fs::read(s.path("authority/modules/blacklist/17.0.1.module.sig")).expect("a file");
    s.install().ok();
    let after = fs::read(s.path("authority/modules/blacklist/17.0.1.module.sig")).expect("a file");
    assert_eq!(before, after);

    s.clear_stick();
    s.pass(86_400);
    module(&s, "17.0.2");
    fs::remove_file(s.path("blacklist/assets/x.js")).expect("ours");
    fs::write(s.path("blacklist/b.php"), "<?php\n").expect("written");
    fs::write(s.path("blacklist/c.php"), "<?php\n").expect("written");
    let changes = "2 files added, 1 removed, 1 changed";
    ask(&s, &[]).ok().says(changes);
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    s.session().run().ok().says("NOTE module-changes").says(changes);
    s.install().ok();
    is_good(&s, "17.0.2");

    // The same version once more; the first answer does not bring the first list back.
    let (first, _) = s.answer();
    let kept = s.path("first.response.json");
    fs::copy(&first, &kept).expect("a copy");
    let asked = s.request();
    fs::copy(asked, s.path("first.request.asc")).expect("a copy");
    s.clear_stick();
    s.pass(60);
    fs::write(s.path("blacklist/b.php"), "<?php // more\n").expect("written");
    ask(&s, &[]).ok().says("the SAME VERSION again, since version 17.0.2");
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    s.session().run().ok();
    s.install().ok();
    let install = ["response", "install", "first.response.json", "--requests", "first.request.asc"];
    s.countersign(&install).ends(1).says("was signed later than this");
    is_good(&s, "17.0.2");
    s.airgap(&["journal", "verify"]).ok().says("the chain holds");
}

#[test]
fn only_the_list_came() {
    let s = asked();
    fs::remove_dir_all(s.path("stick/blacklist")).expect("ours");
    let run = signs_nothing(&s).ends(3).says("NO module-files ONLY THE LIST CAME");
    run.says("put the folder blacklist or the package blacklist-17.0.1.tgz beside the request");

    let s = Scenario::with_policy(|policy| {
        let from = "list_only = \"refuse\"";
        match policy.contains(from) {
            true => policy.replace(from, "list_only = \"warn\""),
            false => format!("{policy}\n[modules]\nlist_only = \"warn\"\n"),
        }
    });
    module(&s, "17.0.1");
    ask(&s, &[]).ok();
    let run = s.session().run().ok().says("1 signed with 1 signature");
    run.says("NOTE module-files").says("ONLY THE LIST CAME: WHAT THE FILES HOLD IS NOT KNOWN HERE");
    s.install().ok();
    is_good(&s, "17.0.1");
}

#[test]
fn what_was_consented_to_waits_for_its_files() {
    let s = asked();
    s.session().pin("998877").run().says("wrong PIN");
    s.clear_stick();
    let rest = session_signs_nothing(&s, s.session());
    let rest = rest.says("left: consented to already, but without its files: put the folder");
    rest.says("0 refused, 1 left").never_says("REFUSED").never_says("NO module-files");
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    s.session().run().ok().says("1 signed with 1 signature");

    // Other files than listed are no reason to wait.
    let s = asked();
    s.session().pin("998877").run().says("wrong PIN");
    fs::write(s.path("stick/blacklist/a.php"), "evil").expect("written");
    signs_nothing(&s).ends(3).says("NO module-files a.php has other content");
}

#[test]
fn a_module_on_the_stick_that_is_not_as_listed_is_refused() {
    let on_stick = |s: &Scenario, name: &str| s.path("stick/blacklist").join(name);
    type Spoil<'a> = &'a dyn Fn(&Scenario);
    let cases: [(Spoil<'_>, &str); 9] = [
        (&|s| fs::write(on_stick(s, "a.php"), "evil").expect("w"), "a.php has other content"),
        (&|s| fs::remove_file(on_stick(s, "a.php")).expect("w"), "a.php is missing"),
        (&|s| fs::write(on_stick(s, "evil.php"), "").expect("w"), "evil.php is not in the list"),
        (&|s| fs::write(on_stick(s, "a b;c"), "").expect("w"), "a b;c is not in the list"),
        (
            &|s| {
                fs::rename(on_stick(s, "a.php"), s.path("a.php")).expect("w");
                symlink(s.path("a.php"), on_stick(s, "a.php")).expect("w");
            },
            "a.php is a link: copy what it leads to",
        ),
        (
            &|s| symlink("nowhere", on_stick(s, "link")).expect("w"),
            "link is a link: copy what it leads to",
        ),
        (
            &|s| {
                fs::remove_file(on_stick(s, "a.php")).expect("w");
                run(Command::new("mkfifo").arg(on_stick(s, "a.php")), "").ok();
            },
            "a.php cannot be read: it is a pipe",
        ),
        (
            &|s| {
                fs::remove_dir_all(s.path("stick/blacklist")).expect("w");
                fs::write(s.path("stick/blacklist"), "").expect("w");
            },
            "the module's files cannot be read",
        ),
        (
            &|s| {
                fs::rename(s.path("stick/blacklist"), s.path("elsewhere")).expect("w");
                symlink(s.path("elsewhere"), s.path("stick/blacklist")).expect("w");
                fs::write(s.path("elsewhere/a.php"), "evil").expect("w");
            },
            "blacklist is a link: copy what it leads to",
        ),
    ];
    let s = asked();
    for (spoil, says) in cases {
        let _ = fs::remove_file(s.path("stick/blacklist"));
        let _ = fs::remove_dir_all(s.path("stick/blacklist"));
        copy(&s.path("blacklist"), &s.path("stick/blacklist"));
        spoil(&s);
        let run = s.session().with(&["--dry-run"]).run();
        run.says("NO module-files").says(says).never_says("panicked");
    }
    // Hidden files are not listed by anybody; they do no harm here.
    let _ = fs::remove_file(s.path("stick/blacklist"));
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    fs::write(on_stick(&s, "evil.php"), "").expect("written");
    signs_nothing(&s).ends(3).says("NO module-files");
}

#[test]
fn a_developer_who_is_no_manager_is_refused() {
    let s = Scenario::new();
    module(&s, "17.0.1");
    let by_bob = ["request", "module", "blacklist", "--key-file", "bob.key", "--output", "stick"];
    let run = s.countersign(&by_bob).ends(3).says("requester-allowed");
    assert!(s.on_stick("").is_empty(), "{}", run.told());
    // He signs a manager's request anew, and carries it himself.
    ask(&s, &[]).ok();
    let text = fs::read_to_string(s.request()).expect("a request");
    let body = countersign_tests::forge::body(&text);
    let forged = countersign_tests::forge::sign(&s.path("bob.key"), &body, s.now());
    fs::write(s.request(), forged).expect("a writable stick");
    copy(&s.path("blacklist"), &s.path("stick/blacklist"));
    signs_nothing(&s).ends(3).says("NO requester-allowed");
}

#[test]
fn what_cannot_be_asked_for_is_said_before_it_travels() {
    let s = Scenario::new();
    module(&s, "17.0.1");
    let xml = s.path("blacklist/module.xml");
    for (content, code, says) in [
        ("<module><rawname>blacklist</rawname></module>", 3, "module.xml names no version"),
        ("<module><version>1</version></module>", 3, "module.xml names no rawname"),
        (&module_xml("whitelist", "1"), 3, "whitelist"),
        (&module_xml("blacklist", "x; rm"), 3, "x; rm"),
        ("<module", 1, "module.xml cannot be used"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><module/>", 1, "module.xml cannot be used"),
    ] {
        fs::write(&xml, content).expect("written");
        ask(&s, &[]).ends(code).says(says);
    }
    fs::remove_file(&xml).expect("ours");
    ask(&s, &[]).ends(1).says("module.xml cannot be opened");
    module(&s, "17.0.1");
    ask(&s, &["--expires-after", "2020-01-01"]).ends(3).says("module-list: the list has expired");
    fs::write(s.path("blacklist/a(b).php"), "").expect("written");
    ask(&s, &[]).ends(3).says("the module cannot be signed as it is").says("breaks its parser");
    fs::remove_file(s.path("blacklist/a(b).php")).expect("ours");
    // A module of thousands of files is more than a request may hold.
    let long = "x".repeat(240);
    for at in 0..7_000 {
        fs::write(s.path(&format!("blacklist/{at}{long}")), "").expect("written");
    }
    let run = ask(&s, &[]).ends(3).says("bytes, policy allows 2097152");
    run.says("hint: size: ask for less (fewer user IDs, a module of fewer files)");
    assert!(s.on_stick("").is_empty());
}
