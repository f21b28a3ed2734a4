//! Any bytes as a certificate: no panic, and reading the result again changes nothing.
#![no_main]

use countersign::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::read(bytes, &[]) {
        let once = certificate.to_bytes();
        let twice = Certificate::read(once.as_slice(), &[]).expect("reads again").to_bytes();
        assert_eq!(once, twice);
    }
});
