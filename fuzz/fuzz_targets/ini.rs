//! Any bytes as an INI text: no panic, no endless loop.
#![no_main]

use countersign::module::ini;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(all) = ini::parse(bytes) {
        assert!(all.len() <= bytes.len());
    }
});
