//! Any bytes as a small form: no panic, one spelling, and no request under another's name.
#![no_main]

use countersign::exchange::compact::{Answer, Reference};
use countersign::request::{MAX_BYTES, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answer) = Answer::parse(bytes) {
        assert_eq!(answer.to_bytes(), bytes);
    }
    if let Ok(reference) = Reference::parse(bytes) {
        assert_eq!(reference.text().as_bytes(), bytes);
        if let Ok(text) = reference.request(bytes) {
            let request = Request::parse(text.as_bytes(), MAX_BYTES).expect("a request");
            assert_eq!(request.id(), reference.id());
        }
    }
    if let Ok(request) = Request::parse(bytes, MAX_BYTES)
        && let Some(reference) = Reference::of(&request)
    {
        let certificate = request.operation().certificate().expect("left out");
        let text = reference.request(certificate.untrusted_bytes()).expect("put back");
        assert_eq!(text, request.text());
    }
});
