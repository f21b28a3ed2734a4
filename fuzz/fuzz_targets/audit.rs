//! Any lines as a journal, chained so that each is read: no panic, and nothing by a stranger is
//! believed.
#![no_main]

use countersign::digest::Sha256;
use countersign::journal::{Basis, Entry, audit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let basis = Basis { masters: &[], former: &[], request: &|_| None };
    let _ = audit(bytes, &basis);
    let (mut previous, mut last, mut journal) = (Sha256::ZERO, None, String::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else { continue };
        let at = last.map_or(entry.at, |last| entry.at.max(last));
        let sequence = journal.lines().count() as u64;
        let Ok(line) = serde_json::to_string(&Entry { sequence, previous, at, ..entry }) else {
            return;
        };
        (previous, last) = (Sha256::of(&line), Some(at));
        journal.push_str(&line);
        journal.push('\n');
    }
    let audited = audit(journal.as_bytes(), &basis).expect("a chain");
    assert!(audited.records.is_empty());
    assert!(audited.signatures == 0 || !audited.findings.is_empty());
});
