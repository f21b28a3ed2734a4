//! Any bytes as a journal: no panic, and no entry after one that does not fit.
#![no_main]

use countersign::journal::{Chain, Ledger};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut ledger = Ledger::default();
    for entry in Chain::new(bytes) {
        match entry {
            Ok(entry) => ledger.add(entry),
            Err(_) => break,
        }
    }
});
