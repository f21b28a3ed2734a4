//! What the masters' words come to: when they count, and how long.

use super::*;

#[test]
fn a_weak_chain_is_noted_where_it_is_accepted() {
    let mut module = Module::good();
    old_and_sha1(&mut module);
    module.weak = WeakChains::Accept;
    let (names, notes, told) = module.judged();
    assert_eq!((names, notes), (vec![], vec![Note::WeakChain]), "{told}");
    // A later one over SHA-1 counts for nobody.
    let dev = person("dev");
    let mut module = Module::good();
    module.weak = WeakChains::Accept;
    module.master_says(&dev, day(10), CERTIFICATION, sha1);
    let (names, _, told) = module.judged();
    assert_eq!(names, ["not-certified"], "{told}");
    assert!(told.contains("nobody believes"), "{told}");
}

#[test]
fn a_certification_has_to_count_when_the_module_is_signed_and_now() {
    let finds = |words: &str, at, typ, change: fn(SignatureBuilder) -> SignatureBuilder| {
        let mut module = Module::good();
        module.master_says(&person("dev"), day(at), typ, change);
        let (names, _, told) = module.judged();
        assert!(names.contains(&"not-certified") && told.contains(words), "{told}");
    };
    let until = |b: SignatureBuilder| b.set_signature_validity_period(days(15)).expect("a period");
    finds("expired on 2020-10-08", 10, CERTIFICATION, until);
    finds("certified on 2020-10-05, not yet", 22, CERTIFICATION, plain);
    finds("dated 2020-10-23", 40, CERTIFICATION, plain);
    finds("certification revoked on 2020-10-08", 25, REVOCATION, plain);
}

#[test]
fn a_certification_ends_with_the_key_that_made_it() {
    let mut module = Module::good();
    module.masters[0] = revoked(&module.masters[0], day(25), ReasonForRevocation::KeyRetired);
    let (names, _, told) = module.judged();
    assert_eq!(names, ["not-certified"]);
    assert!(told.contains("by a key that was revoked on 2020-10-08"), "{told}");

    let mut module = Module::good();
    module.masters[0] = person_with("master", |b| b.set_validity_period(days(25)));
    module.master_says(&person("dev"), day(10), CERTIFICATION, plain);
    let (names, _, told) = module.judged();
    assert_eq!(names, ["not-certified"]);
    assert!(told.contains("by a key that ended on 2020-10-08"), "{told}");
}

#[test]
fn a_revocation_is_undone_by_a_younger_certification_only() {
    let mut module = Module::good();
    module.master_says(&module.signer.clone(), day(15), REVOCATION, plain);
    assert_eq!(module.judged().0, ["revoked", "not-certified"]);
    module.master_says(&module.signer.clone(), day(17), CERTIFICATION, plain);
    assert!(module.judged().0.is_empty(), "{}", module.judged().2);
    // It was signed while the certification was revoked.
    module.signed = day(16);
    assert_eq!(module.judged().0, ["not-certified"]);
}

#[test]
fn an_introducer_counts_only_with_complete_trust() {
    for (amount, expected) in [(120, vec![]), (60, vec!["not-certified"])] {
        let mut module = Module::good();
        let mirror = person("mirror");
        let appoint = |b: SignatureBuilder| b.set_trust_signature(1, amount).expect("a trust");
        let appointed = certified(&mirror, &module.masters[0], day(5), CERTIFICATION, appoint);
        module.by(certified(&person("dev"), &mirror, day(10), CERTIFICATION, plain));
        assert_eq!(module.judged().0, ["not-certified"], "a mirror that nobody knows");
        module.others.push(mirror);
        assert_eq!(module.judged().0, ["not-certified"], "a mirror that nobody appointed");
        module.others[1] = appointed;
        assert_eq!(module.judged().0, expected, "{}", module.judged().2);
    }
}

#[test]
fn a_chain_is_as_weak_as_the_appointment_in_it() {
    let old = Timestamp::from_unix(1_500_000_000);
    let begun = SystemTime::from(Timestamp::from_unix(1_400_000_000));
    let mut module = Module::good();
    module.masters = vec![person_with("old", |b| b.set_creation_time(begun))];
    let mirror = person_with("mirror", |b| b.set_creation_time(begun));
    let appoint = |b: SignatureBuilder| sha1(b.set_trust_signature(1, 120).expect("a trust"));
    let mirror = certified(&mirror, &module.masters[0], old, CERTIFICATION, appoint);
    module.by(certified(&person("dev"), &mirror, day(10), CERTIFICATION, plain));
    module.others.push(mirror);
    assert_eq!(module.judged().0, ["weak-chain"], "{}", module.judged().2);
}

#[test]
fn a_master_may_sign_itself_until_it_is_revoked() {
    let mut module = Module::good();
    let master = module.masters[0].clone();
    module.signed_with = master.fingerprint().to_hex();
    module.signer = master.clone();
    assert!(module.judged().0.is_empty(), "{}", module.judged().2);
    module.masters[0] = revoked(&master, day(25), ReasonForRevocation::KeyCompromised);
    assert_eq!(module.judged().0, ["key-revoked"], "gpg trusts it still");
}

/// The old master certified on day 10; the module was signed on day 20; the new one certified on
/// `certified_on`; then the old one revoked itself on day 25.
fn rotated(certified_on: u32, reason: ReasonForRevocation) -> Module {
    let mut module = Module::good();
    let (old, new) = (module.masters[0].clone(), person("new"));
    let dev = certified(&module.signer.clone(), &new, day(certified_on), CERTIFICATION, plain);
    module.by(dev);
    module.masters = vec![revoked(&old, day(25), reason), new];
    module
}

#[test]
fn what_was_signed_before_a_rotation_stays_good_by_the_new_masters_word() {
    let good = rotated(22, ReasonForRevocation::KeySuperseded);
    assert!(good.judged().0.is_empty(), "{}", good.judged().2);
    // A compromised master's word never stood.
    let stolen = rotated(22, ReasonForRevocation::KeyCompromised);
    assert_eq!(stolen.judged().0, ["not-certified"]);
    // The new master's word is needed all the same.
    let mut alone = rotated(22, ReasonForRevocation::KeySuperseded);
    alone.masters.pop();
    assert_eq!(alone.judged().0, ["not-certified"]);
    // Signed when the old master was gone, and certified by the new one later still.
    let mut late = rotated(28, ReasonForRevocation::KeySuperseded);
    late.signed = day(27);
    assert_eq!(late.judged().0, ["not-certified"]);
    // What the old master took back before it went stays taken back.
    let mut taken_back = rotated(22, ReasonForRevocation::KeySuperseded);
    let old = taken_back.masters.remove(0);
    let dev = certified(&taken_back.signer.clone(), &old, day(23), REVOCATION, plain);
    taken_back.by(dev);
    taken_back.masters.insert(0, old);
    assert!(!taken_back.judged().0.is_empty(), "{}", taken_back.judged().2);
}
