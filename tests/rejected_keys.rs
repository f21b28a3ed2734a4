//! Keys that no station would certify: already the developer is told so, by the rule's name and
//! with what to do, and no request is written.
#![allow(missing_docs)]

use std::fs;

use countersign::request::{MAX_BYTES, Request};
use countersign_tests::{Consumer, Run, Scenario, elgamal, people};
use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::parse::Parse as _;

const ADDRESS: &str = "Eve Example <eve@example.org>";
const ASK: [&str; 6] =
    ["request", "certify", "--accept-agreement", "authority/agreement.txt", "--output", "stick"];

/// A scenario with an empty gpg home.
fn scenario() -> Scenario {
    let s = Scenario::new();
    people::new_home(&s.gnupg());
    s
}

/// Asks with gpg, and with the exported key: the same refusal, and no request.
#[track_caller]
fn refused(s: &Scenario, rule: &str, words: &str) {
    refused_with(s, &[], rule, words);
}

#[track_caller]
fn refused_with(s: &Scenario, more: &[&str], rule: &str, words: &str) {
    is_refusal(s.countersign(&[&ASK[..], more].concat()), rule, words);
    let secret = people::gpg(&s.gnupg(), &["--armor", "--export-secret-keys"]).ok().out;
    fs::write(s.path("eve.key"), secret).expect("a new file");
    is_refusal(s.countersign(&[&ASK[..], &["--key-file", "eve.key"], more].concat()), rule, words);
    assert!(s.on_stick("").is_empty(), "{:?}", s.on_stick(""));
}

#[track_caller]
fn is_refusal(run: Run, rule: &str, words: &str) {
    let run = run.ends(3).says("the station would refuse this request").says(words);
    assert!(run.has(&format!("{rule}: ")), "{}", run.told());
    assert!(run.has(&format!("hint: {rule}: ")), "{}", run.told());
}

#[test]
fn dsa_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "dsa2048");
    refused(&s, "key-algorithm", "the key is DSA 2048");
}

#[test]
fn rsa_of_1024_bits_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "rsa1024");
    refused(&s, "key-algorithm", "the key is RSA 1024: too short");
}

#[test]
fn a_curve_that_consumers_cannot_read_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "secp256k1");
    refused(&s, "key-algorithm", "consumers do not read this algorithm");
}

#[test]
fn a_self_signature_that_rests_on_sha_1_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &["--cert-digest-algo", "SHA1"], &[ADDRESS], "ed25519");
    refused(&s, "self-signatures", "rests on SHA1");
}

#[test]
fn an_expired_key_is_refused() {
    let s = scenario();
    let past = ["--faked-system-time", "20200101T000000"];
    let key = people::make_key(&s.gnupg(), &past, &[ADDRESS], "ed25519");
    people::gpg(&s.gnupg(), &[&past[..], &["--quick-set-expire", &key, "1y"]].concat()).ok();
    refused(&s, "key-expiry", "the key expired at 2020-12-31");
}

#[test]
fn a_revoked_key_is_refused() {
    let s = scenario();
    let key = people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    let path = s.gnupg().join(format!("openpgp-revocs.d/{key}.rev"));
    // gpg puts a colon in front, so that nobody imports it by mistake.
    let revocation = fs::read_to_string(&path).expect("gpg makes one with every key");
    fs::write(&path, revocation.replace(":-----BEGIN", "-----BEGIN")).expect("our own file");
    people::gpg(&s.gnupg(), &["--import", path.to_str().expect("a plain path")]).ok();
    refused_with(&s, &["--user-id", ADDRESS], "revoked", "its owner revoked the key");
}

#[test]
fn a_revoked_key_is_refused_without_naming_user_ids() {
    let s = scenario();
    let key = people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    let path = s.gnupg().join(format!("openpgp-revocs.d/{key}.rev"));
    let revocation = fs::read_to_string(&path).expect("gpg makes one with every key");
    fs::write(&path, revocation.replace(":-----BEGIN", "-----BEGIN")).expect("our own file");
    people::gpg(&s.gnupg(), &["--import", path.to_str().expect("a plain path")]).ok();
    refused(&s, "revoked", "its owner revoked the key");
}

#[test]
fn a_revoked_user_id_is_refused_and_left_out_where_none_is_named() {
    let s = scenario();
    let other = "Eve at home <eve@example.net>";
    let key = people::make_key(&s.gnupg(), &[], &[ADDRESS, other], "ed25519");
    people::gpg(&s.gnupg(), &["--quick-revoke-uid", &key, other]).ok();
    let named = ["--user-id", ADDRESS, "--user-id", other];
    // What gpg exports as minimal does not hold the user ID any more.
    refused_with(&s, &named, "user-ids-on-certificate", &format!("{other} is "));
    let key_file = ["--key-file", "eve.key"];
    s.countersign(&[&ASK[..], &key_file, &named].concat()).ends(3).says("revoked by its owner");
    for more in [&[][..], &key_file] {
        s.countersign(&[&ASK[..], more].concat()).ok().says(ADDRESS).never_says(other);
        s.clear_stick();
    }
}

#[test]
fn a_user_id_without_an_address_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &["Eve Example"], "ed25519");
    refused(&s, "user-id-form", "holds no e-mail address");
}

#[test]
fn a_user_id_that_is_not_on_the_key_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    let named = ["--user-id", "Alice Example <alice@example.org>"];
    refused_with(&s, &named, "user-ids-on-certificate", "is not on the certificate");
}

#[test]
fn another_agreement_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    fs::write(s.path("mine.txt"), "I agree to nothing.\n").expect("a new file");
    let ask = ["request", "certify", "--accept-agreement", "mine.txt", "--output", "stick"];
    is_refusal(s.countersign(&ask), "agreement", "the agreement accepted is");
    assert!(s.on_stick("").is_empty());
}

#[test]
fn a_certification_that_never_ends_or_lasts_too_long_is_refused() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    refused_with(&s, &["--validity", "none"], "validity", "would never end");
    refused_with(&s, &["--validity", "4y"], "validity", "would last 1460 days, policy allows 1098");
}

#[test]
fn nobody_becomes_an_introducer_whom_the_policy_does_not_name() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    refused_with(&s, &["--trust", "120"], "trust", "is not named as an introducer");
}

#[test]
fn a_validity_that_is_none_is_wrong_usage() {
    let s = scenario();
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    for odd in ["forever", "0d", "-1y", "99999999999y", "2ÿ", ""] {
        let run = s.countersign(&[&ASK[..], &[&format!("--validity={odd}")]].concat());
        run.ends(2).says("validity").says("90d, 18m, 2y");
    }
    assert!(s.on_stick("").is_empty());
}

#[test]
fn a_key_that_gpg_does_not_have_is_said_to_be_missing() {
    let s = scenario();
    s.countersign(&ASK).ends(1).says("gpg has no such secret key").says("hint: gpg --quick-gen");
    people::make_key(&s.gnupg(), &[], &[ADDRESS], "ed25519");
    people::make_key(&s.gnupg(), &[], &["Eve Two <eve2@example.org>"], "ed25519");
    s.countersign(&ASK).ends(2).says("2 secret keys that fit").says("--local-user FINGERPRINT");
    let wrong = ["--gpg", "no-such-program"];
    s.countersign(&[&ASK[..], &wrong].concat()).ends(1).says("cannot be run").says("--key-file");
}

#[test]
fn a_certificate_is_no_key_file() {
    let s = Scenario::new();
    s.certify_with("alice", &["--key-file", "alice.asc"]).ends(2);
    let ask = [&ASK[..], &["--key-file", "alice.asc"]].concat();
    s.countersign(&ask).ends(1).says("holds no secret key").says("--export-secret-keys");
    let ask = [&ASK[..], &["--key-file", "agreement.txt"]].concat();
    s.countersign(&ask).ends(1).says("agreement.txt is not an exported key");
}

/// Adds a subkey that encrypts, as keys with a primary key that only signs have one.
fn add_elgamal_subkey(s: &Scenario, key: &str) {
    people::gpg(&s.gnupg(), &["--quick-add-key", key, "elg1024", "encr"]).ok();
}

#[test]
fn an_old_key_that_signs_by_elgamal_is_refused() {
    let s = Scenario::new();
    fs::write(s.path("old.key"), elgamal::old_key(ADDRESS).secret).expect("a new file");
    for more in [&[][..], &["--user-id", ADDRESS]] {
        let run = s.countersign(&[&ASK[..], &["--key-file", "old.key"], more].concat());
        is_refusal(run, "key-algorithm", "the key is ElGamal 2048: ElGamal keys cannot sign");
    }
    let ask = [&ASK[..], &["--key-file", "old.key"]].concat();
    s.countersign(&ask).ends(3).says("hint: key-algorithm: make a new key: gpg --quick-gen");
    assert!(s.on_stick("").is_empty());
}

#[test]
fn dsa_with_an_elgamal_subkey_is_refused_for_dsa() {
    let s = scenario();
    let key = people::make_key(&s.gnupg(), &[], &[ADDRESS], "dsa2048");
    add_elgamal_subkey(&s, &key);
    refused(&s, "key-algorithm", "the key is DSA 2048");
    s.countersign(&ASK).ends(3).never_says("ElGamal");
}

/// Nobody certifies a subkey: one that encrypts is not even carried to the station.
#[test]
fn an_elgamal_subkey_that_encrypts_keeps_no_good_key_out() {
    for algorithm in ["ed25519", "rsa3072"] {
        let s = scenario();
        let key = people::make_key(&s.gnupg(), &[], &[ADDRESS], algorithm);
        add_elgamal_subkey(&s, &key);
        let secret = people::gpg(&s.gnupg(), &["--armor", "--export-secret-keys"]).ok().out;
        fs::write(s.path("eve.key"), secret).expect("a new file");
        for more in [&[][..], &["--key-file", "eve.key"]] {
            s.clear_stick();
            s.countersign(&[&ASK[..], more].concat()).ok().never_says("ElGamal");
            let request = fs::read(s.request()).expect("a request");
            let request = Request::parse(&request, MAX_BYTES).expect("a request");
            let carried = request.operation().certificate().expect("one").untrusted_bytes();
            let carried = Cert::from_bytes(carried).expect("a certificate");
            assert_eq!(carried.keys().count(), 1, "the primary key alone");
        }
        s.session().run().ok().says("1 signed with 1 signature");
        s.install().ok();
        let consumer = Consumer::new(&s);
        consumer.import_record(&key);
        assert!(consumer.trusts(&key), "{:?}", consumer.validities(&key));
    }
}
