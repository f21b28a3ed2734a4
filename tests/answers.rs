//! Answers that differ from what was asked, by a byte or by their order, are not accepted.
#![allow(missing_docs)]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::people::fingerprint;
use countersign_tests::{Run, Scenario};
use sequoia_openpgp as openpgp;
use serde_json::Value;

use openpgp::Packet;
use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketValue};
use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;

/// Alice's request with its answer (two signatures) on the stick.
fn answered() -> Scenario {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().run().ok();
    s
}

/// What `response verify` and `response install` say of the answer as `change` leaves it: the
/// same, and nothing is installed.
#[track_caller]
fn untrue(s: &Scenario, change: impl Fn(&str) -> String) -> Run {
    let (path, _) = s.answer();
    let text = fs::read_to_string(&path).expect("an answer");
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(&path, changed).expect("a writable stick");
    let file = &s.on_stick(".response.json")[0];
    let run = s.countersign(&["response", "verify", file]).ends(4);
    let install = s.countersign(&["response", "install", file]).ends(4);
    assert_eq!(run.err, install.err);
    for folder in ["developers", "requests", "responses"] {
        let count = fs::read_dir(s.path("authority").join(folder)).expect("a folder").count();
        assert_eq!(count, 0, "{folder}");
    }
    run
}

/// `text` with the list of its signatures changed, spelled as answers are.
fn with_signatures(text: &str, change: impl Fn(&mut Vec<Value>)) -> String {
    let Value::Object(_) = serde_json::from_str(text).expect("JSON") else { panic!("{text}") };
    let start = text.find("\"signatures\": [").expect("signatures") + 15;
    let end = start + text[start..].find(']').expect("their end");
    let mut list: Vec<Value> =
        serde_json::from_str(&format!("[{}]", &text[start..end])).expect("a list");
    change(&mut list);
    let lines: Vec<String> = list.iter().map(|v| format!("\n        {v}")).collect();
    format!("{}{}\n      {}", &text[..start], lines.join(","), &text[end..])
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("a text")).expect("base64")
}

fn encode(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

#[test]
fn the_answer_as_it_is_holds() {
    let s = answered();
    let file = &s.on_stick(".response.json")[0];
    let verify = s.countersign(&["response", "verify", file]).ok();
    verify.says("2 signatures, exactly as asked");
    let (path, _) = s.answer();
    let text = fs::read_to_string(path).expect("an answer");
    assert_eq!(with_signatures(&text, |_| ()), text, "the tests below change more than they say");
}

#[test]
fn the_answer_to_another_request_is_refused() {
    let s = answered();
    s.certify("bob").ok();
    s.session().run().ok();
    let (requests, answers) = (s.on_stick(".request.asc"), s.on_stick(".response.json"));
    for (request, answer) in [(0, 1), (1, 0)] {
        let given = ["--requests", &requests[request]];
        let verify = ["response", "verify", &answers[answer]];
        s.countersign(&[&verify[..], &given].concat()).ends(4).says("the response answers request");
    }
}

#[test]
fn an_answer_without_its_request_is_refused() {
    let s = answered();
    fs::remove_file(s.request()).expect("our own file");
    let file = &s.on_stick(".response.json")[0];
    let run = s.countersign(&["response", "verify", file]).ends(4);
    run.says("stick holds no request").says("name the request or its folder with --requests");
}

#[test]
fn a_changed_byte_in_a_signature_is_refused() {
    for at in [5, 30, 200, -1_i32] {
        let s = answered();
        let run = untrue(&s, |text| {
            with_signatures(text, |list| {
                let mut bytes = decode(&list[1]);
                let length = i32::try_from(bytes.len()).expect("short");
                let at = usize::try_from((at + length) % length).expect("positive");
                bytes[at] ^= 1;
                list[1] = encode(&bytes);
            })
        });
        run.says("signature 2 of the response is not what the request asked for");
    }
}

#[test]
fn an_added_signature_is_refused() {
    let s = answered();
    let run = untrue(&s, |text| with_signatures(text, |list| list.push(list[0].clone())));
    run.says("the response holds 3 signatures, the request asked for 2");
}

#[test]
fn a_missing_signature_is_refused() {
    let s = answered();
    let run = untrue(&s, |text| with_signatures(text, |list| list.truncate(1)));
    run.says("the response holds 1 signatures, the request asked for 2");
}

#[test]
fn signatures_in_another_order_are_refused() {
    let s = answered();
    let run = untrue(&s, |text| with_signatures(text, |list| list.swap(0, 1)));
    run.says("signature 1 of the response is not what the request asked for");
}

#[test]
fn two_packets_in_place_of_one_are_refused() {
    let s = answered();
    let run = untrue(&s, |text| {
        with_signatures(text, |list| {
            let both = [decode(&list[0]), decode(&list[1])].concat();
            list[0] = encode(&both);
        })
    });
    run.says("signature 1 of the response is not what the request asked for");
}

#[test]
fn an_answer_in_another_spelling_is_refused() {
    for change in [
        |text: &str| text.replace("  ", "    "),
        |text: &str| text.replace('\n', "\r\n"),
        |text: &str| format!("{text}\n"),
        |text: &str| serde_json::from_str::<Value>(text).expect("JSON").to_string(),
        |text: &str| text.replacen("\"request\"", "\"re\\u0071uest\"", 1),
    ] {
        let s = answered();
        untrue(&s, change).says("the response is not written as responses are");
    }
}

#[test]
fn unknown_fields_and_broken_text_are_refused() {
    for change in [
        |text: &str| text.replacen("{\n", "{\n  \"note\": \"all is well\",\n", 1),
        |text: &str| text[..text.len() / 2].to_owned(),
        |text: &str| text.replace("\"version\": 1", "\"version\": 2"),
        |_: &str| String::new(),
    ] {
        let s = answered();
        untrue(&s, change).says("this is not a response of version 1");
    }
}

/// The first signature, taken apart, changed and put together again.
fn with_signature(text: &str, change: impl Fn(&mut Signature)) -> String {
    with_signatures(text, |list| {
        let Ok(Packet::Signature(mut signature)) = Packet::from_bytes(&decode(&list[0])) else {
            panic!("no signature in {text}");
        };
        change(&mut signature);
        list[0] = encode(&Packet::from(signature).to_vec().expect("a signature serialises"));
    })
}

#[test]
fn a_signature_taken_apart_and_put_together_is_the_same() {
    let s = answered();
    let (path, _) = s.answer();
    let text = fs::read_to_string(path).expect("an answer");
    assert_eq!(with_signature(&text, |_| ()), text);
}

#[test]
fn an_unhashed_subpacket_is_refused_although_the_signature_verifies() {
    let s = answered();
    let run = untrue(&s, |text| {
        with_signature(text, |signature| {
            let marks = SubpacketValue::Issuer(signature.get_issuers()[0].clone().into());
            let subpacket = Subpacket::new(marks, false).expect("it fits");
            signature.unhashed_area_mut().add(subpacket).expect("it fits");
        })
    });
    run.says("signature 1 of the response").says("differs from the prediction");
}

#[test]
fn an_answer_in_the_name_of_another_master_is_refused() {
    let s = answered();
    let run = untrue(&s, |text| {
        let start = text.find("\"master\": \"").expect("the field") + 11;
        format!("{}{}{}", &text[..start], fingerprint("bob"), &text[start + 40..])
    });
    run.says(&format!("the response is by master {}", fingerprint("bob")));
}

#[test]
fn a_signature_value_by_another_key_is_refused() {
    let s = answered();
    let theirs = {
        let t = Scenario::of_masters(&["two"]);
        t.certify("alice").ok();
        t.session().run().ok();
        t.answer().1["outcome"]["signed"]["signatures"][0].clone()
    };
    let run = untrue(&s, |text| {
        let theirs = decode(&theirs);
        with_signatures(text, |list| {
            let mut bytes = decode(&list[0]);
            let (mine, other) = (bytes.len() - 500, theirs.len() - 500);
            bytes[mine..].copy_from_slice(&theirs[other..]);
            list[0] = encode(&bytes);
        })
    });
    run.says("signature 1 of the response is not what the request asked for");
}

#[test]
fn a_refusal_is_shown_with_its_reasons() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.session().answers("No\nThe voice on the telephone was not hers\n").run().ends(3);
    let file = &s.on_stick(".response.json")[0];
    for verb in ["verify", "install"] {
        let run = s.countersign(&["response", verb, file]).ends(3);
        run.says("operator").says("The voice on the telephone was not hers");
    }
    assert!(s.countersign(&["developer", "list"]).ok().out.is_empty());
}

#[test]
fn one_refusal_in_a_batch_keeps_no_other_answer_out() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.certify("bob").ok();
    s.session().answers("No\nnot this one\nYes\n").run().ends(3).says("1 signed").says("1 refused");
    s.install().ends(3).says("not this one").says("not every request was granted");
    let list = s.countersign(&["developer", "list"]).ok().out;
    let listed = |name: &str| list.contains(&fingerprint(name));
    assert!(listed("alice") ^ listed("bob"), "{list}");
}

#[test]
fn installing_twice_changes_nothing() {
    let s = answered();
    s.install().ok();
    let tree = || {
        let mut files = Vec::new();
        for folder in ["developers", "requests", "responses", "masters", "managers"] {
            let entries = fs::read_dir(s.path("authority").join(folder)).expect("a folder");
            for entry in entries.filter_map(Result::ok) {
                files.push((entry.path(), fs::read(entry.path()).expect("a file")));
            }
        }
        files.sort();
        files
    };
    let once = tree();
    s.install().ok();
    assert_eq!(tree(), once);
    assert!(once.len() >= 5);
}

#[test]
fn a_revocation_travels_with_the_certification_that_it_takes_back() {
    let s = answered();
    s.install().ok();
    s.clear_stick();
    let request = s.revoke("alice").ok();
    request.says("REVOKE on user ID").says("Alice at work").says("user ID no longer valid");
    s.session().run().ok().says("1 signed with 2 signatures");
    s.install().ok();
    let shown = s.countersign(&["developer", "show", &fingerprint("alice")]).ok().out;
    assert_eq!(shown.matches(" certified ").count(), 2, "{shown}");
    assert_eq!(shown.matches("Z revoked ").count(), 2, "{shown}");
}

#[test]
fn nobody_asks_to_revoke_whom_nobody_certified() {
    let s = Scenario::new();
    let run = s.revoke("bob");
    assert_ne!(run.code, 0);
    run.says("no developer").says(&fingerprint("bob"));
    assert!(s.on_stick("").is_empty());
}

#[test]
fn a_revocation_asked_for_by_no_manager_is_not_written() {
    let s = answered();
    s.install().ok();
    s.clear_stick();
    let alice = fingerprint("alice");
    let ask = ["request", "revoke", &alice, "--key-file", "bob.key", "--output", "stick"];
    s.countersign(&ask).ends(3).says("requester-allowed: ").says("not by any manager");
    assert!(s.on_stick("").is_empty());
}

#[test]
fn an_answer_says_in_json_what_it_says_in_words() {
    let s = answered();
    let file = &s.on_stick(".response.json")[0];
    let run = s.countersign(&["response", "verify", file, "--json"]).ok();
    let value: Value = serde_json::from_str(&run.out).expect("one line of JSON");
    assert_eq!(value["version"], 1);
    assert_eq!(value["signatures"], 2);
}

#[test]
fn an_export_for_freepbx_to_standard_output_makes_no_folder_of_that_name() {
    let s = answered();
    s.install().ok();
    let run = s.countersign(&["developer", "export", "--format", "freepbx", "--output", "-"]);
    assert_ne!(run.code, 0, "{}", run.told());
    assert!(!s.path("-").exists());
}
