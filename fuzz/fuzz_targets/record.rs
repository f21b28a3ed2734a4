//! Any text as a session's record: no panic, and what is read has the one spelling.
#![no_main]

use countersign::journal::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(record) = Record::parse(text) {
        assert_eq!(record.text(), text);
        assert!(record.signatures() <= text.len());
    }
});
