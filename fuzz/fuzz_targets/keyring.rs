//! Any bytes as a file of certificates: no panic, and what was read reads again.
#![no_main]

use countersign::module::Keyring;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let keyring = Keyring::of(&[]).bytes("first", bytes).finish();
    let all: Vec<u8> = keyring.others().iter().flat_map(|c| c.to_bytes()).collect();
    if !all.is_empty() {
        let again = Keyring::of(&[]).bytes("second", &all).finish();
        assert_eq!(again.others().len(), keyring.others().len());
    }
});
