//! Requests that must never be signed: nothing is, and a clear word says why.
#![allow(missing_docs)]

use std::fs::{self, File};
use std::time::{Duration, Instant};

use countersign_tests::bad::{put, request, signs_nothing, with_changed_body};
use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Run, Scenario, forge};
use serde_json::Value;

/// What `airgap` may need for a stick whatever is on it, in megabytes.
const MEMORY: u32 = 24;

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
    let s = Scenario::new().within(MEMORY);
    let file = File::create(s.path("stick/x.request.asc")).expect("a file");
    file.set_len(100 << 20).expect("a sparse file");
    let begin = Instant::now();
    signs_nothing(&s).ends(3).says("NO size:").says("is longer than 2097152 bytes");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_hundred_thousand_requests_are_refused_at_once() {
    let s = Scenario::new().within(MEMORY);
    let first = s.path("stick/0.request.asc");
    fs::write(&first, [b'x'; 1_000]).expect("a file");
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
    // The signature, and the session's record.
    assert_eq!(s.card()["counter"].as_u64(), Some(before + 2));
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

/// A user ID as long as a request can be, of characters that take seven bytes each when shown.
#[test]
fn a_refusal_is_never_longer_than_the_journal_and_the_answer_can_hold() {
    let long = "\u{7f}".repeat(100_000);
    let s = with_changed_body(|body| body.replace("Bob Example", &format!("Bob {long}")));
    let begin = Instant::now();
    signs_nothing(&s).ends(3).says("1 refused");
    assert!(begin.elapsed() < Duration::from_secs(10));
    s.airgap(&["journal", "verify"]).ok().says("the chain holds");
    let (_, answer) = s.answer();
    let reasons = answer["outcome"]["refused"]["violations"].as_array().expect("reasons").clone();
    assert!(reasons.iter().all(|v| v["reason"].as_str().is_some_and(|r| r.len() < 4_000)));
}
