//! Trust bundles and custodians, in more ways than one.

use super::*;

pub(super) fn blocked(reason: &str) -> Blocked {
    Blocked {
        module: "blacklist".parse().expect("a name"),
        version: "17.0.3".into(),
        developer: None,
        list: None,
        reason: reason.into(),
        since: BORN,
    }
}

/// A decision of the master on Alice's key.
pub(super) fn decided(case: &Case, kind: Kind) -> Decision {
    Decision {
        request: RequestId(Sha256::ZERO),
        master: case.master,
        created: BORN.after(2 * DAY),
        kind,
        names: vec!["Alice <alice@example.org>".into()],
    }
}

#[test]
fn a_bundle_that_is_not_as_policy_wants_it_is_refused_each_with_its_reason() {
    type Bend = fn(&mut Case);
    let cases: [(&str, Bend); 16] = [
        ("bundle-serial", |c| c.history.decisions[0].created = c.created),
        ("bundle-serial", |c| {
            c.history.decisions.clear();
            c.head().serial = Serial(0);
        }),
        ("bundle-dates", |c| c.head().made = c.created.after(1)),
        ("bundle-dates", |c| c.head().expires = c.now),
        ("bundle-dates", |c| c.head().grace_days = 15),
        ("bundle-blocked", |c| c.head().blocked = vec![blocked("a"), blocked("b")]),
        ("bundle-blocked", |c| {
            let since = c.created.after(1);
            c.head().blocked.push(Blocked { since, ..blocked("a") });
        }),
        ("bundle-blocked", |c| {
            let version = "1 2".into();
            c.head().blocked.push(Blocked { version, ..blocked("a") });
        }),
        ("bundle-keyring", |c| c.evidence.keyring = KeyringFile::Unreadable("gone".into())),
        ("bundle-keyring", |c| c.head().keyring.sha256 = Sha256::ZERO),
        ("bundle-keyring", |c| c.head().keyring.bytes += 1),
        ("bundle-masters", |c| c.head().authority = "Another".into()),
        ("bundle-masters", |c| c.head().masters[0].name = "Another".into()),
        ("bundle-masters", |c| {
            let without = c.keyring[c.masters[0].to_bytes().len()..].to_vec();
            c.rekey(without);
        }),
        ("bundle-developers", |c| {
            let bob = read(&keys().maria).to_bytes();
            let keyring = [c.masters[0].to_bytes(), bob].concat();
            c.rekey(keyring);
        }),
        ("bundle-decisions", |c| {
            let mut decision = decided(c, Kind::KeyRevoked);
            decision.created = BORN;
            c.look(&[decision]);
        }),
    ];
    for (at, (rule, bend)) in cases.into_iter().enumerate() {
        let mut case = Case::trust_bundle();
        bend(&mut case);
        let verdict = case.verdict(rule);
        assert!(matches!(verdict, Verdict::Broken { .. }), "{at} {rule}: {verdict:?}");
    }
}

#[test]
fn what_is_no_longer_blocked_is_said() {
    let mut case = Case::trust_bundle();
    let mut last = case.head().clone();
    last.blocked.push(blocked("bad"));
    case.evidence.last_bundle = Some(last.clone());
    let Verdict::Warns(text) = case.verdict("bundle-blocked") else { panic!("no warning") };
    assert!(text.contains("NO LONGER BLOCKED: blacklist 17.0.3"), "{text}");
    case.head().blocked = last.blocked;
    assert!(matches!(case.verdict("bundle-blocked"), Verdict::Holds(_)));
}

#[test]
fn a_certification_that_never_came_into_the_record_is_said() {
    let mut case = Case::trust_bundle();
    let decision = decided(&case, Kind::Certified { expires: None });
    case.look(&[decision]);
    let verdict = case.verdict("bundle-decisions");
    assert!(matches!(&verdict, Verdict::Warns(text) if text.starts_with("1 ")), "{verdict:?}");
}

#[test]
fn a_custodian_is_encrypted_to_once_and_with_nothing_beside_the_key() {
    let mut case = Case::prepare_revocation();
    assert!(matches!(case.verdict("custodians"), Verdict::Warns(_)), "only one");
    let one = case.sealed_to()[0].clone();
    case.sealed_to().push(one.clone());
    assert!(matches!(case.verdict("custodians"), Verdict::Broken { .. }), "twice");
    case.sealed_to().clear();
    assert!(matches!(case.verdict("custodians"), Verdict::Broken { .. }), "nobody");
    let bytes = keys().cora.clone().strip_secret_key_material().to_vec().expect("bytes");
    *case.sealed_to() = vec![CertificateBlock::new(bytes)];
    assert!(matches!(case.verdict("custodians"), Verdict::Broken { .. }), "not cut down");
    *case.sealed_to() = vec![one];
    case.now = case.created.after(400 * DAY);
    assert!(matches!(case.verdict("custodians"), Verdict::Broken { .. }), "ended");
    case.now = case.created;
    case.prepared().seal = Seal::Passphrase;
    let Verdict::Warns(text) = case.verdict("custodians") else { panic!("no warning") };
    assert!(text.contains("PASSPHRASE"), "{text}");
}
