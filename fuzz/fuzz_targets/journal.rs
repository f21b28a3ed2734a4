//! Any bytes as a journal: no panic, and no entry after one that does not fit.
#![no_main]

use countersign::journal::{Chain, Ledger};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut ledger = Ledger::default();
    let mut chain = Chain::new(bytes);
    while let Some(Ok(entry)) = chain.next() {
        ledger.add(&entry, chain.start());
    }
});
