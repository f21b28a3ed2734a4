//! What counts as a developer's consent on file, and what does not.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::NotationDataFlags;
use openpgp::types::{HashAlgorithm, ReasonForRevocation};

use super::case::{BORN, Case, DAY, keys, read, secret};
use super::validity;
use crate::digest::Sha256;
use crate::operation::{Agreement, OperationName};
use crate::policy::Verdict;

#[track_caller]
fn broken(case: &Case, rule: &str, words: &str) {
    let verdict = case.verdict(rule);
    let Verdict::Broken { reason, mend } = &verdict else { panic!("{rule} holds: {verdict:?}") };
    assert!(reason.contains(words) || mend.contains(words), "{verdict:?}");
}

#[test]
fn a_certification_that_ended_is_no_consent_and_says_so() {
    let mut case = Case::recertify();
    case.said_by_old(|said| said.set_signature_validity_period(validity(9)));
    broken(&case, "standing-certification", "certification expired on");
    broken(&case, "standing-certification", "have the developer ask");
}

#[test]
fn a_certification_by_the_asked_master_alone_is_no_consent() {
    let mut case = Case::recertify();
    case.master = case.masters[0].fingerprint();
    broken(&case, "standing-certification", "no other master");
}

#[test]
fn sha1_of_these_days_is_no_consent() {
    let mut case = Case::recertify();
    case.said_by_old(|said| Ok(said.set_hash_algo(HashAlgorithm::SHA1)));
    broken(&case, "standing-certification", "digest that nobody believes");
}

#[test]
fn an_old_master_that_was_revoked_gives_no_consent() {
    let mut case = Case::recertify();
    let revocation = openpgp::cert::CertRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeySuperseded, b"")
        .and_then(|b| b.set_signature_creation_time(BORN.after(2 * DAY).into()))
        .and_then(|b| b.build(&mut secret(&keys().second), &keys().second, None))
        .expect("a revocation");
    let revoked = keys().second.clone().insert_packets(vec![openpgp::Packet::from(revocation)]);
    case.masters[0] = read(&revoked.expect("insert").0);
    broken(&case, "standing-certification", "revoked");
}

#[test]
fn a_revocation_by_any_master_outweighs_another_ones_certification() {
    let mut case = Case::recertify();
    let alice = &keys().alice;
    let user_id = alice.userids().next().expect("a user ID").userid().clone();
    let revocation = openpgp::packet::signature::SignatureBuilder::new(
        openpgp::types::SignatureType::CertificationRevocation,
    )
    .set_hash_algo(HashAlgorithm::SHA512)
    .set_signature_creation_time(std::time::SystemTime::from(BORN.after(3 * DAY)))
    .and_then(|b| {
        let mut signer = secret(&keys().master);
        b.sign_userid_binding(&mut signer, alice.primary_key().key(), &user_id)
    })
    .expect("a revocation");
    case.add_packets(vec![user_id.into(), revocation.into()]);
    broken(&case, "standing-certification", "revoked");
}

#[test]
fn a_trusted_introducer_becomes_an_ordinary_developer_and_is_shown_as_such() {
    let mut case = Case::recertify();
    case.said_by_old(|said| said.set_trust_signature(1, 120));
    let verdict = case.verdict("standing-certification");
    assert!(matches!(verdict, Verdict::Warns(_)), "{verdict:?}");
}

#[test]
fn the_agreement_that_was_accepted_is_carried_on_and_no_other() {
    let older = Sha256::of("I agreed to less.");
    let notation = "agreement-sha256@example.org";
    let mut case = Case::recertify();
    let flags = NotationDataFlags::empty().set_human_readable();
    case.said_by_old(|said| said.set_notation(notation, older.to_string(), flags.clone(), false));
    broken(&case, "recorded-agreement", &older.to_string());
    let agreement = Agreement { sha256: older, notation: notation.into() };
    case.recertification().agreement = Some(agreement);
    let verdict = case.verdict("recorded-agreement");
    assert!(matches!(&verdict, Verdict::Holds(text) if text.contains("in force")), "{verdict:?}");
}

#[test]
fn where_no_agreement_is_on_record_none_is_named() {
    let mut case = Case::recertify();
    let flags = NotationDataFlags::empty();
    case.said_by_old(|said| {
        said.set_notation("agreement-sha256@example.org", "x", flags.clone(), false)
    });
    broken(&case, "recorded-agreement", "none");
    case.recertification().agreement = None;
    assert!(case.findings().iter().all(|f| f.violation().is_none()), "{:?}", case.findings());
}

#[test]
fn a_manager_may_ask_for_a_recertification_and_never_for_a_certification() {
    let mut case = Case::recertify();
    assert!(matches!(case.verdict("requester-allowed"), Verdict::Holds(_)));
    case.policy.managers[0].may_request.retain(|name| *name != OperationName::Recertify);
    broken(&case, "requester-allowed", "may not ask for recertify");
    let mut case = Case::recertify();
    case.signer = keys().alice.clone();
    broken(&case, "requester-allowed", "not by any manager");
}

#[test]
fn a_key_whose_self_signature_rests_on_sha1_is_refused_with_what_to_do() {
    let mut case = Case::recertify();
    let alice = &keys().alice;
    let user_id = alice.userids().next().expect("a user ID").userid().clone();
    let binding = openpgp::packet::signature::SignatureBuilder::new(
        openpgp::types::SignatureType::PositiveCertification,
    )
    .set_hash_algo(HashAlgorithm::SHA1)
    .set_signature_creation_time(std::time::SystemTime::from(BORN.after(2 * DAY)))
    .and_then(|b| b.sign_userid_binding(&mut secret(alice), None, &user_id))
    .expect("a self-signature");
    case.add_packets(vec![user_id.into(), binding.into()]);
    broken(&case, "self-signatures", "--quick-set-expire");
}
