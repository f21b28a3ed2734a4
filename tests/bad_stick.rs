//! Sticks that hold what is no file, are full, or are gone.
#![allow(missing_docs)]

use std::ffi::OsStr;
use std::fs::{self};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::Command;

use countersign_tests::bad::{put, request, signs_nothing};
use countersign_tests::namespace::Mount;
use countersign_tests::{Scenario, forge, people};

#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let s = Scenario::new();
    let text = request(&s);
    fs::write(s.path("real"), &text).expect("a file");
    let on_stick = |name: &str| s.path("stick").join(name);
    std::os::unix::fs::symlink(s.path("real"), on_stick("link.request.asc")).expect("a link");
    fs::create_dir(on_stick("folder.request.asc")).expect("a folder");
    let pipe = Command::new("mkfifo").arg(on_stick("pipe.request.asc")).status();
    assert!(pipe.expect("coreutils").success());
    let device = on_stick("device.request.asc");
    fs::write(&device, "").expect("a file");
    let Some(_device) = Mount::over(device, &["--bind", "/dev/zero"]) else { return };
    let run = signs_nothing(&s).ends(3);
    run.says("not a regular file: a link")
        .says("not a regular file: a pipe")
        .says("not a regular file: a folder")
        .says("not a regular file: a device")
        .says("4 refused");
}

#[test]
fn a_name_with_a_line_break_forges_no_line() {
    let s = Scenario::new();
    let name = OsStr::from_bytes(b"x\nREFUSED nobody \x1b[2J\xff.request.asc");
    fs::write(s.path("stick").join(name), "").expect("a file");
    let run = signs_nothing(&s).ends(3).says("x\\u{a}REFUSED nobody \\u{1b}[2J");
    assert!(!run.out.contains('\u{1b}'), "{}", run.told());
}

#[test]
fn the_dust_of_desktops_is_left_alone() {
    let s = Scenario::new();
    s.certify("bob").ok();
    put(&s, "._x.request.asc", "dust");
    put(&s, "holiday.jpg", "dust");
    s.session().run().ok().says("1 request in").says("1 signed");
}

#[test]
fn without_an_output_folder_nothing_begins() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let (before, journal) = (s.watch(), s.events());
    s.session().output("no-such-folder").run().ends(1).says("no-such-folder cannot be listed");
    s.nothing_signed_since(&before);
    assert_eq!(s.events(), journal);
}

#[test]
fn a_stick_that_cannot_be_written_loses_no_signature() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let Some(mount) = Mount::tmpfs(s.path("out"), "size=64k") else { return };
    mount.again("ro");
    s.session().output("out").run().ends(6).says("1 signed").says("NO ANSWER");
    let again = s.session().output("out").card("no-card-is-needed").run().ends(6);
    again.says("NO ANSWER").says("0 answered again");
    mount.again("rw");
    s.session().output("out").card("no-card-is-needed").run().ok().says("1 answered again");
    assert!(s.path("out").read_dir().expect("the stick").count() > 1, "answer and summary");
}

#[test]
fn a_full_stick_loses_no_signature() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let Some(_mount) = Mount::tmpfs(s.path("out"), "size=16k") else { return };
    let _ = fs::write(s.path("out/filler"), vec![0; 64 << 10]);
    answers_later(&s, "out");
    let left: Vec<_> = fs::read_dir(s.path("out")).expect("the stick").collect();
    assert_eq!(left.len(), 1, "half an answer is left: {left:?}");
}

/// Room for one answer: the first goes onto the stick, the others do not.
#[test]
fn a_stick_that_fills_up_between_two_answers_loses_none() {
    let s = Scenario::new();
    for name in ["bob", "carol", "dave"] {
        s.certify(name).ok();
    }
    let Some(mount) = Mount::tmpfs(s.path("out"), "size=16k") else { return };
    fs::write(s.path("out/filler"), vec![0; 12 << 10]).expect("three of four pages");
    let run = s.session().output("out").run().ends(6);
    assert_eq!(run.out.matches("\nsigned     ").count(), 3, "{}", run.told());
    assert_eq!(run.out.matches("\nNO ANSWER  ").count(), 2, "{}", run.told());
    run.says("did not reach the stick; the next session writes it")
        .says("4 files could not be written")
        .says("NO RECORD  session-000001.record.asc");
    drop(mount);
    let counter = s.card()["counter"].clone();
    s.clear_stick();
    let next = s.session().card("no-card-is-needed").run().ok();
    next.says("2 answered again").never_says("NO ANSWER");
    assert_eq!(s.card()["counter"], counter);
    assert_eq!(s.on_stick(".response.json").len(), 2);
}

/// A session that cannot write its answer says so, and the next one writes it without the card.
#[track_caller]
fn answers_later(s: &Scenario, output: &str) {
    let counter = s.card()["counter"].as_u64().expect("a number");
    let run = s.session().output(output).run().ends(6);
    run.says("could not be written; what was signed is in the journal")
        .says("hint: put in a good stick");
    assert_eq!(s.card()["counter"].as_u64(), Some(counter + 2));
    s.session().card("no-card-is-needed").run().ok().says("1 answered again");
    assert!(!s.path("no-card-is-needed").exists());
    assert_eq!(s.card()["counter"].as_u64(), Some(counter + 2));
    s.install().ok();
}

#[test]
fn a_stick_that_is_not_there_is_said_to_be_missing() {
    let s = Scenario::new();
    let before = s.watch();
    s.session().input("gone").run().ends(1).says("gone cannot be listed");
    s.nothing_signed_since(&before);
    assert!(!s.path("gone").exists());
}

#[test]
fn a_copy_with_a_bad_signature_does_not_keep_the_request_out() {
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "a.request.asc", forge::sign(&s.path("dave.key"), &forge::body(&text), s.now()));
    put(&s, "b.request.asc", &text);
    s.session().run().ends(3).says("NO requester-signature").says("1 signed with 1 signature");
}

#[test]
fn a_bad_request_does_not_hide_the_others_from_a_reader() {
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "1.request.asc", "no request");
    put(&s, "2.request.asc", forge::sign(&s.path("dave.key"), &forge::body(&text), s.now()));
    put(&s, "4.request.asc", &text);
    fs::create_dir(s.path("stick/3.request.asc")).expect("a folder");
    let files = s.on_stick(".request.asc");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let review = s.airgap(&[&["request", "review"], &files[..]].concat());
    let show = s.countersign(&[&["request", "show"], &files[..]].concat());
    for run in [review, show] {
        assert_ne!(run.code, 0, "{}", run.told());
        run.says("NO requester-signature").says("the master key will sign once");
    }
}

#[test]
fn a_stick_that_is_pulled_during_a_session_loses_no_signature() {
    let s = Scenario::new();
    s.certify("bob").ok();
    fs::create_dir(s.path("out")).expect("a new folder");
    // The folder goes when the request is shown, before anybody answers.
    let remove = "sed -u '/request id/q' >seen; rmdir out; echo Yes >answers; cat >>seen";
    let pipes = "mkfifo answers; exec 3<pins 4<>answers";
    let run = "--in stick --out out --practice-card card --pin-fd 3";
    let time = format!("--time {}", s.now());
    let airgap = countersign_tests::program("airgap");
    let line = format!(
        "{pipes}; {{ {} session run {run} {time} <&4 2>err; echo $? >code; }} | {{ {remove}; }}",
        airgap.display()
    );
    fs::write(s.path("pins"), format!("{}\n", countersign_tests::PIN)).expect("a new file");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(s.root());
    countersign_tests::run::run(&shell, "").ok();
    let read = |name: &str| fs::read_to_string(s.path(name)).expect("a text");
    assert_eq!(read("code").trim(), "6", "{}{}", read("seen"), read("err"));
    assert!(read("err").contains("what was signed is in the journal"), "{}", read("err"));
    s.session().card("no-card-is-needed").run().ok().says("1 answered again");
}

/// Every file of the scenario but what a session may write: the station, the card, `out`.
fn elsewhere(s: &Scenario) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![s.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let may = ["station", "card-one", "out", "pins"].map(|name| s.path(name));
            match path.is_dir() {
                _ if may.contains(&path) => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_request_whose_name_begins_with_dots_is_dust() {
    let s = Scenario::new();
    let text = request(&s);
    for name in ["..request.asc", "...request.asc", "..x.request.asc"] {
        put(&s, name, &text);
    }
    signs_nothing(&s).ends(1).says("no request (*.request.asc) in stick");
}

#[test]
fn a_way_up_in_a_name_or_in_a_user_id_leads_nowhere() {
    let s = Scenario::new();
    let home = s.gnupg();
    people::new_home(&home);
    let key = people::make_key(&home, &[], &["../../../Eve <eve@example.org>"], "ed25519");
    let ask = ["request", "certify", "--accept-agreement", "agreement.txt"];
    s.countersign(&[&ask[..], &["--output", "stick"]].concat()).ok();
    let text = fs::read_to_string(s.request()).expect("a request");
    s.clear_stick();
    fs::create_dir(s.path("out")).expect("a new folder");
    // As a careless program would read them, and one that takes names from Windows.
    put(&s, "x..request.asc", &text);
    put(&s, "x\\..\\..\\x.request.asc", &text);
    let before = elsewhere(&s);
    s.session().output("out").run().ok().says("1 signed with 1 signature");
    assert_eq!(elsewhere(&s), before);
    let written = fs::read_dir(s.path("out")).expect("a folder").map(|e| e.expect("an entry"));
    let mut written: Vec<_> = written.filter_map(|e| e.file_name().into_string().ok()).collect();
    written.sort();
    assert!(written[0].starts_with("certify-") && written[0].ends_with(".response.json"));
    assert!(written.len() == 3 && written[1].ends_with(".record.asc"), "{written:?}");
    assert!(written[2].ends_with(".summary.txt"), "{written:?}");

    let answer = format!("out/{}", written[0]);
    s.countersign(&["response", "install", "--requests", "stick", &answer]).ok();
    let new: Vec<_> = elsewhere(&s).into_iter().filter(|f| !before.contains(f)).collect();
    assert_eq!(new.len(), 3, "developer, request and answer: {new:?}");
    assert!(new.contains(&s.path(&format!("authority/developers/{key}.asc"))), "{new:?}");
    assert!(new.iter().all(|f| f.starts_with(s.path("authority"))), "{new:?}");
}

#[test]
fn a_folder_given_with_a_way_up_is_the_folder_that_it_leads_to() {
    let s = Scenario::new();
    s.certify("bob").ok();
    fs::create_dir(s.path("out")).expect("a new folder");
    let before = elsewhere(&s);
    let session = s.session().input("authority/../stick").output("stick/../out");
    session.run().ok().says("1 signed with 1 signature");
    assert_eq!(elsewhere(&s), before);
    assert_eq!(fs::read_dir(s.path("out")).expect("a folder").count(), 3);
    let missing = s.session().input("stick/../../stick").run().ends(1);
    missing.says("stick/../../stick cannot be listed");
}

#[test]
fn an_answer_that_names_its_request_by_a_way_up_is_not_read() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    let (path, answer) = s.answer();
    let text = fs::read_to_string(&path).expect("an answer");
    let id = answer["request"].as_str().expect("an id");
    fs::write(&path, text.replace(id, "../../../x")).expect("a writable stick");
    let before = elsewhere(&s);
    s.install().ends(4).says("this is not a response of version 1");
    assert_eq!(elsewhere(&s), before);
}
