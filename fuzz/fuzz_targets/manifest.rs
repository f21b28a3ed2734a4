//! Any bytes as a manifest: no panic, one spelling, and FreePBX's parser reads the same files.
#![no_main]

use countersign::module::Manifest;
use countersign::module::ini::{self, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    assert_eq!(manifest.text().as_bytes(), bytes);
    let all = ini::parse(bytes).expect("a list that we read, FreePBX reads");
    let Some(Value::Array(hashes)) = all.get(b"hashes") else { panic!("no [hashes]") };
    assert_eq!(hashes.len(), manifest.entries.len());
    for ((key, value), entry) in hashes.iter().zip(&manifest.entries) {
        assert_eq!(key, entry.path.as_bytes());
        assert_eq!(value, &Value::Text(entry.sha256.to_string().into_bytes()));
    }
});
