//! Each try fails where it has to.

use std::fs;
use std::time::SystemTime;

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::journal::{Event, SelfCheck, SelfResult, SelfTest};
use countersign::operation::{Agreement, CertificateBlock, Certify, Operation};
use countersign::response::SignatureBlock;
use countersign::time::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::crypto::{Signer as _, mpi};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags};

use super::known_answer::{Known, KnownAnswerError, Vector, compare};
use super::{before_session, clock};
use crate::recorder::{Access, Recorder};

const KNOWN: &str = include_str!("known_answer.json");

fn vector() -> Vector {
    serde_json::from_str(KNOWN).expect("the vector")
}

/// What becomes of the known answer once it is changed.
fn changed(change: impl FnOnce(&mut Vector)) -> KnownAnswerError {
    let mut vector = vector();
    change(&mut vector);
    let text = serde_json::to_string(&vector).expect("only string keys");
    compare(&text).expect_err("it was changed")
}

#[test]
fn the_known_answer_is_the_prediction() {
    let found = compare(KNOWN).expect("the known answer");
    assert_eq!(
        found,
        "2 known signatures predicted and accepted; refused with one bit or byte changed"
    );
}

#[test]
fn another_request_has_another_answer() {
    let other = |operation: &mut Operation| match operation {
        Operation::Certify(certify) => certify.expires = None,
        other => panic!("{other:?}"),
    };
    let error = changed(|v| other(&mut v.operation));
    assert!(matches!(error, KnownAnswerError::Digest { number: 1, .. }), "{error}");
    let error = changed(|v| v.created = v.created.after(1));
    assert!(matches!(error, KnownAnswerError::Digest { number: 1, .. }), "{error}");
}

#[test]
fn an_answer_that_is_not_known_is_found_out() {
    let error = changed(|v| v.answer.truncate(1));
    assert!(matches!(error, KnownAnswerError::Count { actual: 2, expected: 1 }), "{error}");
    let error = changed(|v| v.answer.swap(0, 1));
    assert!(matches!(error, KnownAnswerError::Digest { .. }), "{error}");
    // The digest of the one and the signature of the other.
    let error = changed(|v| v.answer[1].signature = v.answer[0].signature.clone());
    assert!(matches!(error, KnownAnswerError::Refused { number: 2, .. }), "{error}");
    let error = changed(|v| v.answer[1].sha512.replace_range(..1, "x"));
    assert!(matches!(error, KnownAnswerError::Digest { number: 2, .. }), "{error}");
    assert!(matches!(compare("{}"), Err(KnownAnswerError::Form(_))));
}

fn date(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a date")
}

#[test]
fn a_date_before_the_journal_or_the_program_is_no_date() {
    let (last, built) = (date("2026-11-22"), date("2026-11-01"));
    assert!(clock::compare(Some(last), built, last).is_ok());
    assert!(clock::compare(None, built, built).is_ok());
    let early = Timestamp::from_unix(last.unix() - 1);
    let error = clock::compare(Some(last), built, early).expect_err("before the journal");
    assert_eq!(
        error,
        "the date is 2026-11-21T23:59:59Z, before the journal's last entry of 2026-11-22T00:00:00Z"
    );
    let early = Timestamp::from_unix(built.unix() - 1);
    for last in [None, Some(date("2026-01-01"))] {
        let error = clock::compare(last, built, early).expect_err("before the program");
        assert_eq!(
            error,
            "the date is 2026-10-31T23:59:59Z, before this program's own, 2026-11-01T00:00:00Z"
        );
    }
}

/// A recorder of a journal with two entries.
fn recorder(folder: &std::path::Path, now: Timestamp) -> Recorder {
    let path = folder.join("journal.jsonl");
    let (mut recorder, _) =
        Recorder::open(&path, folder, now, Access::Write).expect("an empty journal");
    recorder
        .append(Event::StationCreated { authority: "E".into(), software: "airgap".into() })
        .expect("written");
    recorder.append(Event::SessionEnded).expect("written");
    recorder
}

fn results(checks: &[SelfCheck]) -> Vec<(SelfTest, &SelfResult)> {
    checks.iter().map(|check| (check.test, &check.result)).collect()
}

#[test]
fn a_session_begins_with_everything_but_the_card() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = date("2027-01-01");
    let recorder = recorder(folder.path(), now);
    let journal = fs::read(folder.path().join("journal.jsonl")).expect("a journal");
    let checks = before_session(&recorder, now.after(60));
    let [(_, known), (_, chain), (_, clock), (card, skipped)] = results(&checks)[..] else {
        panic!("{checks:?}")
    };
    assert_eq!(checks.iter().map(|c| c.test).collect::<Vec<_>>(), SelfTest::ALL);
    assert!(matches!(known, SelfResult::Passed(_)), "{known:?}");
    let head = Sha256::of(journal.split(|b| *b == b'\n').nth(1).expect("a line")).short();
    let text = format!("2 entries, the chain holds, its head is {head}");
    assert_eq!(chain, &SelfResult::Passed(text));
    assert!(matches!(clock, SelfResult::Passed(_)), "{clock:?}");
    assert_eq!(card, SelfTest::Card);
    let later = "the card is read when a request needs it".to_owned();
    assert_eq!(skipped, &SelfResult::Skipped(later));
    // Nothing is written.
    assert_eq!(fs::read(folder.path().join("journal.jsonl")).expect("a journal"), journal);

    let checks = before_session(&recorder, date("2026-12-31"));
    let failed: Vec<_> = checks.iter().filter(|c| c.failed()).map(|c| c.test).collect();
    assert_eq!(failed, [SelfTest::Clock]);
}

/// A key with these user IDs, of which nobody keeps the secret part.
fn key(suite: CipherSuite, made: Timestamp, user_ids: &[&str]) -> (Cert, Certificate) {
    let builder = CertBuilder::new()
        .set_creation_time(SystemTime::from(made))
        .set_cipher_suite(suite)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing());
    let builder = user_ids.iter().fold(builder, |b, id| b.add_userid(*id));
    let (cert, _) = builder.generate().expect("a key");
    let public = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    (cert, Certificate::read(public.as_slice(), &[]).expect("a certificate"))
}

/// Prints a vector with new keys, to be kept as `known_answer.json`:
/// `cargo test --package countersign-airgap --lib make_the_vector_anew -- --ignored --nocapture`.
#[test]
#[ignore = "the vector is made once"]
fn make_the_vector_anew() {
    let made = date("2026-11-01");
    let (secret, master) =
        key(CipherSuite::RSA2k, made, &["Known answer master <known@example.org>"]);
    let user_ids = ["Alice Example <alice@example.org>", "Zoë Åström <zoe@example.org>"];
    let (_, developer) = key(CipherSuite::Cv25519, made, &user_ids);
    let created = made.after(Timestamp::DAY);
    let operation = Operation::Certify(Certify {
        certificate: CertificateBlock::new(developer.to_bytes()),
        user_ids: user_ids.map(str::to_owned).to_vec(),
        expires: Some(created.after(730 * Timestamp::DAY)),
        agreement: Agreement {
            sha256: Sha256::of("I keep my key to myself.\n"),
            notation: "agreement-sha256@example.org".into(),
        },
        policy_uri: Some("https://example.org/policy".into()),
        trust: None,
    });
    let mut vector = Vector {
        master: CertificateBlock::new(master.to_bytes()),
        created,
        operation,
        answer: Vec::new(),
    };
    let mut pair = secret
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .expect("a secret key")
        .into_keypair()
        .expect("a key pair");
    for statement in vector.predict().expect("statements") {
        let digest = statement.digest();
        let signature = match pair.sign(HashAlgorithm::SHA512, digest).expect("signs") {
            mpi::Signature::RSA { s } => statement.complete(s.value()).expect("the master's"),
            other => panic!("not RSA: {other:?}"),
        };
        let signature = SignatureBlock::new(&signature);
        vector.answer.push(Known { sha512: hex::encode(digest), signature });
    }
    println!("{}", serde_json::to_string_pretty(&vector).expect("only string keys"));
}
