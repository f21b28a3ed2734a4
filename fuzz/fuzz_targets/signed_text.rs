//! Any bytes as a signed text: no panic, and what is written of what was read reads back.
#![no_main]

use countersign::module::{Deviation, SignedText, write_signed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(signed) = SignedText::parse(bytes) else { return };
    let Ok(text) = std::str::from_utf8(signed.text()) else { return };
    // A cleartext block can hold neither of these.
    if signed.deviations().contains(&Deviation::Inline) || !text.ends_with('\n') {
        return;
    }
    let Ok(written) = write_signed(text, &signed.signatures()[0]) else { return };
    let again = SignedText::parse(written.as_bytes()).expect("reads again");
    assert_eq!(again.text(), signed.text());
});
