//! Any bytes as a response: no panic, and what is read has the one spelling.
#![no_main]

use countersign::response::Response;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(response) = Response::parse(bytes) {
        assert_eq!(response.text().as_bytes(), bytes);
    }
});
