//! Several persons' signatures over one request, and a second person at the station.
#![allow(missing_docs)]

use std::fs;

use countersign::request::{MAX_BYTES, Request};
use countersign_tests::people::{self, fingerprint};
use countersign_tests::{Run, Scenario, forge};
use serde_json::{Value, json};

/// Two of Maria, Bob and Carol.
const TWO_OF_THREE: &str =
    "[approval.renew-master]\napprovals = 2\nby = [\"MARIA\", \"BOB\", \"CAROL\"]";

/// Where two of Maria, Bob and Carol have to agree that the master lasts longer, and Maria asked.
fn asked() -> Scenario {
    let s = Scenario::with_approvals(&["bob", "carol", "dave", "ivan"], TWO_OF_THREE).with_gpg();
    ask(&s).ok();
    s
}

fn ask(s: &Scenario) -> Run {
    let ask = ["request", "renew-master", "--expires", "5y", "--key-file", "maria.key"];
    s.countersign(&[&ask[..], &["--output", "stick"]].concat())
}

/// Somebody approves the request on the stick with an exported key.
fn approve(s: &Scenario, name: &str, more: &[&str]) -> Run {
    let request = s.request().display().to_string();
    let key = format!("{name}.key");
    let line = ["request", "approve", &request, "--key-file", &key, "--yes"];
    s.countersign(&[&line[..], more].concat())
}

fn text(s: &Scenario) -> String {
    fs::read_to_string(s.request()).expect("a request")
}

fn parse(text: &str) -> Request {
    Request::parse(text.as_bytes(), MAX_BYTES).expect("a request")
}

/// The journal's entry about the consent.
fn consented(s: &Scenario) -> Value {
    let events = s.events();
    events.iter().find_map(|e| e.get("consented")).expect("a consent").clone()
}

/// A session that signs nothing.
#[track_caller]
fn refused(s: &Scenario) -> Run {
    let before = s.watch();
    let run = s.session().run().ends(3);
    s.nothing_signed_since(&before);
    run
}

#[test]
fn two_of_three_approve_and_the_master_signs() {
    let s = Scenario::with_approvals(&["bob", "carol"], TWO_OF_THREE).with_gpg();
    ask(&s)
        .ok()
        .says("not yet: approvals: 1 of 2 approvals are there; missing: 1 of bob (")
        .says("carol (")
        .says("countersign request approve");
    let before = forge::body(&text(&s));
    let run = refused(&s);
    run.says("NO approvals").says("missing: 1 of bob (").says("carol (").never_says("NO signable");
    s.countersign(&["request", "show", &s.request().display().to_string()]).ends(3).says("bob (");
    let request = s.request().display().to_string();
    // With gpg, and typed.
    let line = ["request", "approve", &request, "--local-user", "bob@example.org"];
    let run = s.countersign_with(&line, "Yes\n").ok();
    run.says("RENEW MASTER")
        .says("request id")
        .says("asked by")
        .says("next: carry it to the station");
    assert_eq!(forge::body(&text(&s)), before, "the text stays as it was");
    s.countersign(&["request", "show", &request]).ok().says("approved by");
    let verified = people::gpg(&s.gnupg(), &["--status-fd", "1", "--verify", &request]).ok();
    for name in ["maria", "bob"] {
        let valid = format!("VALIDSIG {}", fingerprint(name));
        assert!(verified.out.contains(&valid), "{}", verified.told());
    }
    s.clear_answers();
    s.session().run().ok().says("approved by").says("1 signed with 1 signature");
    let consent = consented(&s);
    let mut approvers = consent["approvers"].as_array().expect("a list").clone();
    approvers.sort_by_key(ToString::to_string);
    let mut expected = vec![json!(fingerprint("maria")), json!(fingerprint("bob"))];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(approvers, expected);
    assert_eq!(consent.get("witness"), None);
    s.airgap(&["journal", "show"]).ok().says("; approved by");
    s.install().ok();
}

#[test]
fn nobody_approves_by_mistake() {
    let s = asked();
    let (before, request) = (text(&s), s.request().display().to_string());
    let bob = ["request", "approve", &request, "--key-file", "bob.key"];
    for typed in ["No\n", "yes\n", "", "\n", "Yes please\n"] {
        s.countersign_with(&bob, typed).ends(3).says("not approved: nothing was written");
    }
    approve(&s, "dave", &[]).ends(3).says("does not name").says(&fingerprint("dave"));
    approve(&s, "maria", &[]).ends(3).says("distinct-persons: ").says("has signed this request");
    assert_eq!(text(&s), before);
    approve(&s, "bob", &[]).ok();
    let once = text(&s);
    approve(&s, "bob", &[]).ends(3).says("bob (").says("has signed this request already");
    let by_gpg = ["request", "approve", &request, "--local-user", "bob@example.org", "--yes"];
    s.countersign(&by_gpg).ends(3).says("has signed this request already");
    assert_eq!(text(&s), once);
}

#[test]
fn what_needs_no_approval_gets_none() {
    let s = Scenario::with_approvals(&["bob"], "[approval.renew-master]\nwitness = \"word\"");
    s.certify("alice").ok();
    let before = text(&s);
    approve(&s, "bob", &[]).ends(3).says("the policy asks for no approval of certify");
    assert_eq!(text(&s), before);
}

#[test]
fn a_text_in_another_spelling_or_altered_is_not_approved() {
    let s = asked();
    let (good, path) = (text(&s), s.request());
    let body = forge::body(&good);
    let spelled = body.replacen("\"version\": 1", "\"version\":  1", 1);
    fs::write(&path, forge::sign(&s.path("maria.key"), &spelled, s.now())).expect("written");
    approve(&s, "bob", &[]).ends(3).says("not written as requests are");
    fs::write(&path, good.replacen("\"user_ids\"", "\"user_idz\"", 1)).expect("written");
    approve(&s, "bob", &[]).ends(3).says("is not a request");
    // Another hour of the same day.
    let end = good.find("\"expires\"").and_then(|at| Some(at + good[at..].find('T')? + 1));
    let (end, mut altered) = (end.expect("a time"), good.clone());
    let hour = if altered[end..].starts_with("00") { "01" } else { "00" };
    altered.replace_range(end..end + 2, hour);
    assert_ne!(altered, good);
    fs::write(&path, &altered).expect("written");
    approve(&s, "bob", &[]).ends(3).says("requester-allowed: ").says("altered after signing");
    assert_eq!(text(&s), altered, "nothing was written");
}

#[test]
fn two_people_approve_copies_at_the_same_time() {
    let s = Scenario::with_approvals(
        &["bob", "carol"],
        "[approval.renew-master]\napprovals = 3\nby = [\"MARIA\", \"BOB\", \"CAROL\"]",
    );
    ask(&s).ok();
    fs::create_dir(s.path("bobs")).expect("a new folder");
    fs::create_dir(s.path("carols")).expect("a new folder");
    approve(&s, "bob", &["--output", "bobs"]).ok().says("missing: 1 carol (");
    approve(&s, "carol", &["--output", "carols"]).ok().says("missing: 1 bob (");
    let name = s.request().file_name().expect("a name").to_string_lossy().into_owned();
    let copies = [format!("bobs/{name}"), format!("carols/{name}")];
    let join = ["request", "join", &copies[0], &copies[1], "--output", "stick"];
    s.countersign(&join).ends(1).says("exists already");
    refused(&s).says("1 of 3 approvals are there; missing: 2 bob (");
    s.clear_answers();
    let joined = s.countersign(&[&join[..], &["--force"]].concat()).ok();
    joined.says("with 3 signatures").says("next: carry it to the station");
    assert_eq!(parse(&text(&s)).signatures().len(), 3);
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn two_requests_are_not_joined() {
    let s = asked();
    let first = s.request();
    let kept = s.path("first.asc");
    fs::rename(first, &kept).expect("moved");
    ask(&s).ok();
    let second = s.request().display().to_string();
    let line = ["request", "join", "first.asc", &second, "--output", "joined.asc"];
    s.countersign(&line).ends(3).says("cannot be joined").says("these are two requests");
    assert!(!s.path("joined.asc").exists());
}

#[test]
fn a_file_that_gpg_signed_for_several_people_is_read() {
    let s = asked();
    let body = forge::body(&text(&s));
    fs::write(s.path("body"), body.trim_end_matches('\n')).expect("written");
    let people = ["maria@example.org", "bob@example.org", "carol@example.org"];
    let users: Vec<&str> = people.iter().flat_map(|p| ["--local-user", p]).collect();
    let sign = ["--digest-algo", "SHA512", "--output", "-", "--clearsign", "body"];
    let body_path = s.path("body").display().to_string();
    let sign: Vec<&str> = sign.iter().map(|a| if *a == "body" { &body_path } else { *a }).collect();
    let signed = people::gpg(&s.gnupg(), &[&users[..], &sign].concat()).ok().out;
    assert_eq!(parse(&signed).signatures().len(), 3);
    fs::write(s.request(), &signed).expect("written");
    s.session().run().ok().says("1 signed with 1 signature");
    let approvers = consented(&s)["approvers"].as_array().map(Vec::len);
    assert_eq!(approvers, Some(3));
}

#[test]
fn signatures_over_several_digests_are_written_so_that_gpg_reads_them() {
    let s = asked();
    let (path, body) = (s.request(), forge::body(&text(&s)));
    fs::write(s.path("body"), body.trim_end_matches('\n')).expect("written");
    let (copy, body) = (s.path("copy.asc"), s.path("body").display().to_string());
    let sign = ["--local-user", "bob@example.org", "--digest-algo", "SHA256", "--output", "-"];
    let signed = people::gpg(&s.gnupg(), &[&sign[..], &["--clearsign", &body]].concat()).ok().out;
    // As gpg writes it, Bob's alone.
    assert!(signed.contains("Hash: SHA256"), "{signed}");
    fs::write(&copy, signed).expect("written");
    let (path, copy) = (path.display().to_string(), copy.display().to_string());
    let join = ["request", "join", &path, &copy, "--output", &path, "--force"];
    s.countersign(&join).ok();
    assert!(text(&s).contains("Hash: SHA512,SHA256\n"), "{}", text(&s));
    let verified = people::gpg(&s.gnupg(), &["--status-fd", "1", "--verify", &path]).ok();
    assert_eq!(verified.out.matches("VALIDSIG").count(), 2, "{}", verified.told());
    s.session().run().ok().says("1 signed with 1 signature");
}

#[test]
fn an_approval_of_another_request_is_refused_by_name() {
    let s = asked();
    let kept = s.path("first.asc");
    fs::rename(s.request(), &kept).expect("moved");
    ask(&s).ok();
    approve(&s, "bob", &[]).ok();
    let (first, second) = (fs::read_to_string(&kept).expect("a request"), text(&s));
    // Bob's armor under the other text.
    let at = |text: &str| text.find("-----BEGIN PGP SIGNATURE").expect("armor");
    let mixed = format!("{}{}", &first[..at(&first)], &second[at(&second)..]);
    fs::remove_file(s.request()).expect("removed");
    fs::write(s.path("stick/renew-master-x.request.asc"), mixed).expect("written");
    refused(&s).says("NO approvers").says("over another text");
}

#[test]
fn a_certification_takes_the_owners_signature_and_the_approvals() {
    let s = Scenario::with_approvals(
        &["bob"],
        "[approval.certify]\napprovals = 1\nby = [\"MARIA\", \"BOB\"]",
    );
    s.certify("alice").ok().says("not yet: approvals: 0 of 1 approvals are there");
    refused(&s).says("missing: 1 of").says("bob (");
    s.clear_answers();
    approve(&s, "maria", &[]).ok().says("next: carry it to the station");
    s.session().run().ok().says("approved by").says("1 signed");
    s.install().ok();
    s.countersign(&["developer", "show", &fingerprint("alice")]).ok().says("certified to");
    assert_eq!(consented(&s)["approvers"], json!([fingerprint("maria")]));
}

const BY_WORD: &str = "[approval.certify]\nwitness = \"word\"";

#[test]
fn a_witness_gives_name_and_word_after_the_operator() {
    let s = Scenario::with_approvals(&[], BY_WORD);
    s.certify("bob").ok();
    let typed = "Yes\nYes\n\nEva Witness\nYes\nWitnessed\n";
    let run = s.session().answers(typed).run().ok();
    run.says("NOTE witness").says("THE WITNESS").says("That is not a name.");
    assert_eq!(consented(&s)["witness"], json!({"word": {"name": "Eva Witness"}}));
    s.airgap(&["journal", "show"]).ok().says("; witness Eva Witness");
}

#[test]
fn a_refused_request_names_whom_to_call_and_what_is_not_proven() {
    let s = Scenario::with_approvals(&["bob"], "");
    s.certify("alice").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    s.revoke("alice").ok();
    let (file, body) = (s.request(), forge::body(&text(&s)));
    let maria = fingerprint("maria");
    let by = |name: &str, body: &str| forge::sign(&s.path(&format!("{name}.key")), body, s.now());
    let is_shown = |text: String, words: &[&str]| {
        fs::write(&file, text).expect("written");
        let run = refused(&s).says(&fingerprint("alice")[36..]).says("key  ");
        words.iter().fold(run, |run, words| run.says(words)).never_says("asked by")
    };
    // Somebody whom the policy names for nothing here, somebody unknown, and a bad signature.
    is_shown(by("bob", &body), &["signed by           bob ("]);
    is_shown(by("dave", &body), &["NOT VERIFIED        somebody: ", "whom the policy names"]);
    let other = by("maria", &body).replacen("has left", "has died", 1);
    let run = is_shown(other, &["NOT VERIFIED        Maria Manager", "the signature is bad"]);
    run.says(&maria[24..]);
    // One that is refused before anybody looks at signatures.
    let start = body.find("\"master\": \"").expect("the field") + 11;
    let another = format!("{}{}{}", &body[..start], fingerprint("dave"), &body[start + 40..]);
    is_shown(by("maria", &another), &["NOT VERIFIED        Maria Manager", "not looked at"]);
}

#[test]
fn nobody_who_asked_is_the_witness_by_another_spelling() {
    const ANOTHER: &str = "the witness is another person";
    let s = Scenario::with_approvals(&[], BY_WORD);
    s.certify("bob").ok();
    let typed = "Yes\nBob Example\nbob  EXAMPLE\nBob Example <bob@example.net>\nEva\nWitnessed\n";
    let run = s.session().answers(typed).run().ok();
    assert_eq!(run.told().matches(ANOTHER).count(), 3, "{}", run.told());
    assert_eq!(consented(&s)["witness"], json!({"word": {"name": "Eva"}}));
    // Who asked, and who approved.
    let policy =
        "[approval.revoke-certification]\napprovals = 1\nby = [\"IVAN\"]\nwitness = \"word\"";
    let s = Scenario::with_approvals(&["ivan"], policy);
    s.certify("bob").ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    s.revoke("bob").ok();
    let file = s.on_stick(".request.asc").remove(0);
    s.countersign(&["request", "approve", &file, "--key-file", "ivan.key", "--yes"]).ok();
    let typed = "Yes\nMaria Manager\nivan\nEva\nWitnessed\n";
    let run = s.session().answers(typed).run().ok();
    assert_eq!(run.told().matches(ANOTHER).count(), 2, "{}", run.told());
}

#[test]
fn without_the_witness_nothing_is_signed() {
    for (typed, code, words) in [
        ("Yes\n", 0, "0 refused, 1 left"),
        ("Yes\nEva Witness\n", 0, "0 refused, 1 left"),
        ("Yes\nEva Witness\nLater\n", 0, "0 refused, 1 left"),
        ("Yes\nEva Witness\nYes\n", 0, "Nothing but these words counts"),
        ("Yes\nEva Witness\nNo\nI do not know her\n", 3, "witness Eva Witness: I do not know her"),
        ("Witnessed\nLater\n", 0, "0 refused, 1 left"),
    ] {
        let s = Scenario::with_approvals(&[], BY_WORD);
        s.certify("bob").ok();
        let before = s.watch();
        s.session().answers(typed).run().ends(code).says(words);
        s.nothing_signed_since(&before);
        assert!(!s.events().iter().any(|e| e.get("consented").is_some()), "{typed}");
    }
}

#[test]
fn a_witness_signs_the_request() {
    let s = Scenario::with_approvals(
        &["ivan", "dave"],
        "[approval.certify]\nwitness = \"signature\"\nwitnesses = [\"IVAN\", \"DAVE\"]",
    );
    s.certify("bob").ok().says("not yet: witness: the signature of a witness is missing: ivan (");
    refused(&s).says("NO witness").says("ivan (").says("dave (");
    s.clear_answers();
    approve(&s, "ivan", &[]).ok().says("next: carry it to the station");
    s.session().run().ok().says("witnessed by").says("1 signed");
    let consent = consented(&s);
    assert_eq!(consent["witness"], json!({"signature": {"key": fingerprint("ivan")}}));
    assert_eq!(consent.get("approvers"), None, "a witness is no approver");
    s.airgap(&["journal", "show"]).ok().says("by signature");
}

#[test]
fn the_record_says_who_has_to_agree() {
    let s = asked();
    let shown = s.countersign(&["authority", "show"]).ok();
    shown
        .says("renew-master takes 2 approvals by these, and no witness")
        .says(&fingerprint("carol"));
}
