//! Any bytes as a request: no panic, and what is read has the one spelling.
#![no_main]

use countersign::request::{MAX_BYTES, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::parse(bytes, MAX_BYTES) {
        let again = Request::parse(request.text().as_bytes(), MAX_BYTES).expect("reads again");
        assert_eq!(request.id(), again.id());
    }
});
