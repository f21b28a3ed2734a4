//! The small forms of requests and answers: the very same text again, or nothing.
#![allow(missing_docs)]

use std::sync::OnceLock;

use countersign::exchange::compact::{Answer, CompactError, Reference};
use countersign::request::{MAX_BYTES, Request};
use countersign::response::{Outcome, Refuser, Response};
use countersign_tests::act::failing;
use countersign_tests::failing::Plan;
use countersign_tests::station::{Bench, Script};
use proptest::prelude::*;

/// A request with two user IDs, another one, and the answer to the first.
struct Case {
    bench: Bench,
    request: Request,
    other: Request,
    response: Response,
}

fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let bench = Bench::new();
        let request = bench.ask(&["A <a@example.org>", "Ä \"certificate\": [ <b@example.org>"]);
        let plan = Plan::new(None);
        bench.run(&mut Script::silent(), || failing(&bench, &plan)).expect("signs");
        let name = request.file_name().replace("request.asc", "response.json");
        let bytes = std::fs::read(bench.stick().join(name)).expect("an answer");
        let response = Response::parse(&bytes).expect("a response");
        let other = bench.ask(&["C <c@example.org>"]);
        Case { bench, request, other, response }
    })
}

fn certificate(request: &Request) -> &[u8] {
    request.operation().certificate().expect("it carries one").untrusted_bytes()
}

#[test]
fn an_answer_becomes_the_very_same_response() {
    let Case { bench, request, response, .. } = case();
    let small = Answer::of(response).expect("signatures").to_bytes();
    // The master's key has 4096 bits, and one value in 256 is a byte shorter.
    assert!((1050..=32 + 2 * 514).contains(&small.len()), "{} bytes", small.len());
    let answer = Answer::parse(&small).expect("an answer");
    let rebuilt = answer.response(request, &bench.master).expect("all there");
    assert_eq!(rebuilt.text(), response.text());
    assert_eq!(rebuilt.verify(request, &bench.master).expect("as asked").count(), 2);
}

#[test]
fn a_reference_becomes_the_very_same_request() {
    let Case { request, .. } = case();
    let reference = Reference::of(request).expect("about a key");
    let text = reference.text();
    assert!(text.len() < request.text().len(), "{text}");
    let read = Reference::parse(text.as_bytes()).expect("a reference");
    assert_eq!(read.id(), request.id());
    assert_eq!(read.request(certificate(request)).expect("all there"), request.text());
}

#[test]
fn a_refusal_has_no_small_form() {
    let Case { request, .. } = case();
    let outcome = Outcome::Refused { by: Refuser::Operator, violations: Vec::new() };
    assert!(Answer::of(&Response::new(request.id(), outcome)).is_none());
}

#[test]
fn an_answer_to_another_request_or_of_too_few_signatures_is_refused() {
    let Case { bench, request, other, response } = case();
    let answer = Answer::of(response).expect("signatures");
    let error = answer.response(other, &bench.master).expect_err("another request");
    assert!(matches!(error, CompactError::OtherRequest { .. }), "{error}");
    let mut bytes = answer.to_bytes();
    let value = usize::from(u16::from_be_bytes([bytes[32], bytes[33]])).div_ceil(8);
    bytes.truncate(32 + 2 + value);
    let one = Answer::parse(&bytes).expect("one signature");
    let error = one.response(request, &bench.master).expect_err("one is missing");
    assert!(matches!(error, CompactError::Count { actual: 1, expected: 2 }), "{error}");
    let twice = [&bytes[..], &bytes[32..]].concat();
    let swapped = Answer::parse(&twice).expect("two signatures");
    let error = swapped.response(request, &bench.master).expect_err("the first twice");
    assert!(matches!(error, CompactError::Signature { number: 2, .. }), "{error}");
}

#[test]
fn an_answer_has_one_spelling() {
    let Case { response, .. } = case();
    let bytes = Answer::of(response).expect("signatures").to_bytes();
    let broken = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        Answer::parse(&bytes).expect_err("another spelling")
    };
    broken(&|b| b.truncate(32));
    broken(&|b| b.truncate(31));
    broken(&|b| b.push(0));
    broken(&|b| b.truncate(b.len() - 1));
    broken(&|b| b.extend([0, 0]));
    broken(&|b| b.extend([0xff, 0xff]));
    // A leading zero bit, and a value without the bit that it claims.
    broken(&|b| b.extend([0, 9, 0, 0xff]));
    broken(&|b| b.extend([0, 1, 0]));
    broken(&|b| b.resize(MAX_BYTES + 1, 0));
}

#[test]
fn a_reference_with_another_certificate_or_text_is_refused() {
    let Case { request, other, .. } = case();
    let reference = Reference::of(request).expect("about a key");
    let error = reference.request(certificate(other)).expect_err("another certificate");
    assert!(matches!(error, CompactError::NotHere { .. }), "{error}");
    assert!(error.to_string().contains("--whole"), "{error}");

    // The other request's text under this one's name, and a text that is none.
    let text = reference.text();
    let foreign = Reference::of(other).expect("about a key").text();
    let (_, body) = foreign.split_once("\n\n").expect("a head");
    let (head, _) = text.split_once("\n\n").expect("a head");
    let mixed = Reference::parse(format!("{head}\n\n{body}").as_bytes()).expect("well-formed");
    let error = mixed.request(certificate(request)).expect_err("another text");
    assert!(!error.to_string().is_empty());
    let empty = Reference::parse(format!("{head}\n\nnothing").as_bytes()).expect("well-formed");
    assert!(empty.request(certificate(request)).is_err());
    for (from, to) in [
        ("by-reference 1\n", "by-reference 2\n"),
        ("\nrequest ", "\nrequest  "),
        ("\nkey ", "\nkey 0x"),
        ("\ncertificate ", "\nCertificate "),
        ("\n\n", "\nmore\n\n"),
        ("countersign", " countersign"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(Reference::parse(changed.as_bytes()).is_err(), "{from:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_byte_of_an_answer_passes(at in 0usize..1060, by in 1u8..) {
        let Case { bench, request, response, .. } = case();
        let mut bytes = Answer::of(response).expect("signatures").to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= by;
        let passed = Answer::parse(&bytes).and_then(|a| a.response(request, &bench.master));
        prop_assert!(passed.is_err());
    }

    #[test]
    fn no_changed_byte_of_a_reference_gives_another_request(at in 0usize.., by in 1u8..128) {
        let Case { request, .. } = case();
        let mut bytes = Reference::of(request).expect("about a key").text().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= by;
        let text = Reference::parse(&bytes).and_then(|r| r.request(certificate(request)));
        if let Ok(text) = text {
            // Only the signature beneath may differ: the review judges it.
            let read = Request::parse(text.as_bytes(), MAX_BYTES).expect("a request");
            prop_assert_eq!(read.id(), request.id());
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(answer) = Answer::parse(&bytes) {
            prop_assert_eq!(answer.to_bytes(), bytes.clone());
        }
        if let Ok(reference) = Reference::parse(&bytes) {
            prop_assert_eq!(reference.text().into_bytes(), bytes);
        }
    }
}

/// The examples of docs/exchange-format.md, made from the fixtures.
#[test]
fn the_examples_of_the_document_are_these_forms() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("a text");
    let document = read("../docs/exchange-format.md");
    let request = read("data/request/good/certify.asc");
    let request = Request::parse(request.as_bytes(), MAX_BYTES).expect("a request");
    let reference = Reference::of(&request).expect("about a key").text();
    let shown: Vec<&str> = reference.lines().take(18).collect();
    assert!(document.contains(&shown.join("\n")), "{}", shown.join("\n"));
    let response = read("data/response/good/signed.json");
    let response = Response::parse(response.as_bytes()).expect("a response");
    let bytes = Answer::of(&response).expect("signatures").to_bytes();
    let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let lines: Vec<String> = hex.chunks(46).map(<[String]>::concat).collect();
    assert!(document.contains(&lines.join("\n")), "{}", lines.join("\n"));
}
