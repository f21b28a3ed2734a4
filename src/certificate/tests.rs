//! Reading certificates: real ones, flooded ones, and what is no certificate.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Packet, Signature, UserID};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::SignatureType;
use proptest::prelude::*;

use super::{Certificate, ReadError, Standing, algorithm};
use crate::time::Timestamp;

fn key(user_id: &str) -> Cert {
    CertBuilder::new().add_userid(user_id).add_signing_subkey().generate().expect("a key").0
}

fn public(cert: &Cert) -> Vec<u8> {
    cert.clone().strip_secret_key_material().to_vec().expect("bytes")
}

fn read(bytes: &[u8]) -> Result<Certificate, ReadError> {
    Certificate::read(bytes, &[])
}

#[test]
fn reading_twice_changes_nothing() {
    let once = read(&public(&key("Alice <alice@example.org>"))).expect("reads").to_bytes();
    let twice = read(&once).expect("reads").to_bytes();
    assert_eq!(once, twice);
    let armored = read(&once).expect("reads").armored();
    assert_eq!(read(armored.as_bytes()).expect("reads").to_bytes(), once);
}

/// Alice's certificate with so many certifications by a stranger, and so many by the same stranger
/// who claims to be Alice, in front of her self-signature.
fn flooded(alice: &Cert, foreign: usize, lies: usize) -> Vec<u8> {
    let mallory = key("Mallory");
    let user_id = alice.userids().next().expect("a user ID").userid().clone();
    let secret = mallory.primary_key().key().clone().parts_into_secret().expect("secret");
    let mut signer = secret.into_keypair().expect("a key pair");
    let honest: Signature = user_id.certify(&mut signer, alice, None, None, None).expect("signs");
    // The digest prefix is right, only the value is not Alice's: each costs a verification.
    let lie: Signature = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_issuer_fingerprint(alice.fingerprint())
        .and_then(|b| b.set_issuer(alice.keyid()))
        .and_then(|b| b.sign_userid_binding(&mut signer, alice.primary_key().key(), &user_id))
        .expect("signs");
    let honest = Packet::from(honest).to_vec().expect("bytes");
    let lie = Packet::from(lie).to_vec().expect("bytes");
    let mut bytes = Vec::new();
    for packet in alice.clone().strip_secret_key_material().into_packets() {
        let id = matches!(packet, Packet::UserID(_));
        bytes.extend(packet.to_vec().expect("bytes"));
        if id {
            bytes.extend(honest.repeat(foreign));
            bytes.extend(lie.repeat(lies));
        }
    }
    bytes
}

#[test]
fn junk_in_front_of_a_self_signature_does_not_push_it_out() {
    let alice = key("Alice <alice@example.org>");
    let clean = read(&public(&alice)).expect("reads").to_bytes();
    let certificate = read(&flooded(&alice, 5_000, 500)).expect("reads");
    assert_eq!(certificate.to_bytes(), clean);
    assert_eq!(certificate.dropped().foreign_signatures, 5_000);
    assert_eq!(certificate.dropped().false_signatures, 500);
}

#[test]
fn more_lies_than_can_be_checked_fail_closed() {
    let alice = key("Alice <alice@example.org>");
    let flooded = read(&flooded(&alice, 0, 2_001));
    assert!(matches!(flooded, Err(ReadError::Flooded)), "{flooded:?}");
}

/// What somebody can do to a signature on its way without breaking it.
fn tampered(cert: &Cert, change: impl Fn(&mut Signature)) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in cert.clone().strip_secret_key_material().into_packets() {
        if let Packet::Signature(signature) = &packet {
            let mut copy = signature.clone();
            change(&mut copy);
            bytes.extend(Packet::from(copy).to_vec().expect("bytes"));
        }
        bytes.extend(packet.to_vec().expect("bytes"));
    }
    bytes
}

#[test]
fn what_is_not_hashed_does_not_survive() {
    use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
    let alice = key("Alice <alice@example.org>");
    let clean = read(&public(&alice)).expect("reads").to_bytes();
    let stripped = tampered(&alice, |s| *s.unhashed_area_mut() = SubpacketArea::default());
    assert_eq!(read(&stripped).expect("reads").to_bytes(), clean);
    let liar = tampered(&alice, |s| {
        let issuer: openpgp::KeyID = "FFFFFFFFFFFFFFFF".parse().expect("a key id");
        let more = [
            SubpacketValue::Issuer(issuer),
            SubpacketValue::PreferredKeyServer(b"https://evil.example/".to_vec()),
        ];
        for value in more {
            let subpacket = Subpacket::new(value, false).expect("a subpacket");
            s.unhashed_area_mut().add(subpacket).expect("room");
        }
    });
    assert_eq!(read(&liar).expect("reads").to_bytes(), clean);
}

#[test]
fn what_is_no_certificate_is_refused_with_a_word() {
    let alice = key("Alice <alice@example.org>");
    let bytes = public(&alice);
    let twice = [bytes.clone(), public(&key("Bob <bob@example.org>"))].concat();
    assert!(matches!(read(&twice), Err(ReadError::SeveralCertificates)));
    let secret = alice.as_tsk().to_vec().expect("bytes");
    assert!(matches!(read(&secret), Err(ReadError::SecretKey)));
    assert!(read(b"").is_err());
    assert!(read(b"not OpenPGP at all").is_err());
    assert!(read(&bytes[..bytes.len() / 2]).is_err());
    let user_id = Packet::from(UserID::from("nobody")).to_vec().expect("bytes");
    assert!(matches!(read(&user_id), Err(ReadError::NotACertificate(_))));
    let (certificate, secrets) = Certificate::read_key_file(secret.as_slice()).expect("reads");
    assert_eq!(certificate.to_bytes(), read(&bytes).expect("reads").to_bytes());
    assert_eq!(secrets.len(), 2);
}

proptest! {
    #[test]
    fn no_input_makes_reading_panic(at in 0_usize..2_000, with in any::<u8>(), cut in 0_usize..2_000) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = BYTES.get_or_init(|| public(&key("Alice <alice@example.org>"))).clone();
        let length = bytes.len();
        bytes[at % length] = with;
        bytes.truncate(length - cut % length);
        if let Ok(certificate) = read(&bytes) {
            let once = certificate.to_bytes();
            prop_assert_eq!(read(&once).expect("reads again").to_bytes(), once);
        }
    }
}

/// Real keys, where they are at hand (see docs/developing.md).
fn freepbx() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/freepbx/keys");
    if folder.is_dir() {
        return Some(folder);
    }
    let what = "no real FreePBX keys beside the project";
    eprintln!("skipped: {what}");
    if let Some(path) = std::env::var_os("COUNTERSIGN_SKIPPED") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut f| writeln!(f, "{what}")).expect("noted");
    }
    None
}

fn real(folder: &Path, name: &str, masters: &[&Certificate]) -> Certificate {
    let file = std::fs::File::open(folder.join(name)).expect("a key file");
    Certificate::read(file, masters).expect("reads")
}

#[test]
fn freepbx_masters_and_mirrors_are_read_and_what_they_say_is_understood() {
    let Some(folder) = freepbx() else { return };
    let old = real(&folder, "9F9169F4B33B4659.key", &[]);
    let new = real(&folder, "1588A7366BD35B34.key", &[]);
    assert_eq!(old.fingerprint().to_string(), "2016349F5BC6F49340FCCAF99F9169F4B33B4659");
    assert_eq!(new.fingerprint().to_string(), "0BDE0BFA09946D732091E26E1588A7366BD35B34");
    assert_eq!(algorithm(new.primary()), "RSA 4096");

    let now = Timestamp::parse("2026-11-22").expect("a date");
    let mirror = real(&folder, "B53D215A755231A3.key", &[&old, &new]);
    let user_id = mirror.user_ids().next().expect("a user ID").clone();
    // Certified by the new master; the old one's certification is SHA-1 of December 2019, which
    // GnuPG ignores, and so do we.
    assert!(matches!(mirror.standing(&user_id, &new, now), Standing::Certified { .. }));
    assert_eq!(mirror.standing(&user_id, &old, now), Standing::None);
    assert!(mirror.opinions_of(&old).iter().all(|o| o.weak));

    for name in ["sentrypeer.asc", "anp-dawson.asc", "pjltelecom.asc"] {
        let developer = real(&folder, name, &[&old, &new]);
        assert!(developer.opinions_of(&new).is_empty(), "{name} is certified by no master");
    }
}
