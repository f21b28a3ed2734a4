//! Any bytes as a sealed message, a custodian or a revocation certificate: no panic, and nothing
//! opens that nobody sealed.
#![no_main]

use countersign::drill::read_revocation;
use countersign::sealed::{Custodian, Opener, Passphrase, Recipients, SealedMessage, open};
use countersign::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::from_unix(1_790_000_000);
    let _ = SealedMessage::new(bytes).check(&Recipients::Passphrase(None), 574);
    let _ = open(bytes, &Opener::Passphrase(Passphrase::typed("aardvark")));
    let _ = read_revocation(bytes);
    if let Ok(custodian) = Custodian::read(bytes, now) {
        let again = Custodian::read(custodian.to_bytes(), now).expect("what was cut down reads");
        assert_eq!(again.to_bytes(), custodian.to_bytes());
    }
});
