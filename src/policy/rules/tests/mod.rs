//! One passing and one failing case for each rule, under the rule's name.

use std::sync::OnceLock;

use sequoia_openpgp as openpgp;

use openpgp::cert::CipherSuite;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use crate::bundle::Serial;
use crate::digest::Sha256;
use crate::module::{Blocked, Comparison, Entry, FileState};
use crate::operation::{CertificateBlock, Operation, Seal, TrustSignature};
use crate::policy::{
    Context, Decided, Decision, Files, Introducer, KeyringFile, Kind, ListOnly, Policy,
    RotationConsent, Verdict,
};
use crate::request::{Draft, MAX_BYTES, Request, RequestId};

mod approval;
mod bundle;
mod case;
mod module;
mod recertification;

use bundle::{blocked, decided};
use case::{BORN, Case, DAY, builder, keys, read, secret};

fn validity(days: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(days * DAY))
}

/// For each rule: a case in which every rule holds, and what breaks just this one.
macro_rules! rules {
    ($($module:ident $rule:literal $case:ident $bend:expr;)*) => {
        $(mod $module {
            use super::*;

            #[test]
            fn holds() {
                for finding in Case::$case().findings() {
                    assert!(finding.violation().is_none(), "{finding:?}");
                }
            }

            #[test]
            fn breaks() {
                let mut case = Case::$case();
                let bend: fn(&mut Case) = $bend;
                bend(&mut case);
                let verdict = case.verdict($rule);
                assert!(matches!(verdict, Verdict::Broken { .. }), "{verdict:?}");
            }
        })*

        #[test]
        fn every_rule_has_its_cases() {
            let mut tested = vec![$($rule),*];
            let mut all: Vec<_> = super::all().into_iter().map(|(name, _)| name).collect();
            tested.sort_unstable();
            all.sort_unstable();
            assert_eq!(tested, all);
        }
    };
}

rules! {
    size "size" certify |c| c.policy.limits.max_request_bytes = 500;
    format "format" certify |c| c.spoil = |t| t.replace("\"version\": 1", "\"version\": 2");
    target_master "target-master" certify |c| c.master = read(&keys().maria).fingerprint();
    certificate "certificate" certify |c| {
        let bytes = keys().alice.clone().strip_secret_key_material().to_vec().expect("bytes");
        let twice = [bytes.as_slice(), bytes.as_slice()].concat();
        c.asked().certificate = CertificateBlock::new(twice);
    };
    master_valid "master-valid" certify |c| {
        let expired = builder("M <m@example.org>")
            .set_cipher_suite(CipherSuite::RSA2k)
            .set_validity_period(std::time::Duration::from_secs(u64::from(10 * DAY) + 1));
        let master = read(&expired.generate().expect("a key").0);
        c.policy.masters[0].fingerprint = master.fingerprint();
        c.master = master.fingerprint();
        c.masters = vec![master];
    };
    signature_time "signature-time" certify |c| c.signed_at = c.created.after(3 * DAY);
    freshness "freshness" certify |c| c.now = c.created.after(31 * DAY);
    replay "replay" certify |c| {
        c.history.this = Some(Decided::Refused { at: c.created, reason: "no".into() });
    };
    station_record "station-record" certify |c| c.ask_for_a_record();
    requester_signature "requester-signature" certify |c| c.signer = keys().maria.clone();
    key_algorithm "key-algorithm" certify |c| {
        let weak = builder("Alice <alice@example.org>").set_cipher_suite(CipherSuite::P256);
        c.policy.keys.nist_p = false;
        c.carry(&weak.generate().expect("a key").0);
    };
    self_signatures "self-signatures" certify |c| c.alice_with(|cert| {
        let mut signer = secret(cert);
        let user_id = cert.userids().next().expect("a user ID").userid().clone();
        let binding = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_hash_algo(HashAlgorithm::SHA1)
            .set_signature_creation_time(std::time::SystemTime::from(BORN.after(2 * DAY)))
            .and_then(|b| b.set_key_flags(KeyFlags::empty().set_certification().set_signing()))
            .and_then(|b| b.sign_userid_binding(&mut signer, None, &user_id))
            .expect("a self-signature");
        vec![user_id.into(), binding.into()]
    });
    key_expiry "key-expiry" certify |c| {
        let expired = builder("Alice <alice@example.org>")
            .set_validity_period(std::time::Duration::from_secs(u64::from(10 * DAY) + 1));
        c.carry(&expired.generate().expect("a key").0);
    };
    revoked "revoked" certify |c| c.alice_with(|cert| {
        let mut signer = secret(cert);
        let revocation = openpgp::cert::CertRevocationBuilder::new()
            .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"stolen")
            .and_then(|b| b.set_signature_creation_time(BORN.after(DAY).into()))
            .and_then(|b| b.build(&mut signer, cert, None))
            .expect("a revocation");
        vec![revocation.into()]
    });
    user_ids_on_certificate "user-ids-on-certificate" certify |c| {
        c.asked().user_ids.push("Mallory <mallory@example.org>".into());
    };
    user_id_form "user-id-form" certify |c| {
        let odd = "Alice \u{202e}<alice@example.org>";
        c.carry(&builder(odd).generate().expect("a key").0);
        c.asked().user_ids = vec![odd.into()];
    };
    agreement "agreement" certify |c| c.asked().agreement.sha256 = Sha256::of("I do not.");
    policy_uri "policy-uri" certify |c| {
        c.asked().policy_uri = Some("https://evil.example/".into());
    };
    validity "validity" certify |c| c.asked().expires = Some(c.created.after(1_099 * DAY));
    trust "trust" certify |c| {
        c.asked().trust = Some(TrustSignature { depth: 1, amount: 60 });
    };
    previous_decisions "previous-decisions" certify |c| c.history.decisions.push(Decision {
        request: RequestId(Sha256::ZERO),
        master: c.master,
        created: c.created,
        kind: Kind::Revoked,
        names: vec!["Alice <alice@example.org>".into()],
    });
    requester_allowed "requester-allowed" revoke |c| c.signer = keys().alice.clone();
    every_user_id "every-user-id" revoke |c| {
        c.history.decisions[0].names.push("Alice <alice@second.example.org>".into());
    };
    reason_text "reason-text" revoke |c| c.revocation().text = "a\nb".into();
    newer_than_certification "newer-than-certification" revoke |c| {
        c.history.decisions[0].created = c.created;
    };
    rotation_consent "rotation-consent" recertify |c| {
        c.policy.rotation.consent = RotationConsent::Fresh;
    };
    standing_certification "standing-certification" recertify |c| {
        c.said_by_old(|said| said.set_signature_validity_period(validity(9)));
    };
    recorded_agreement "recorded-agreement" recertify |c| {
        c.recertification().agreement = None;
    };
    master_signs "master-signs" sign_module |c| {
        let certifies = builder("M <m@example.org>")
            .set_cipher_suite(CipherSuite::RSA2k)
            .set_primary_key_flags(KeyFlags::empty().set_certification());
        let master = read(&certifies.generate().expect("a key").0);
        c.policy.masters[0].fingerprint = master.fingerprint();
        c.master = master.fingerprint();
        c.masters = vec![master];
    };
    module_version "module-version" sign_module |c| match &mut c.operation {
        Operation::SignModule(asked) => asked.version = "../17".into(),
        _ => panic!("this case is about a module"),
    };
    module_list "module-list" sign_module |c| {
        c.relist(|list| list.config.signed_with = "0".repeat(40));
    };
    module_files "module-files" sign_module |c| c.evidence.files = Files::Absent;
    module_xml "module-xml" sign_module |c| c.evidence.identity = None;
    module_changes "module-changes" sign_module |c| c.history.decisions.push(Decision {
        request: RequestId(Sha256::ZERO),
        master: c.master,
        created: c.created,
        kind: Kind::SignedModule,
        names: Vec::new(),
    });
    approvers "approvers" approved |c| {
        c.policy.managers.pop();
    };
    distinct_persons "distinct-persons" approved |c| c.also.push(c.also[0].clone());
    approvals "approvals" approved |c| {
        c.also.remove(0);
    };
    witness "witness" approved |c| c.also.truncate(1);
    bundle_serial "bundle-serial" trust_bundle |c| c.head().serial = Serial(1);
    bundle_dates "bundle-dates" trust_bundle |c| {
        c.head().expires = c.created.after(91 * DAY);
    };
    bundle_blocked "bundle-blocked" trust_bundle |c| {
        let module = blocked("a reason\nand another");
        c.head().blocked.push(module);
    };
    bundle_keyring "bundle-keyring" trust_bundle |c| c.evidence.keyring = KeyringFile::Absent;
    bundle_masters "bundle-masters" trust_bundle |c| c.head().masters.clear();
    bundle_developers "bundle-developers" trust_bundle |c| c.head().developers = 2;
    bundle_decisions "bundle-decisions" trust_bundle |c| c.look(&[decided(c, Kind::Revoked)]);
    signable "signable" certify |c| c.asked().user_ids.clear();
    batch_size "batch-size" certify |c| c.batch = 1_001;
    other_master "other-master" cross_certify |c| {
        c.cross().certificate = CertificateBlock::new(read(&keys().maria).to_bytes());
    };
    cross_end "cross-end" cross_certify |c| c.cross().expires = Some(c.now.after(DAY));
    cross_trust "cross-trust" cross_certify |c| {
        c.cross().trust = Some(TrustSignature { depth: 2, amount: 120 });
    };
    transition_masters "transition-masters" transition |c| {
        c.statement().new = read(&keys().maria).fingerprint();
    };
    transition_remarks "transition-remarks" transition |c| {
        c.statement().remarks.push("\u{1b}[2J".into());
    };
    own_certificate "own-certificate" renew |c| {
        c.renewal().certificate = CertificateBlock::new(read(&keys().second).to_bytes());
    };
    every_own_user_id "every-own-user-id" renew |c| c.renewal().user_ids.clear();
    new_end "new-end" renew |c| c.renewal().expires = Some(c.now);
    own_subkey "own-subkey" revoke_key |c| {
        c.key_revocation().subkey = Some(read(&keys().alice).fingerprint());
    };
    custodians "custodians" prepare_revocation |c| c.policy.custodians.clear();
    effect "effect" revoke_key |c| c.key_revocation().stops.developers = 1;
    successor "successor" revoke_key |c| {
        c.masters.pop();
    };
}

#[test]
fn an_introducer_is_granted_what_the_policy_names_and_no_more() {
    let mut case = Case::certify();
    let fingerprint = read(&keys().alice).fingerprint();
    case.policy.certify.introducers.push(Introducer { fingerprint, max_amount: 60 });
    for (depth, amount, granted) in [(1, 60, true), (1, 61, false), (2, 60, false), (1, 0, false)] {
        case.asked().trust = Some(TrustSignature { depth, amount });
        let verdict = case.verdict("trust");
        assert_eq!(matches!(verdict, Verdict::Warns(_)), granted, "{depth} {amount}: {verdict:?}");
    }
}

#[test]
fn certifying_again_after_a_revocation_is_shown_as_such() {
    let mut case = Case::certify();
    let mut decision = Decision {
        request: RequestId(Sha256::ZERO),
        master: case.master,
        created: BORN.after(DAY),
        kind: Kind::Revoked,
        names: vec!["Alice <alice@example.org>".into()],
    };
    case.history.decisions.push(decision.clone());
    let Verdict::Warns(text) = case.verdict("previous-decisions") else { panic!("no warning") };
    assert!(text.contains("REVOKED") && text.contains("AGAIN"), "{text}");
    decision.kind = Kind::Certified { expires: None };
    case.history.decisions = vec![decision];
    let Verdict::Warns(text) = case.verdict("previous-decisions") else { panic!("no warning") };
    assert!(text.contains("renewal"), "{text}");
}

#[test]
fn rsa_of_2048_bits_is_accepted_with_a_word() {
    let mut case = Case::certify();
    let small = builder("Alice <alice@example.org>").set_cipher_suite(CipherSuite::RSA2k);
    case.carry(&small.generate().expect("a key").0);
    let verdict = case.verdict("key-algorithm");
    assert!(matches!(&verdict, Verdict::Warns(text) if text.contains("RSA 2048")), "{verdict:?}");
}

#[test]
fn a_manager_asks_for_nothing_that_the_policy_does_not_name() {
    let mut case = Case::revoke();
    case.policy.managers[0].may_request.clear();
    assert!(matches!(case.verdict("requester-allowed"), Verdict::Broken { .. }));
}

#[test]
fn a_request_from_the_future_is_refused() {
    let mut case = Case::certify();
    case.now = BORN.after(DAY);
    assert!(matches!(case.verdict("freshness"), Verdict::Broken { .. }));
}

#[test]
fn a_request_that_nobody_signed_is_never_reviewed_as_good() {
    let case = Case::certify();
    let draft = Draft::new(case.created, case.master, case.operation.clone());
    let context = Context {
        policy: &case.policy,
        masters: &case.masters,
        managers: &case.managers,
        now: case.now,
    };
    let review = Policy::review(&context, draft.unsigned(), &case.history, &case.evidence);
    let violations = review.expect_err("refused").violations();
    assert_eq!(violations[0].rule, "requester-signature");
    assert!(Policy::lint(&context, &draft, &case.history, &case.evidence).is_ok());
}

#[test]
fn a_text_altered_after_signing_is_refused() {
    let mut case = Case::certify();
    case.spoil = |text| text.replace("\"expires\": \"2027", "\"expires\": \"2028");
    let verdict = case.verdict("requester-signature");
    assert!(matches!(verdict, Verdict::Broken { .. }), "{verdict:?}");
}

proptest::proptest! {
    /// One byte of a request changed or cut anywhere: refused, or the very same request (a byte of
    /// the armor's checksum or of an unhashed field may not matter); never a panic.
    #[test]
    fn a_changed_byte_never_changes_what_is_asked(at in 0_usize..9_999, with: u8) {
        static TEXT: OnceLock<String> = OnceLock::new();
        let text = TEXT.get_or_init(|| Case::certify().text());
        let mut bytes = text.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = with;
        let original = Request::parse(text.as_bytes(), MAX_BYTES).expect("a request");
        if let Ok(request) = Request::parse(&bytes, MAX_BYTES) {
            let case = Case::certify();
            let context = Context {
                policy: &case.policy,
                masters: &case.masters,
                managers: &case.managers,
                now: case.now,
            };
            if let Ok(review) = Policy::review(&context, request, &case.history, &case.evidence) {
                proptest::prop_assert_eq!(review.request().id(), original.id());
            }
        }
        proptest::prop_assert!(Request::parse(&text.as_bytes()[..at], MAX_BYTES).is_err());
    }
}
