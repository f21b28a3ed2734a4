//! What a supposed revocation does, and that a real one does the same.

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::types::{ReasonForRevocation, SignatureType};

use super::*;
use crate::module::forge::{certified, day, keyring, list, person, revoked, signed};
use crate::module::keyring::Supposed;
use crate::module::{Kind, Revoked};

const NOW: u32 = 30;

fn judged() -> Judged {
    Judged { weak: WeakChains::Refuse, now: day(NOW) }
}

fn certify(whom: &Cert, by: &Cert) -> Cert {
    certified(whom, by, day(10), SignatureType::GenericCertification, |b| b)
}

fn take_back(whom: &Cert, by: &Cert) -> Cert {
    let reason = |b: openpgp::packet::signature::SignatureBuilder| {
        b.set_reason_for_revocation(ReasonForRevocation::Unspecified, b"").expect("a reason")
    };
    certified(whom, by, day(NOW), SignatureType::CertificationRevocation, reason)
}

fn fingerprint(cert: &Cert) -> Fingerprint {
    Fingerprint::try_from(cert.fingerprint()).expect("version 4")
}

fn module(name: &str, signer: &Cert) -> Installed {
    let text = list(&signer.fingerprint().to_hex(), "");
    Installed::of_list(name, &signed(signer, day(20), &text, |b| b))
}

/// Numbers of FreePBX and whether we say good, before and after.
fn numbers<T>(change: &Change<T>) -> (u8, bool, u8, bool) {
    let (before, after) = (&change.before, &change.after);
    let good = |view: &View| view.problems.is_empty();
    (before.freepbx.number(), good(before), after.freepbx.number(), good(after))
}

/// Elliptic masters would not do: FreePBX finds only RSA ones' revocations.
fn rsa(name: &str) -> Cert {
    let suite = openpgp::cert::CipherSuite::RSA2k;
    crate::module::forge::person_with(name, |builder| builder.set_cipher_suite(suite))
}

#[test]
fn a_developer_whom_every_master_revokes_stops_as_when_they_really_do() {
    let (old, new, dev) = (rsa("old"), rsa("new"), person("dev"));
    let both = certify(&certify(&dev, &old), &new);
    let before = keyring(&[old.clone(), new.clone()], std::slice::from_ref(&both));
    let module = module("blacklist", &dev);
    let supposed = Supposed::Certifications { key: fingerprint(&dev), at: day(NOW) };
    let after = before.supposing([supposed]);
    let effect = Effect::of(&before, &after, [&module], judged());
    assert_eq!(
        effect.counts(),
        Counts { developers_stop: 1, modules_stop: 1, ..Counts::default() }
    );
    assert_eq!(numbers(&effect.signatories[0]), (129, true, 64, false));
    assert_eq!(numbers(&effect.modules[0]), (129, true, 64, false));

    let really = take_back(&take_back(&both, &old), &new);
    let really = keyring(&[old.clone(), new.clone()], &[really]);
    let real = Effect::of(&before, &really, [&module], judged());
    assert_eq!(real.signatories[0].after, effect.signatories[0].after);
    assert_eq!(real.modules[0].after, effect.modules[0].after);

    // By one master alone: FreePBX goes on, we do not.
    let half = keyring(&[old.clone(), new], &[take_back(&both, &old)]);
    let half = Effect::of(&before, &half, [&module], judged());
    assert_eq!(numbers(&half.modules[0]), (129, true, 129, false));
}

#[test]
fn a_master_that_revokes_itself_takes_along_whom_nobody_else_certified() {
    let (old, new) = (rsa("old"), rsa("new"));
    let (left, both) = (person("left"), person("both"));
    let people = [certify(&left, &old), certify(&certify(&both, &old), &new)];
    let before = keyring(&[old.clone(), new.clone()], &people);
    let modules = [module("left", &left), module("both", &both), module("own", &old)];
    let after = before.supposing([Supposed::Key {
        key: fingerprint(&old),
        revoked: Revoked { at: day(NOW), kind: Kind::Soft },
    }]);
    let effect = Effect::of(&before, &after, &modules, judged());
    assert_eq!(
        effect.counts(),
        Counts { developers_stop: 1, modules_stop: 2, ..Counts::default() }
    );
    assert_eq!((effect.developers_seen, effect.modules_seen), (2, 3));
    let names: Vec<&str> = effect.modules.iter().map(|c| c.subject.name.as_str()).collect();
    assert_eq!(names, ["left", "own"]);
    assert_eq!(numbers(&effect.modules[0]), (129, true, 7, false));
    // gpg and FreePBX go on believing what a revoked master signed itself.
    assert_eq!(numbers(&effect.modules[1]), (129, true, 129, false));

    let gone = revoked(&old, day(NOW), ReasonForRevocation::KeySuperseded);
    let really = keyring(&[gone, new], &people);
    let real = Effect::of(&before, &really, &modules, judged());
    assert_eq!(real.counts(), effect.counts());
    for (real, supposed) in real.signatories.iter().zip(&effect.signatories) {
        assert_eq!(real.after, supposed.after, "{:?}", real.subject);
    }
    for (real, supposed) in real.modules.iter().zip(&effect.modules) {
        assert_eq!(real.after, supposed.after, "{}", real.subject.name);
    }
}

#[test]
fn a_new_certification_makes_somebody_count() {
    let (old, dev) = (rsa("old"), person("dev"));
    let before = keyring(std::slice::from_ref(&old), std::slice::from_ref(&dev));
    let after = keyring(std::slice::from_ref(&old), &[certify(&dev, &old)]);
    let effect = Effect::of(&before, &after, [&module("blacklist", &dev)], judged());
    // The module was signed when the certification stood already.
    let counts = Counts { developers_begin: 1, modules_begin: 1, ..Counts::default() };
    assert_eq!(effect.counts(), counts);
    assert!(Effect::of(&after, &after, [], judged()).is_none());
}

#[test]
fn somebody_who_is_left_out_is_a_key_that_nobody_has() {
    let (old, dev) = (rsa("old"), person("dev"));
    let before = keyring(std::slice::from_ref(&old), &[certify(&dev, &old)]);
    let after = keyring(&[old], &[]);
    let effect = Effect::of(&before, &after, [&module("blacklist", &dev)], judged());
    assert_eq!(numbers(&effect.signatories[0]), (129, true, 4, false));
    assert_eq!(numbers(&effect.modules[0]), (129, true, 4, false));
}
