//! What must never be signed, whatever is on the stick: nothing is, and a clear word says why.
#![allow(missing_docs)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Run, Scenario, forge};
use serde_json::Value;

/// A session that signs nothing, and leaves no answer with a signature.
#[track_caller]
fn signs_nothing(s: &Scenario) -> Run {
    let before = s.watch();
    let run = s.session().run();
    s.nothing_signed_since(&before);
    run
}

/// A request by Bob, as text; the stick is empty again.
fn request(s: &Scenario) -> String {
    s.certify("bob").ok();
    let text = fs::read_to_string(s.request()).expect("a request");
    s.clear_stick();
    text
}

fn put(s: &Scenario, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(s.path("stick").join(name), bytes).expect("a writable stick");
}

/// A scenario with Bob's request, its body changed and signed again by Bob.
fn with_changed_body(change: impl Fn(&str) -> String) -> Scenario {
    let s = Scenario::new();
    let text = request(&s);
    let body = forge::body(&text);
    let changed = change(&body);
    assert_ne!(body, changed);
    put(&s, "x.request.asc", forge::sign(&s.path("bob.key"), &changed, s.now()));
    s
}

#[test]
fn a_forged_request_that_changes_nothing_is_signed() {
    // The other tests with forged bodies would hold for the wrong reason if this did not.
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "x.request.asc", forge::sign(&s.path("bob.key"), &forge::body(&text), s.now()));
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn an_empty_stick_is_said_to_be_one() {
    let s = Scenario::new();
    signs_nothing(&s).ends(1).says("no request (*.request.asc) in stick").says("hint: is it the");
}

#[test]
fn an_empty_file_is_refused() {
    let s = Scenario::new();
    put(&s, "x.request.asc", "");
    signs_nothing(&s).ends(3).says("NO format:").says("does not begin with -----BEGIN PGP SIGNED");
}

#[test]
fn a_request_truncated_anywhere_is_refused() {
    let s = Scenario::new();
    let text = request(&s);
    for (at, tenth) in (1..10).enumerate() {
        put(&s, &format!("{at}.request.asc"), &text[..text.len() * tenth / 10]);
    }
    put(&s, "9.request.asc", &text[..text.len() - 2]);
    signs_nothing(&s).ends(3).says("is it truncated?").says("10 refused, 0 left");
}

#[test]
fn a_file_of_100_mib_is_refused_without_being_read() {
    let s = Scenario::new();
    let file = File::create(s.path("stick/x.request.asc")).expect("a file");
    file.set_len(100 << 20).expect("a sparse file");
    let begin = Instant::now();
    signs_nothing(&s).ends(3).says("NO size:").says("is longer than 262144 bytes");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_hundred_thousand_requests_are_refused_at_once() {
    let s = Scenario::new();
    let first = s.path("stick/0.request.asc");
    fs::write(&first, "").expect("a file");
    let link = |at| fs::hard_link(&first, s.path(&format!("stick/{at}.request.asc")));
    // Some file systems allow 65,000 links to a file.
    for at in 1..100_000 {
        let made = if at % 50_000 == 0 { None } else { link(at).ok() };
        if made.is_none() {
            fs::write(s.path(&format!("stick/{at}.request.asc")), "").expect("a file");
        }
    }
    let before = s.watch();
    let begin = Instant::now();
    s.session().run().ends(3).says("batch-size: there are more than 1000 requests");
    assert!(begin.elapsed() < Duration::from_secs(10));
    s.nothing_signed_since(&before);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let s = Scenario::new();
    let text = request(&s);
    let mut bytes = text.into_bytes();
    bytes[200] = 0xff;
    put(&s, "x.request.asc", bytes);
    signs_nothing(&s).ends(3).says("NO format: the request is not UTF-8 text");
}

#[test]
fn control_and_bidirectional_characters_in_user_ids_are_escaped_and_refused() {
    for bad in ["\\u001b[2J", "\\n  ok   all rules hold", "\u{202e}gro.elpmaxe"] {
        let s = with_changed_body(|body| body.replace("Bob Example", &format!("Bob {bad}")));
        let run = signs_nothing(&s).ends(3).says("1 refused");
        let raw = ['\u{1b}', '\u{202e}'].iter().any(|c| run.out.contains(*c));
        assert!(!raw && !run.out.contains("\n  ok   all rules hold"), "{}", run.told());
    }
}

#[test]
fn a_user_id_of_a_real_key_with_a_bidirectional_character_breaks_user_id_form() {
    let s = Scenario::new();
    let home = s.gnupg();
    people::new_home(&home);
    let odd = "Bob \u{202e}gro.elpmaxe <bob@example.org>";
    people::make_key(&home, &[], &[odd], "ed25519");
    let run = s.countersign(&[
        "request",
        "certify",
        "--accept-agreement",
        "agreement.txt",
        "--output",
        "stick",
    ]);
    let run = run.ends(3).says("user-id-form:").says("\\u{202e}");
    assert!(!run.err.contains('\u{202e}'), "{}", run.told());
    assert!(s.on_stick("").is_empty());
}

#[test]
fn json_with_a_field_twice_is_refused() {
    let s = with_changed_body(|body| {
        body.replacen("  \"version\": 1,\n", "  \"version\": 1,\n  \"version\": 1,\n", 1)
    });
    signs_nothing(&s).ends(3).says("NO format:").says("duplicate field `version`");
}

#[test]
fn unknown_fields_are_refused() {
    let s = with_changed_body(|body| body.replacen("{\n", "{\n  \"urgent\": true,\n", 1));
    signs_nothing(&s).ends(3).says("NO format:").says("unknown field `urgent`");
}

#[test]
fn another_version_is_refused() {
    let s = with_changed_body(|body| body.replace("\"version\": 1", "\"version\": 2"));
    signs_nothing(&s).ends(3).says("version 2, this program reads countersign-request version 1");
}

#[test]
fn another_format_is_refused() {
    let s = with_changed_body(|body| body.replace("countersign-request", "countersign-response"));
    signs_nothing(&s).ends(3).says("the text is countersign-response version 1");
}

#[test]
fn a_request_to_another_master_is_refused() {
    let s = with_changed_body(|body| {
        let start = body.find("\"master\": \"").expect("the field") + 11;
        format!("{}{}{}", &body[..start], fingerprint("alice"), &body[start + 40..])
    });
    signs_nothing(&s).ends(3).says("NO target-master").says("which is not this authority's");
}

#[test]
fn a_request_altered_after_signing_is_refused() {
    let s = Scenario::new();
    let text = request(&s);
    let year = |by: i32| {
        let now: i32 = s.now().to_string()[..4].parse().expect("a year");
        format!("\"expires\": \"{}", now + by)
    };
    let altered = text.replace(&year(2), &year(1));
    assert_ne!(altered, text);
    put(&s, "x.request.asc", altered);
    signs_nothing(&s).ends(3).says("NO requester-signature").says("was altered after signing");
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "x.request.asc", forge::sign(&s.path("dave.key"), &forge::body(&text), s.now()));
    signs_nothing(&s).ends(3).says("NO requester-signature").says("the request is signed by");
}

#[test]
fn a_revocation_that_nobody_asked_for_who_may_is_refused() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    s.revoke("bob").ok();
    let text = fs::read_to_string(s.request()).expect("a request");
    fs::write(s.request(), forge::sign(&s.path("bob.key"), &forge::body(&text), s.now()))
        .expect("a writable stick");
    signs_nothing(&s).ends(3).says("NO requester-allowed").says("not by any manager");
}

#[test]
fn the_same_request_twice_on_a_stick_is_signed_once() {
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "a.request.asc", &text);
    put(&s, "b.request.asc", &text);
    let before = s.card()["counter"].as_u64().expect("a number");
    s.session().run().ok().says("the same request as one above: nothing to do");
    assert_eq!(s.card()["counter"].as_u64(), Some(before + 1));
}

#[test]
fn a_replayed_request_is_answered_from_the_journal() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().run().ok();
    let (path, answer) = s.answer();
    fs::remove_file(path).expect("our own file");
    let counter = s.card()["counter"].clone();
    s.pass(3_600);
    s.session().run().ok().says("signed already at").says("1 answered again");
    assert_eq!(s.card()["counter"], counter);
    assert_eq!(s.answer().1, answer);
}

#[test]
fn a_request_that_the_operator_refused_is_refused_again() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let before = s.watch();
    s.session().answers("No\nBob has not called back\n").run().ends(3).says("1 refused");
    let (_, answer) = s.answer();
    assert_eq!(answer["outcome"]["refused"]["by"], "operator");
    let again = s.session().run().ends(3);
    again.says("refused by the operator at").says("Bob has not called back");
    assert_eq!(s.answer().1, answer, "the same answer again");
    s.nothing_signed_since(&before);
}

#[test]
fn nothing_but_the_typed_word_is_consent() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let before = s.watch();
    s.session().answers("y\nyes\nYES\nYes!\n\nLater\n").run().ok().says("Nothing but these words");
    s.session().answers("").run().ok().says("Nobody answers any more").says("1 left");
    s.nothing_signed_since(&before);
    assert!(s.on_stick(".response.json").is_empty());
}

#[test]
fn a_dry_run_signs_and_writes_nothing() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let (before, journal) = (s.watch(), s.events());
    s.session().with(&["--dry-run"]).run().ok().says("dry run: nothing was signed");
    s.nothing_signed_since(&before);
    assert_eq!(s.events(), journal);
    assert_eq!(s.on_stick("").len(), 1);
}

#[test]
fn a_request_from_the_future_is_refused() {
    let s = Scenario::new();
    s.pass(7_200);
    s.certify("bob").ok();
    s.turn_back(7_000);
    signs_nothing(&s).ends(3).says("NO freshness").says("the request is from the future");
}

#[test]
fn an_old_request_is_refused() {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.pass(31 * 86_400);
    signs_nothing(&s).ends(3).says("NO freshness").says("31 days old, policy allows 30");
}

#[test]
fn text_around_the_signed_block_is_refused() {
    let s = Scenario::new();
    let text = request(&s);
    let signature = "-----BEGIN PGP SIGNATURE-----\n";
    put(&s, "before.request.asc", format!("Please sign.\n{text}"));
    put(&s, "after.request.asc", format!("{text}Thank you.\n"));
    put(&s, "between.request.asc", text.replace(signature, &format!("Or else.\n{signature}")));
    put(&s, "twice.request.asc", format!("{text}{text}"));
    put(&s, "comment.request.asc", text.replacen("Hash:", "Comment: trust me\nHash:", 1));
    signs_nothing(&s)
        .ends(3)
        .says("does not begin with -----BEGIN")
        .says("does not end with -----END")
        .says("holds more than one signed block")
        .says("a header other than Hash")
        .says("5 refused, 0 left");
}

#[test]
fn text_in_the_signatures_armor_is_not_part_of_a_request() {
    let s = Scenario::new();
    let text = request(&s);
    let signature = "-----BEGIN PGP SIGNATURE-----\n";
    let hidden = format!("{signature}Comment: carried along unseen\n");
    put(&s, "x.request.asc", text.replace(signature, &hidden));
    let run = s.session().run().ok();
    // Accepted or refused: the comment signs nothing and must not travel on as part of the id.
    assert!(!run.has("carried along"), "{}", run.told());
}

#[test]
fn json_in_another_spelling_is_refused() {
    for change in [
        |body: &str| serde_json::from_str::<Value>(body).expect("JSON").to_string() + "\n",
        |body: &str| body.replace("  ", "    "),
        |body: &str| body.replace("\"Bob", "\"\\u0042ob"),
        |body: &str| body.replacen(": 1,", ":  1,", 1),
        |body: &str| format!("{body}\n"),
    ] {
        let s = with_changed_body(change);
        signs_nothing(&s).ends(3).says("NO format:").says("1 refused");
    }
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let s = Scenario::new();
    let text = request(&s);
    put(&s, "x.request.asc", &text);
    let id = |run: &Run| run.out.split("request id").nth(1).map(|r| r[..200].to_owned());
    let plain = s.airgap(&["request", "review", "stick/x.request.asc"]).ok();
    put(&s, "x.request.asc", text.replace('\n', "\r\n"));
    let windows = s.airgap(&["request", "review", "stick/x.request.asc"]).ok();
    assert_eq!(id(&plain).expect("an id"), id(&windows).expect("an id"));
    s.session().run().ok().says("1 signed with 1 signature");
    let answer = &s.on_stick(".response.json")[0];
    s.countersign(&["response", "verify", answer, "--requests", "stick/x.request.asc"]).ok();
}

/// The base64 lines of a request's certificate, replaced.
fn replace_certificate(body: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    let mut value: Value = serde_json::from_str(body).expect("JSON");
    let lines = &value["operation"]["certify"]["certificate"];
    let lines: Vec<String> = serde_json::from_value(lines.clone()).expect("lines");
    let bytes = change(STANDARD.decode(lines.concat()).expect("base64"));
    let text = STANDARD.encode(bytes);
    let start = body.find("\"certificate\": [").expect("the field");
    let end = start + body[start..].find(']').expect("its end");
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|c| format!("        \"{}\"", String::from_utf8_lossy(c)))
        .collect();
    value["operation"]["certify"]["certificate"] = Value::Null;
    format!("{}\"certificate\": [\n{}\n      {}", &body[..start], lines.join(",\n"), &body[end..])
}

#[test]
fn a_certificate_with_foreign_certifications_is_not_minimal() {
    let foreign = foreign_certification();
    let s = with_changed_body(|body| {
        replace_certificate(body, |mut bytes| {
            for _ in 0..10 {
                bytes.extend_from_slice(&foreign);
            }
            bytes
        })
    });
    signs_nothing(&s).ends(3).says("NO certificate").says("not minimal: 10 foreign");
}

/// A certification of Bob's user ID by Dave, as one packet.
fn foreign_certification() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("h");
    people::copy(&people::kept().join("gnupg"), &home);
    let (bob, dave) = (fingerprint("bob"), fingerprint("dave"));
    people::gpg(&home, &["--local-user", &dave, "--quick-sign-key", &bob]).ok();
    let file = folder.path().join("bob.gpg");
    let path = file.to_str().expect("a plain path");
    people::gpg(&home, &["--output", path, "--export", &bob]).ok();
    people::kill_agent(&home);
    let bytes = fs::read(&file).expect("an export");
    packets(&bytes).last().expect("packets").to_vec()
}

/// Splits certificates as gpg writes them: old packet format, lengths of one or two bytes.
fn packets(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [tag, one, two, ..] = *bytes {
        let (header, length) = match tag & 3 {
            0 => (2, usize::from(one)),
            1 => (3, usize::from(one) << 8 | usize::from(two)),
            other => panic!("length type {other}"),
        };
        let (packet, rest) = bytes.split_at(header + length);
        found.push(packet);
        bytes = rest;
    }
    found
}

#[test]
fn a_key_flooded_with_certifications_makes_a_minimal_request() {
    let s = Scenario::new();
    let foreign = foreign_certification();
    let home = s.gnupg();
    people::copy(&people::kept().join("gnupg"), &home);
    let bob = fingerprint("bob");
    let plain = s.path("bob.gpg");
    let path = plain.to_str().expect("a plain path");
    people::gpg(&home, &["--output", path, "--export-secret-keys", &bob]).ok();
    let mut flooded = fs::read(&plain).expect("an export");
    let mut packet = foreign;
    for count in 0..100_000_u32 {
        let end = packet.len();
        packet[end - 4..].copy_from_slice(&count.to_be_bytes());
        flooded.extend_from_slice(&packet);
    }
    fs::write(s.path("flooded.key"), flooded).expect("a new file");
    let before = fs::metadata(s.path("flooded.key")).expect("a file").len();
    assert!(before > 10 << 20);

    let begin = Instant::now();
    let ask = ["request", "certify", "--accept-agreement", "agreement.txt"];
    let run = s.countersign(&[&ask[..], &["--key-file", "flooded.key", "-o", "stick"]].concat());
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    run.ok();
    assert!(fs::metadata(s.request()).expect("a request").len() < 5_000);
    s.session().run().ok().says("1 signed with 1 signature");
}

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
    let mut node = Command::new("mknod");
    node.arg(on_stick("device.request.asc")).args(["c", "1", "5"]);
    let device = node.output().expect("coreutils").status.success();
    let run = signs_nothing(&s).ends(3);
    let run = run.says("not a regular file: a link").says("a pipe").says("a folder");
    if device {
        run.says("not a regular file: a device").says("4 refused");
    } else {
        countersign_tests::skip("the device: making one takes root");
        run.says("3 refused");
    }
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

/// A tmpfs of some size at `name` in the scenario's folder, unmounted on drop.
struct Mount(PathBuf);

impl Mount {
    fn new(s: &Scenario, name: &str, options: &str) -> Option<Self> {
        let at = s.path(name);
        fs::create_dir(&at).expect("a new folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at);
        let done = mount.output().is_ok_and(|o| o.status.success());
        if !done {
            countersign_tests::skip("mounting takes root");
        }
        done.then_some(Self(at))
    }

    fn again(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(mount.status().expect("mount").success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_stick_that_cannot_be_written_loses_no_signature() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let Some(mount) = Mount::new(&s, "out", "size=64k") else { return };
    mount.again("ro");
    answers_later(&s, "out");
}

#[test]
fn a_full_stick_loses_no_signature() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let Some(_mount) = Mount::new(&s, "out", "size=16k") else { return };
    let _ = fs::write(s.path("out/filler"), vec![0; 64 << 10]);
    answers_later(&s, "out");
    let left: Vec<_> = fs::read_dir(s.path("out")).expect("the stick").collect();
    assert_eq!(left.len(), 1, "half an answer is left: {left:?}");
}

/// A session that cannot write its answer says so, and the next one writes it without the card.
#[track_caller]
fn answers_later(s: &Scenario, output: &str) {
    let counter = s.card()["counter"].as_u64().expect("a number");
    let run = s.session().output(output).run().ends(6);
    run.says("could not be written; what was signed is in the journal")
        .says("hint: put in a good stick");
    assert_eq!(s.card()["counter"].as_u64(), Some(counter + 1));
    s.session().card("no-card-is-needed").run().ok().says("1 answered again");
    assert!(!s.path("no-card-is-needed").exists());
    assert_eq!(s.card()["counter"].as_u64(), Some(counter + 1));
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
