use std::sync::OnceLock;

use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use proptest::prelude::*;

use super::*;

/// A signature; of what does not matter to a reader.
fn signature() -> Signature {
    static SIGNATURE: OnceLock<Signature> = OnceLock::new();
    let make = || {
        let builder = CertBuilder::new().set_cipher_suite(CipherSuite::Cv25519);
        let (cert, _) = builder.add_userid("a").generate().expect("a key");
        let key = cert.primary_key().key().clone().parts_into_secret().expect("a secret key");
        let mut signer = key.into_keypair().expect("a key pair");
        SignatureBuilder::new(SignatureType::Text).sign_message(&mut signer, b"a").expect("signs")
    };
    SIGNATURE.get_or_init(make).clone()
}

#[test]
fn too_many_signatures_are_refused() {
    let one = write_signed("a\n", &signature()).expect("written");
    let block = |count| {
        let many = vec![signature(); count];
        let armor = String::from_utf8(cleartext::armored(&many).expect("armor")).expect("ASCII");
        format!("{}{armor}", &one[..one.find("-----BEGIN PGP SIGNATURE").expect("a signature")])
    };
    let read = SignedText::parse(block(MAX_SIGNATURES).as_bytes()).expect("as many as may be");
    assert_eq!(read.signatures().len(), MAX_SIGNATURES);
    assert_eq!(read.deviations(), [Deviation::SeveralSignatures]);
    let error = SignedText::parse(block(MAX_SIGNATURES + 1).as_bytes());
    assert!(matches!(error, Err(SignedTextError::Signatures(17))), "{error:?}");
    let error = SignedText::parse(block(20_000).as_bytes());
    assert!(matches!(error, Err(SignedTextError::OpenPgp(_))));
}

proptest! {
    #[test]
    fn what_is_written_reads_back_without_blanks_at_the_ends_of_lines(
        lines in prop::collection::vec("(-|From |----- |\\[|x|é| |\t|\u{2014}){0,6}", 0..8),
    ) {
        let written = write_signed(&lines.join("\n"), &signature()).expect("written");
        let read = SignedText::parse(written.as_bytes()).expect("what we wrote");
        let mut expected: Vec<_> = lines.iter().map(|l| l.trim_end_matches([' ', '\t'])).collect();
        // A final line end is there already.
        if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
            expected.pop();
        }
        prop_assert_eq!(str::from_utf8(read.text()), Ok(&*(expected.join("\n") + "\n")));
        let blanks = expected.iter().zip(&lines).any(|(short, line)| short != line);
        let deviations: &[_] = if blanks { &[Deviation::TrailingBlanks] } else { &[] };
        prop_assert_eq!(read.deviations(), deviations);
    }

    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>, at in 0..2000usize, with: u8, cut in 0..2000usize) {
        let _ = SignedText::parse(&bytes);
        let mut text = write_signed("a\n-b\n", &signature()).expect("written").into_bytes();
        let length = text.len();
        text[at % length] = with;
        let _ = SignedText::parse(&text);
        text.truncate(cut % length);
        let _ = SignedText::parse(&text);
    }
}
