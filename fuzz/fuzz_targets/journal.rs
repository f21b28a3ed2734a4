//! Any bytes as a journal: no panic, and no entry after one that does not fit.
#![no_main]

use countersign::journal::{Chain, Ledger};
use countersign::scratch::Scratch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = Scratch::in_memory() else { return };
    let mut ledger = Ledger::new(index);
    let mut chain = Chain::new(bytes);
    while let Some(Ok(entry)) = chain.next() {
        let _ = ledger.add(&entry, chain.start());
    }
});
