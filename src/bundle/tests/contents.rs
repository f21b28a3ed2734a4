//! A keyring that the station would not have signed for.

use super::*;
use crate::policy::{Decision, Kind};
use crate::request::RequestId;

fn contents(make: &Make, keyring: &[u8], decisions: &[(Cert, Decision)]) -> Contents {
    let all = |each: &mut dyn FnMut(crate::fingerprint::Fingerprint, &Decision)| {
        decisions.iter().for_each(|(key, decision)| each(fingerprint(key), decision));
        Ok::<_, ()>(())
    };
    Contents::of(keyring, &make.read_masters(), all).expect("no ledger fails")
}

fn flaws(make: &Make, keyring: &[u8]) -> Vec<Flaw> {
    contents(make, keyring, &[]).flaws.into_iter().map(|(_, flaw)| flaw).collect()
}

/// A bundle of five, in order.
fn five() -> Make {
    let mut make = Make::new();
    for name in ["a", "b", "c", "d"] {
        let dev = certified(&person(name), &make.signer, day(10), CERTIFICATION, plain);
        make.developers.push(dev);
    }
    make
}

#[test]
fn a_keyring_as_it_should_be_has_no_flaw() {
    let make = five();
    let found = contents(&make, &make.keyring(), &[]);
    assert!(found.flaws.is_empty(), "{:?}", found.flaws);
    assert_eq!((found.masters.len(), found.developers), (1, 5));
    assert_eq!(found.sha256, Some(Sha256::of(make.keyring())));
}

#[test]
fn certificates_with_more_than_belongs_there_are_told() {
    let mut make = Make::new();
    let stranger = person("stranger");
    let flooded = certified(&make.developers[0], &stranger, day(11), CERTIFICATION, plain);
    let master = read(&make.masters[0]).to_bytes();
    assert_eq!(flaws(&make, &[master.clone(), public(&flooded)].concat()), [Flaw::NotMinimal]);
    make.developers = vec![person("nobody")];
    assert_eq!(flaws(&make, &make.keyring()), [Flaw::NothingSaid]);
    let found = flaws(&make, &[master, b"junk".to_vec()].concat());
    assert!(matches!(found[..], [Flaw::Unreadable(_)]), "{found:?}");
}

#[test]
fn certificates_twice_or_out_of_order_are_told() {
    let make = five();
    let index = super::super::index::Index::of(&make.keyring()).expect("a keyring");
    let each: Vec<Vec<u8>> = index.places().map(|at| make.keyring()[at].to_vec()).collect();
    let put =
        |order: &[usize]| -> Vec<u8> { order.iter().flat_map(|at| each[*at].clone()).collect() };
    assert!(flaws(&make, &put(&[0, 1, 2, 3, 4, 5])).is_empty());
    // The order is the developers' own: a master's greater fingerprint does not hide it.
    for order in
        [&[0, 1, 1, 2][..], &[0, 2, 1], &[0, 1, 0], &[1, 0, 2], &[0, 0, 1], &[0, 5, 4], &[0, 3, 1]]
    {
        assert!(flaws(&make, &put(order)).contains(&Flaw::Order), "{order:?}");
    }
}

#[test]
fn a_revocation_that_is_known_and_left_out_is_told() {
    let make = Make::new();
    let (master, dev) = (make.masters[0].clone(), make.developers[0].clone());
    let decision = |kind, at| Decision {
        request: RequestId(Sha256::ZERO),
        master: fingerprint(&master),
        created: day(at),
        kind,
        names: vec!["dev <dev@example.org>".into()],
    };
    let known = [
        (dev.clone(), decision(Kind::Certified { expires: None }, 10)),
        (dev.clone(), decision(Kind::Revoked, 12)),
    ];
    let found = contents(&make, &make.keyring(), &known).missing;
    assert_eq!(found.revocations, [(fingerprint(&dev), day(12))]);
    assert_eq!(found.certifications, 0);

    let mut with = make.clone();
    with.developers[0] = certified(&dev, &master, day(12), REVOCATION, plain);
    let found = contents(&with, &with.keyring(), &known).missing;
    assert!(found.revocations.is_empty(), "{found:?}");
    // Not the developer at all; or on another user ID only.
    with.developers.clear();
    assert_eq!(contents(&with, &with.keyring(), &known).missing.revocations.len(), 1);
    let of_master = [(master.clone(), decision(Kind::KeyRevoked, 15))];
    assert_eq!(contents(&make, &make.keyring(), &of_master).missing.revocations.len(), 1);
    let lost = [(dev, decision(Kind::Certified { expires: None }, 11))];
    assert_eq!(contents(&make, &make.keyring(), &lost).missing.certifications, 1);
}
