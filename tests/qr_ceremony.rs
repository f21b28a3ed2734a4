//! The whole ceremony without a stick, codes in files in place of camera and screen.
#![allow(missing_docs)]

use std::fs;

use countersign_tests::people::fingerprint;
use countersign_tests::run::run;
use countersign_tests::{Consumer, Run, Scenario};

/// Shows files of `from` as codes in `file`.
fn show(s: &Scenario, from: &[String], file: &str) -> Run {
    let mut arguments = vec!["qr", "show", "--output", file, "--force"];
    arguments.extend(from.iter().map(String::as_str));
    s.countersign(&arguments)
}

/// Reads the answers in `file` onto the stick, where the requests are.
fn scan(s: &Scenario, file: &str) -> Run {
    s.countersign(&["qr", "scan", file, "--output", "stick"])
}

#[test]
fn without_a_stick_a_developer_is_certified_renewed_and_revoked() {
    let s = Scenario::new();
    let (alice, consumer) = (fingerprint("alice"), Consumer::new(&s));
    s.certify("alice").ok();
    // The first request travels whole, a later one leaves the certificate at home.
    show(&s, &s.on_stick(".request.asc"), "request.gif").ok().never_says(".ref");
    let session = s.session().camera("request.gif").screen("answers.gif").run().ok();
    session.says("1 request in codes from request.gif").says("1 signed with 2 signatures");
    scan(&s, "answers.gif").ok().says(".response.rsa (").says(".response.json");
    s.install().ok();
    s.clear_stick();
    consumer.import_record(&alice);
    assert!(consumer.trusts(&alice));

    s.certify("alice").ok();
    show(&s, &s.on_stick(".request.asc"), "renewal.pdf").ok();
    let session = s.session().camera("renewal.pdf").screen("renewed.apng").run().ok();
    session.says("this is a renewal").says("1 signed");
    scan(&s, "renewed.apng").ok();
    s.install().ok();
    s.clear_stick();

    s.revoke("alice").ok();
    show(&s, &s.on_stick(".request.asc"), "revoke.png").ok().says(".request.ref").says("one code");
    s.session().camera("revoke.png").screen("revoked.svg").run().ok().says("1 signed");
    let svg = fs::read_to_string(s.path("revoked.svg"))
        .or_else(|_| fs::read_to_string(s.path("revoked-1.svg")));
    assert!(svg.expect("a picture for each code").starts_with("<svg"));
    s.session().camera("revoke.png").screen("revoked.gif").run().ok().says("1 answered again");
    scan(&s, "revoked.gif").ok();
    s.install().ok();
    consumer.import_record(&alice);
    assert!(consumer.distrusts(&alice));
}

#[test]
fn a_stick_and_codes_mix() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().screen("answers.gif").run().ok().says("1 signed");
    assert_eq!(s.on_stick(".response.json").len(), 0);
    show(&s, &s.on_stick(".request.asc"), "request.gif").ok();
    s.session().camera("request.gif").run().ok().says("1 answered again");
    let by_stick = fs::read(s.answer().0).expect("an answer");
    fs::remove_file(s.answer().0).expect("our own file");
    scan(&s, "answers.gif").ok();
    assert_eq!(fs::read(s.answer().0).expect("an answer"), by_stick, "the very same text");
}

#[test]
fn an_answer_counts_as_answered_only_when_somebody_says_that_it_was_read() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let answered = |s: &Scenario| s.events().iter().filter(|e| e.get("answered").is_some()).count();
    let run = s.session().answers("Yes\nwhat\nAgain\nLater\n").screen("a.gif").run().ends(6);
    run.says("1 signed")
        .says("NOT READ 1 answer")
        .says("1 answer was not read by the other side")
        .says("Nothing but these words counts");
    assert_eq!(answered(&s), 0);
    let counter = s.card()["counter"].clone();
    // Nobody is there: the same.
    s.session().answers("").screen("b.gif").run().ends(6).says("its answer was not written");
    assert_eq!(answered(&s), 0);
    s.session().answers("Yes\n").screen("c.gif").run().ok().says("1 answered again");
    assert_eq!(answered(&s), 1);
    assert_eq!(s.card()["counter"], counter, "without the card");
    scan(&s, "a.gif").ok();
    let first = fs::read(s.answer().0).expect("an answer");
    fs::remove_file(s.answer().0).expect("our own file");
    scan(&s, "c.gif").ok();
    assert_eq!(fs::read(s.answer().0).expect("an answer"), first, "the very same text");
    s.install().ok();
}

#[test]
fn a_record_alone_is_shown_and_is_the_one_that_was_signed() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    let record = s.path("stick/session-000001.record.asc");
    let signed = fs::read(&record).expect("a record");
    fs::remove_file(&record).expect("our own file");
    let counter = s.card()["counter"].clone();
    let later = run(&s.session().screen("a.gif").record(), "Later\n").ends(6);
    later.says("NOT READ the record");
    run(&s.session().screen("b.gif").record(), "Yes\n").ok().says("it goes out once more");
    assert_eq!(s.card()["counter"], counter, "without the card");
    scan(&s, "b.gif").ok();
    assert_eq!(fs::read(&record).expect("a record"), signed);
}

#[test]
fn what_waits_is_shown_although_the_camera_brings_nothing() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().answers("Yes\nLater\n").screen("a.gif").run().ends(6);
    fs::create_dir(s.path("pictures")).expect("a new folder");
    let run = s.session().answers("Yes\n").camera("pictures").screen("b.gif").run().ok();
    run.says("0 requests in codes from pictures").says("1 answered again");
    let run = s.session().camera("pictures").screen("c.gif").run().ends(1);
    run.says("no request (*.request.asc) in codes from pictures");
}

#[test]
fn what_the_camera_did_not_read_whole_begins_no_session() {
    let s = Scenario::new();
    s.certify("alice").ok();
    let low = ["--density", "low"];
    let request = s.on_stick(".request.asc").remove(0);
    s.countersign(&[&["qr", "show", &request, "--output", "codes.png"][..], &low].concat()).ok();
    let (before, events) = (s.watch(), s.events());
    let run = s.session().camera("codes-01.png").screen("a.gif").run().ends(1);
    run.says("codes cannot be read").says("codes are missing: the message is not whole");
    let run = s.session().camera("alice.asc").screen("a.gif").run().ends(1);
    run.says("no request (*.request.asc) in codes from alice.asc");
    s.nothing_signed_since(&before);
    assert_eq!(s.events(), events);
}

#[test]
fn what_the_answers_will_cost_is_said_before_the_pin() {
    let s = Scenario::new();
    s.certify("alice").ok();
    let run = s.session().screen("a.gif").with(&["--density", "5", "--fps", "1"]).run().ok();
    let told = run.out.find("the answers will be about").expect("a forecast");
    assert!(told < run.out.find("will make 2 signatures").expect("the PIN's question"));
    s.clear_stick();
    s.certify("bob").ok();
    s.session().run().ok().never_says("the answers will be about");
}

#[test]
fn a_refusal_travels_whole() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let run = s.session().answers("No\nI do not know Bob\nYes\n").screen("a.gif").run().ends(3);
    run.says("1 refused");
    scan(&s, "a.gif").ok().says(".response.json (");
    s.install().ends(3).says("I do not know Bob");
}

#[test]
fn a_certificate_that_the_station_does_not_hold_is_asked_for() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    // Another station of the same authority, which never saw Alice.
    s.airgap(&["station", "init", "--authority", "authority", "--station", "other"]).ok();
    s.certify("alice").ok();
    show(&s, &s.on_stick(".request.asc"), "small.gif").ok().says(".request.ref");
    let before = s.watch();
    let run = s.session().camera("small.gif").screen("a.gif").with(&["--station", "other"]).run();
    run.ends(3).says("that very certificate is not here: show the request whole (--whole)");
    s.nothing_signed_since(&before);
    let scanned = s.airgap(&["qr", "scan", "small.gif", "--station", "other"]).ends(1);
    scanned.says("is kept as it came").says("--whole");
    let request = s.on_stick(".request.asc").remove(0);
    s.countersign(&["qr", "show", &request, "--whole", "--output", "whole.gif"]).ok();
    s.session().camera("whole.gif").screen("a.gif").with(&["--station", "other"]).run().ok();
    scan(&s, "a.gif").ok();
    s.install().ok();
}

#[test]
fn a_module_travels_by_stick() {
    let s = Scenario::new();
    fs::create_dir(s.path("blacklist")).expect("a new folder");
    let xml = "<module><rawname>blacklist</rawname><version>17.0.3</version>\
               <license>GPLv3+</license></module>";
    fs::write(s.path("blacklist/module.xml"), xml).expect("a new file");
    let ask = ["request", "module", "blacklist", "--key-file", "maria.key", "--output", "stick"];
    s.countersign(&ask).ok();
    show(&s, &s.on_stick(".request.asc"), "module.gif").ok();
    let before = s.watch();
    let run = s.session().camera("module.gif").screen("a.gif").run().ok();
    run.says("left: the files that it is about are not here")
        .says("travel by stick")
        .says("1 left");
    s.nothing_signed_since(&before);
    assert!(!s.path("a.gif").exists(), "there is no answer to show");
}

#[test]
fn an_answer_whose_request_is_elsewhere_is_kept_and_installed_with_it() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().screen("a.gif").run().ok();
    fs::create_dir(s.path("away")).expect("a new folder");
    let run = s.countersign(&["qr", "scan", "a.gif", "--output", "away"]).ends(1);
    run.says("is kept as it came").says("which is not here: name its folder with --requests");
    let names =
        fs::read_dir(s.path("away")).expect("a folder").map(|e| e.expect("read").file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() == 2 && names[1] == "session-000001.record.asc", "{names:?}");
    let small = format!("away/{}", names[0]);
    assert!(small.ends_with(".response.rsa"), "{small}");
    s.countersign(&["response", "verify", &small, "--requests", "stick"]).ok();
    // One bit of the signature, and one of the request's id.
    for (at, words) in [(100, "is not what the request asked for"), (5, "holds no request")] {
        let mut bytes = fs::read(s.path(&small)).expect("a file");
        bytes[at] ^= 1;
        fs::write(s.path("away/broken.response.rsa"), bytes).expect("a writable folder");
        let broken = ["response", "install", "away/broken.response.rsa", "--requests", "stick"];
        s.countersign(&broken).ends(4).says(words);
    }
    s.countersign(&["response", "install", &small, "--requests", "stick"]).ok();
    let here = ["qr", "scan", "a.gif", "--output", "away", "--requests", "stick"];
    s.countersign(&here).ok().says(".response.json");
}
