//! Any bytes as a trust bundle, and as the keyring of one: no panic, and a head has one spelling.
#![no_main]

use countersign::bundle::{Bundle, Contents, Head};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(bundle) = Bundle::read(bytes) {
        let _ = bundle.masters();
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(head) = Head::parse(text)
    {
        assert_eq!(head.text(), text);
    }
    let found = Contents::of(bytes, &[], |_| Ok::<_, ()>(()));
    assert!(found.is_ok_and(|found| found.developers == 0 || !found.flaws.is_empty()));
});
