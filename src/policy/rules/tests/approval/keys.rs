//! With which keys somebody approves: subkeys, keys that ended, were revoked, are weak.

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::cert::{Cert, CertRevocationBuilder, SubkeyRevocationBuilder};
use openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, UserID};
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use super::super::case::{BORN, Case, DAY, builder, read, secret};
use super::{others, over, subkey};
use crate::operation::OperationName;

#[test]
fn an_approval_over_sha1_does_not_count() {
    let mut case = Case::approved();
    let form = SignatureBuilder::new(SignatureType::Text).set_hash_algo(HashAlgorithm::SHA1);
    case.also[0] = over(&case.body(), secret(&others().tom), form, case.signed_at);
    let reason = case.reason("approvers");
    assert!(reason.contains("Tom (") && reason.contains("SHA1"), "{reason}");
    assert!(case.violations().contains(&"approvals"));
}

#[test]
fn an_approvers_key_that_ended_does_not_count() {
    let validity = std::time::Duration::from_secs(u64::from(10 * DAY) + 60);
    for (days, broken) in [(0, true), (400, false)] {
        let mut case = Case::approved();
        let more = std::time::Duration::from_secs(u64::from(days * DAY));
        let ends = builder("Rob <rob@example.org>").set_validity_period(validity + more);
        let rob = ends.generate().expect("a key").0;
        case.name_manager("Rob", &rob);
        let key = read(&rob).fingerprint();
        let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
        approval.expect("as made above").by[1] = key;
        case.also[0] = case.signature(&rob);
        assert_eq!(case.violations().contains(&"approvers"), broken, "{days}");
        assert_eq!(case.violations().contains(&"approvals"), broken, "{days}");
        if broken {
            let reason = case.reason("approvers");
            assert!(reason.contains("Rob (") && reason.contains("not valid"), "{reason}");
        }
    }
}

#[test]
fn an_approvers_key_that_was_revoked_does_not_count() {
    for (code, text) in
        [(ReasonForRevocation::KeyCompromised, "stolen"), (ReasonForRevocation::KeyRetired, "left")]
    {
        let mut case = Case::approved();
        let tom = others().tom.clone();
        let mut signer = secret(&tom);
        // After Tom approved.
        let at = std::time::SystemTime::from(case.signed_at.after(60));
        let revocation = CertRevocationBuilder::new()
            .set_reason_for_revocation(code, text.as_bytes())
            .and_then(|b| b.set_signature_creation_time(at))
            .and_then(|b| b.build(&mut signer, &tom, None))
            .expect("a revocation");
        let tom = tom.insert_packets(vec![Packet::from(revocation)]).expect("insert").0;
        case.renew_manager(&tom);
        let form = SignatureBuilder::new(SignatureType::Text);
        // A subkey falls with its primary key.
        let by_subkey = over(&case.body(), subkey(&tom, 0), form, case.signed_at);
        for signature in [case.also[0].clone(), by_subkey] {
            case.also[0] = signature;
            let reason = case.reason("approvers");
            assert!(reason.contains("Tom (") && reason.contains("key is revoked"), "{reason}");
            assert_eq!(case.violations(), ["approvers", "approvals"]);
        }
    }
}

#[test]
fn an_approval_by_a_subkey_that_was_revoked_does_not_count() {
    let mut case = Case::approved();
    let tom = others().tom.clone();
    let gone = tom.keys().subkeys().next().expect("a subkey").key().clone();
    let at = std::time::SystemTime::from(case.signed_at.after(60));
    let revocation = SubkeyRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"left")
        .and_then(|b| b.set_signature_creation_time(at))
        .and_then(|b| b.build(&mut secret(&tom), &tom, &gone, None))
        .expect("a revocation");
    case.renew_manager(&tom.clone().insert_packets([revocation]).expect("insert").0);
    for (at, counts) in [(0, false), (1, true)] {
        let form = SignatureBuilder::new(SignatureType::Text);
        case.also[0] = over(&case.body(), subkey(&tom, at), form, case.signed_at);
        assert_eq!(case.violations().is_empty(), counts, "{at}");
    }
}

/// RSA of 1024 bits: no key that this program would make.
fn weak_key() -> Cert {
    let born = std::time::SystemTime::from(BORN);
    let mut key = Key4::<SecretParts, PrimaryRole>::generate_rsa(1024).expect("a key");
    key.set_creation_time(born).expect("a time");
    let key = Key::from(key);
    let mut signer = key.clone().into_keypair().expect("a key pair");
    let user_id = UserID::from("Rob <rob@example.org>");
    let cert = Cert::try_from(vec![Packet::from(key)]).expect("a certificate");
    let binding = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(born)
        .and_then(|b| b.set_key_flags(KeyFlags::empty().set_certification().set_signing()))
        .and_then(|b| b.sign_userid_binding(&mut signer, None, &user_id))
        .and_then(|b| cert.insert_packets([Packet::from(user_id), Packet::from(b)]));
    binding.expect("a self-signature").0
}

#[test]
fn an_approval_by_a_weak_key_does_not_count() {
    let mut case = Case::approved();
    let rob = weak_key();
    case.name_manager("Rob", &rob);
    let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
    approval.expect("as made above").by[1] = read(&rob).fingerprint();
    case.also[0] = case.signature(&rob);
    assert!(case.reason("approvers").contains("Rob ("));
    assert!(case.violations().contains(&"approvals"));
}

#[test]
fn an_approval_is_not_older_than_its_key() {
    let mut case = Case::approved();
    let born = std::time::SystemTime::from(case.signed_at.after(3_600));
    let young = builder("Rob <rob@example.org>").set_creation_time(born).generate();
    let rob = young.expect("a key").0;
    case.name_manager("Rob", &rob);
    let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
    approval.expect("as made above").by[1] = read(&rob).fingerprint();
    case.also[0] = case.signature(&rob);
    let reason = case.reason("approvers");
    assert!(reason.contains("Rob (") && reason.contains("older than the key"), "{reason}");
}

#[test]
fn two_subkeys_and_two_user_ids_are_one_person() {
    let tom = &others().tom;
    let plain = || SignatureBuilder::new(SignatureType::Text);
    let named = |user_id: &str| plain().set_signers_user_id(user_id).expect("a user ID");
    for pair in [
        [(subkey(tom, 0), plain()), (subkey(tom, 1), plain())],
        [(secret(tom), plain()), (subkey(tom, 0), plain())],
        [
            (secret(tom), named("Tom <tom@example.org>")),
            (secret(tom), named("Tom <tom@example.net>")),
        ],
    ] {
        let mut case = Case::approved();
        let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
        approval.expect("as made above").approvals = 3;
        let (body, at) = (case.body(), case.signed_at);
        case.also.remove(0);
        case.also.extend(pair.map(|(key, form)| over(&body, key, form, at)));
        let reason = case.reason("distinct-persons");
        assert!(reason.contains("Tom (") && reason.contains("signed twice"), "{reason}");
        let reason = case.reason("approvals");
        assert!(reason.contains("2 of 3"), "Maria and Tom: {reason}");
    }
}

#[test]
fn one_of_an_approvers_subkeys_is_enough() {
    let mut case = Case::approved();
    let form = SignatureBuilder::new(SignatureType::Text);
    case.also[0] = over(&case.body(), subkey(&others().tom, 1), form, case.signed_at);
    assert_eq!(case.violations(), [""; 0]);
}
