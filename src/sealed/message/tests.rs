//! Sealed and opened; and what is refused without opening, and when opened.

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::stream::Compressor;
use openpgp::types::SignatureType;

use super::*;
use crate::sealed::{OpenError, Opener, open};
use crate::time::Timestamp;

fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now()).after(60)
}

fn somebody(suite: CipherSuite) -> (Cert, Custodian) {
    let builder = CertBuilder::general_purpose(Some("Cora <cora@example.org>"));
    let cert = builder.set_cipher_suite(suite).generate().expect("a key").0;
    let public = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    let custodian = Custodian::read(&public, now()).expect("a custodian");
    (cert, custodian)
}

fn keys(cert: &Cert) -> Opener {
    let secret = |k: openpgp::cert::prelude::ErasedKeyAmalgamation<'_, SecretParts>| {
        let key: Key<SecretParts, UnspecifiedRole> = k.key().clone();
        key
    };
    Opener::Keys(cert.keys().secret().map(secret).collect())
}

/// A signature as long as those of RSA-2048.
fn signature() -> Signature {
    let (cert, _) = somebody(CipherSuite::RSA2k);
    let key = cert.primary_key().key().clone().parts_into_secret().expect("a secret");
    let mut signer = key.into_keypair().expect("a pair");
    SignatureBuilder::new(SignatureType::Binary).sign_message(&mut signer, b"x").expect("signed")
}

fn length(signature: &Signature) -> usize {
    Packet::from(signature.clone()).to_vec().expect("bytes").len()
}

#[test]
fn what_is_sealed_opens_for_each_custodian_and_nobody_else() {
    let people = [CipherSuite::RSA2k, CipherSuite::Cv25519, CipherSuite::P256, CipherSuite::P521];
    let people: Vec<(Cert, Custodian)> = people.into_iter().map(somebody).collect();
    let custodians: Vec<Custodian> = people.iter().map(|(_, c)| c.clone()).collect();
    let (signature, recipients) = (signature(), Recipients::Custodians(&custodians));
    let sealed = SealedMessage::seal(&signature, &recipients).expect("sealed");
    sealed.check(&recipients, length(&signature)).expect("of the right shape");
    let bytes = sealed.untrusted_bytes().expect("bytes");
    let expected = Packet::from(signature.clone()).to_vec().expect("bytes");
    for (cert, custodian) in &people {
        let opened = open(&bytes, &keys(cert)).ok();
        assert_eq!(opened.as_ref(), Some(&expected), "{}", custodian.name());
    }
    let (stranger, other) = somebody(CipherSuite::Cv25519);
    assert!(matches!(open(&bytes, &keys(&stranger)), Err(OpenError::Closed(_))));

    let wrong = [vec![other], custodians[..3].to_vec(), {
        let mut turned = custodians.clone();
        turned.swap(0, 1);
        turned
    }];
    for wrong in wrong {
        let error = sealed.check(&Recipients::Custodians(&wrong), length(&signature));
        assert!(matches!(error, Err(SealError::Recipients)), "{error:?}");
    }
    let error = sealed.check(&Recipients::Passphrase(None), length(&signature));
    assert!(matches!(error, Err(SealError::Recipients)), "{error:?}");
}

#[test]
fn what_is_sealed_with_a_passphrase_opens_with_it() {
    let (signature, passphrase) = (signature(), Passphrase::generate().expect("randomness"));
    let sealed = SealedMessage::seal(&signature, &Recipients::Passphrase(Some(&passphrase)));
    let sealed = sealed.expect("sealed");
    sealed.check(&Recipients::Passphrase(None), length(&signature)).expect("the right shape");
    let bytes = sealed.untrusted_bytes().expect("bytes");
    let typed = Opener::Passphrase(Passphrase::typed(&passphrase.words().to_uppercase()));
    assert!(open(&bytes, &typed).is_ok());
    let wrong = Opener::Passphrase(Passphrase::typed("aardvark"));
    assert!(matches!(open(&bytes, &wrong), Err(OpenError::Closed(_))));
}

#[test]
fn no_room_is_left_for_anything_else() {
    let (_, custodian) = somebody(CipherSuite::Cv25519);
    let custodians = [custodian];
    let (signature, recipients) = (signature(), Recipients::Custodians(&custodians));
    let sealed = SealedMessage::seal(&signature, &recipients).expect("sealed");
    let bytes = sealed.untrusted_bytes().expect("bytes");
    let longest = length(&signature);
    let check = |bytes: &[u8]| SealedMessage::new(bytes).check(&recipients, longest);
    check(&bytes).expect("as it was made");
    for (name, spoiled) in [
        ("more behind it", [bytes.as_slice(), b"\xca\x03PGP"].concat()),
        ("twice", [bytes.as_slice(), &bytes].concat()),
        ("cut", bytes[..bytes.len() - 1].to_vec()),
        ("nothing", Vec::new()),
        ("text", b"-----BEGIN PGP MESSAGE-----\n".to_vec()),
        ("in clear", Packet::from(signature.clone()).to_vec().expect("bytes")),
        ("too long", vec![0xd2; MAX_BYTES + 1]),
    ] {
        assert!(check(&spoiled).is_err(), "{name}");
    }
    let error = sealed.check(&recipients, longest - 1);
    assert!(matches!(error, Err(SealError::Size { .. })), "{error:?}");
    let error = sealed.check(&recipients, longest + 100);
    assert!(matches!(error, Err(SealError::Size { .. })), "{error:?}");
}

/// Encrypted to somebody, but not as [`SealedMessage::seal`] does it.
fn otherwise(cert: &Custodian, form: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let features = Features::empty().set_seipdv1();
    let to = Recipient::new(features, openpgp::KeyHandle::from(cert.key().keyid()), cert.key());
    let message = Encryptor::for_recipients(Message::new(&mut bytes), [to]).build();
    let mut message = message.expect("encrypts");
    if form == "compressed" {
        message = Compressor::new(message).build().expect("compresses");
    }
    let mut literal = LiteralWriter::new(message);
    if form == "named" {
        literal = literal.filename("the PIN is 123456").expect("a name");
    }
    let mut literal = literal.build().expect("writes");
    literal.write_all(content).expect("writes");
    literal.finalize().expect("finishes");
    bytes
}

#[test]
fn what_a_custodian_finds_beside_the_packet_is_refused() {
    let (cert, custodian) = somebody(CipherSuite::Cv25519);
    let opens = |bytes: &[u8]| open(bytes, &keys(&cert));
    assert_eq!(opens(&otherwise(&custodian, "plain", b"x")).expect("opens"), b"x");
    for form in ["named", "compressed"] {
        assert!(opens(&otherwise(&custodian, form, b"x")).is_err(), "{form}");
    }
    let long = otherwise(&custodian, "plain", &[b'x'; 9_000]);
    assert!(matches!(opens(&long), Err(OpenError::TooLong)));
    let mut damaged = otherwise(&custodian, "plain", b"x");
    *damaged.last_mut().expect("bytes") ^= 1;
    assert!(matches!(opens(&damaged), Err(OpenError::Closed(_))));
    for text in [&b""[..], b"x", b"-----BEGIN PGP MESSAGE-----"] {
        assert!(opens(text).is_err());
    }
}

/// A message that was sealed to somebody once for all the cases below.
fn sample() -> &'static (Custodian, Vec<u8>, usize) {
    static SAMPLE: std::sync::OnceLock<(Custodian, Vec<u8>, usize)> = std::sync::OnceLock::new();
    SAMPLE.get_or_init(|| {
        let ((_, custodian), signature) = (somebody(CipherSuite::Cv25519), signature());
        let custodians = [custodian];
        let recipients = Recipients::Custodians(&custodians);
        let sealed = SealedMessage::seal(&signature, &recipients).expect("sealed");
        let bytes = sealed.untrusted_bytes().expect("bytes");
        let [custodian] = custodians;
        (custodian, bytes, length(&signature))
    })
}

proptest::proptest! {
    /// Whatever comes is judged without a panic, and what passes is as long as what was sealed.
    #[test]
    fn spoiled_messages_are_judged(at in 0..1_000_usize, byte: u8, cut in 0..1_000_usize) {
        let (custodian, bytes, longest) = sample();
        let custodians = std::slice::from_ref(custodian);
        let mut spoiled = bytes.clone();
        let place = at % spoiled.len();
        spoiled[place] = byte;
        spoiled.truncate(spoiled.len().saturating_sub(cut % 3));
        let judged = SealedMessage::new(&spoiled).check(&Recipients::Custodians(custodians), *longest);
        if judged.is_ok() {
            // An RSA value may be a few bytes shorter than the longest; nothing is longer.
            let (least, most) = (bytes.len() - SHORTER, bytes.len());
            proptest::prop_assert!((least..=most).contains(&spoiled.len()));
        }
        let opener = Opener::Passphrase(Passphrase::typed("aardvark"));
        proptest::prop_assert!(open(&spoiled, &opener).is_err());
        let _ = Custodian::read(&spoiled, now());
        let _ = crate::drill::read_revocation(&spoiled);
    }
}
