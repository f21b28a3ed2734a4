//! Texts of codes, with and without a right check: no panic, no parcel larger than the limit, and a
//! frame of one spelling.
#![no_main]

use countersign::qr::{Frame, Receiver, Taken};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

const LIMIT: usize = 10_000;

fn take(receiver: &mut Receiver, text: &str) {
    if let Ok(frame) = Frame::parse(text, LIMIT) {
        assert_eq!(frame.text(), text);
    }
    if let Taken::Done(parcel) = receiver.take(text) {
        assert!(parcel.files().iter().map(|(_, content)| content.len()).sum::<usize>() <= LIMIT);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut receiver = Receiver::new(LIMIT);
    for line in bytes.split(|b| *b == b'\n') {
        take(&mut receiver, &String::from_utf8_lossy(line));
        // Few random bytes have a head and a check: they get theirs.
        let mut frame = b"CS\x01".to_vec();
        frame.extend(line);
        let check = Sha256::digest(&frame);
        frame.extend(&check[..4]);
        take(&mut receiver, &base45::encode(&frame));
    }
});
