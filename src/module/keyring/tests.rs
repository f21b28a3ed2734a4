//! Gathering keyrings: many certificates in a file, and what is bad among them.

use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{ReasonForRevocation, SignatureType};
use proptest::prelude::*;

use super::*;
use crate::module::forge::{certified, day, person, person_with, public, revoked};

fn read(cert: &openpgp::Cert) -> Certificate {
    Certificate::read(public(cert).as_slice(), &[]).expect("reads")
}

fn armored(cert: &openpgp::Cert) -> Vec<u8> {
    read(cert).armored().into_bytes()
}

fn plain(builder: SignatureBuilder) -> SignatureBuilder {
    builder
}

fn fingerprints(keyring: &Keyring) -> Vec<String> {
    keyring.others().iter().map(|c| c.fingerprint().to_string()).collect()
}

#[test]
fn a_file_may_hold_many_certificates_binary_or_armored() {
    let (master, a, b) = (person("master"), person("a"), person("b"));
    let masters = [read(&master)];
    let both = vec![a.fingerprint().to_hex(), b.fingerprint().to_hex()];
    let binary = [public(&a), public(&b)].concat();
    let blocks = [b"a comment\n", armored(&a).as_slice(), &armored(&b)].concat();
    for file in [binary, blocks] {
        let keyring = Keyring::of(&masters).bytes("file", &file).finish();
        assert_eq!(fingerprints(&keyring), both);
        assert!(keyring.refused().is_empty());
    }
}

#[test]
fn what_is_bad_is_reported_and_the_rest_is_used() {
    let (master, a) = (person("master"), person("a"));
    let masters = [read(&master)];
    let folder = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a writable folder");
    };
    put("a.asc", &armored(&a));
    put("bad.key", b"no key at all");
    put("cut.pgp", &[public(&person("b")), public(&person("c"))[..60].to_vec()].concat());
    put("empty.key", b"");
    put("secret.asc", &person("d").as_tsk().to_vec().expect("bytes"));
    put("other.txt", b"not looked at");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.key")).expect("a link");
    let keyring = Keyring::of(&masters).folder(folder.path()).finish();
    let names: Vec<&str> = keyring.others().iter().map(name).collect();
    assert_eq!(names, ["a <a@example.org>", "b <b@example.org>"]);
    let mut refused: Vec<&str> = keyring.refused().iter().map(|r| r.source.as_str()).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["bad.key", "cut.pgp", "empty.key", "secret.asc", "zero.key"]);
    let missing = Keyring::of(&masters).folder(&folder.path().join("none")).finish();
    assert_eq!(missing.refused().len(), 1);
}

fn name(certificate: &Certificate) -> &str {
    let user_id = certificate.user_ids().next().expect("a user ID");
    std::str::from_utf8(user_id.value()).expect("text")
}

#[test]
fn two_copies_of_a_certificate_become_one_with_what_each_has() {
    let (one, two, dev) = (person("one"), person("two"), person("dev"));
    let masters = [read(&one), read(&two)];
    let typ = SignatureType::GenericCertification;
    let by_one = certified(&dev, &one, day(10), typ, plain);
    let by_two = certified(&dev, &two, day(11), typ, plain);
    let stranger = certified(&dev, &person("stranger"), day(12), typ, plain);
    let keyring = Keyring::of(&masters)
        .bytes("one", &public(&by_one))
        .bytes("two", &public(&by_two))
        .bytes("stranger", &public(&stranger))
        .finish();
    let [certificate] = keyring.others() else { panic!("{:?}", keyring.others()) };
    assert_eq!(certificate.opinions_of(&masters[0]).len(), 1);
    assert_eq!(certificate.opinions_of(&masters[1]).len(), 1);
    assert_eq!(certificate.cert().userids().flat_map(|u| u.certifications()).count(), 2);
}

#[test]
fn a_file_may_tell_that_a_master_is_revoked() {
    let master = person("master");
    let gone = revoked(&master, day(20), ReasonForRevocation::KeyCompromised);
    let keyring = Keyring::of(&[read(&master)]).bytes("master", &public(&gone)).finish();
    assert!(keyring.others().is_empty());
    let state = SigningKey::primary_of(&keyring.masters()[0]).state(day(30));
    assert_eq!(state.revoked.map(|r| r.at), Some(day(20)));
}

#[test]
fn keys_are_found_by_key_id_or_fingerprint_of_primary_key_or_subkey() {
    let dev = person_with("dev", |b| b.add_signing_subkey().add_userid("two"));
    let keyring = Keyring::of(&[]).bytes("dev", &public(&dev)).finish();
    for key in dev.keys() {
        for handle in [KeyHandle::from(key.key().keyid()), key.key().fingerprint().into()] {
            let [found] = &keyring.keys(&handle)[..] else { panic!("{handle}") };
            assert_eq!(found.key().fingerprint(), key.key().fingerprint());
        }
    }
    let stranger = person("stranger");
    assert!(keyring.keys(&stranger.key_handle()).is_empty());
}

proptest! {
    #[test]
    fn no_file_makes_gathering_panic(at in 0_usize..2_000, with in any::<u8>(), cut in 0_usize..2_000) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let both = || [armored(&person("a")), armored(&person("b"))].concat();
        let mut bytes = BYTES.get_or_init(both).clone();
        let length = bytes.len();
        bytes[at % length] = with;
        bytes.truncate(length - cut % length);
        let keyring = Keyring::of(&[]).bytes("file", &bytes).finish();
        prop_assert!(keyring.others().len() <= 2);
    }
}
