//! Looking somebody up, comparing two bundles, and writing them for others.

use openpgp::parse::Parse as _;
use openpgp::types::ReasonForRevocation;

use super::export::{Format as Form, export};
use super::*;
use crate::module::SignedText;
use crate::module::forge::{list, person_with, revoked};

#[test]
fn whoever_signed_is_found_and_nobody_else_is_read() {
    let mut make = Make::new();
    let flags = openpgp::types::KeyFlags::empty().set_signing();
    let with_subkey = person_with("sub", |builder| builder.add_subkey(flags, None, None));
    let sub = certified(&with_subkey, &make.signer, day(10), CERTIFICATION, plain);
    make.developers.push(sub.clone());
    let accepted = make.taken().expect("taken");
    assert_eq!(accepted.keyring().expect("all").others().len(), 2);
    for signer in [&make.developers[0], &sub] {
        let text = signed(signer, day(15), &list(&signer.fingerprint().to_hex(), ""), plain);
        let text = SignedText::parse(&text).expect("a signed text");
        let found = accepted.keyring_for(text.signatures()).expect("found");
        assert_eq!(found.others().len(), 1);
        assert_eq!(found.others()[0].fingerprint(), fingerprint(signer));
        assert!(all_known(text.signatures(), &found));
    }
    let stranger = person("stranger");
    let text = signed(&stranger, day(15), &list("0", ""), plain);
    let text = SignedText::parse(&text).expect("a signed text");
    let found = accepted.keyring_for(text.signatures()).expect("nobody");
    assert!(found.others().is_empty());
    assert!(!all_known(text.signatures(), &found));
    // A master's own signature needs no developer.
    let text = signed(&make.signer, day(15), &list("0", ""), plain);
    let text = SignedText::parse(&text).expect("a signed text");
    assert!(all_known(text.signatures(), &accepted.keyring_for(text.signatures()).expect("it")));
}

#[test]
fn a_diff_names_what_became_of_each() {
    let old = {
        let mut make = Make::new();
        for name in ["goes", "stays", "renewed", "revoked", "owner"] {
            let dev = certified(&person(name), &make.signer, day(10), CERTIFICATION, plain);
            make.developers.push(dev);
        }
        make
    };
    let mut new = Make { serial: 8, made: day(30), ..old.clone() };
    let master = new.signer.clone();
    new.developers.remove(1);
    new.developers[2] = certified(&new.developers[2], &master, day(25), CERTIFICATION, plain);
    new.developers[3] = certified(&new.developers[3], &master, day(25), REVOCATION, plain);
    new.developers[4] = revoked(&new.developers[4], day(26), ReasonForRevocation::KeyCompromised);
    new.developers.push(certified(&person("new"), &master, day(25), CERTIFICATION, plain));
    let diff = Diff::between(&old.bundle(), &new.bundle(), day(31)).expect("compared");
    let mut found: Vec<_> =
        diff.people.iter().map(|(who, what)| (who.name.as_str(), *what)).collect();
    found.sort_by_key(|(name, _)| *name);
    let expected = [
        ("goes <goes@example.org>", Change::Removed),
        ("new <new@example.org>", Change::Added),
        ("owner <owner@example.org>", Change::Revoked),
        ("renewed <renewed@example.org>", Change::Certified),
        ("revoked <revoked@example.org>", Change::Revoked),
    ];
    assert_eq!(found, expected);
    assert!(diff.masters_changed.is_empty() && diff.blocked.is_empty());
    let none = Diff::between(&old.bundle(), &old.bundle(), day(31)).expect("compared");
    assert!(none.is_empty());
}

#[test]
fn an_export_is_there_whole_or_not_at_all() {
    let accepted = Make::new().taken().expect("taken");
    let root = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let into = root.path().join("out");
    std::fs::create_dir(&into).expect("an empty folder");
    assert_eq!(export(&accepted, &Form::Certd, &into).expect("written"), 2);
    // Not a second time over the first.
    assert!(export(&accepted, &Form::Freepbx, &into).is_err());
    let nowhere = root.path().join("no/such/place");
    assert!(export(&accepted, &Form::Freepbx, &nowhere).is_err());
    let names: Vec<_> = std::fs::read_dir(root.path()).expect("listed").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_directory_serves_each_address_by_itself() {
    let mut make = Make::new();
    let two = person_with("two", |b| b.add_userid("two at work <two@EXAMPLE.net>"));
    make.developers = vec![certified(&two, &make.signer, day(10), CERTIFICATION, plain)];
    let accepted = make.taken().expect("taken");
    let root = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let form = Form::Wkd { domains: vec!["example.net".into()] };
    let into = root.path().join("out");
    assert_eq!(export(&accepted, &form, &into).expect("written"), 4);
    let hu = into.join("openpgpkey.example.net/.well-known/openpgpkey/example.net/hu");
    let file = std::fs::read_dir(&hu).expect("listed").flatten().next().expect("one").path();
    let cert = Cert::from_bytes(&std::fs::read(file).expect("read")).expect("a certificate");
    let ids: Vec<_> = cert.userids().map(|u| u.userid().to_string()).collect();
    assert_eq!(ids, ["two at work <two@EXAMPLE.net>"]);
    assert!(into.join("example.net/.well-known/openpgpkey/policy").exists());
    assert!(!into.join("example.org").exists());
}

#[test]
fn what_was_certified_anew_after_a_revocation_is_no_half() {
    let mut make = Make::new();
    let (one, two) = (make.masters[0].clone(), person("two"));
    let two = certified(&two, &one, day(5), CERTIFICATION, plain);
    make.masters.push(two.clone());
    let dev = make.developers[0].clone();
    let trust = |dev: &Cert| {
        let masters = make.read_masters();
        let all: Vec<&Certificate> = masters.iter().collect();
        let dev = Certificate::read(public(dev).as_slice(), &all).expect("reads");
        let keyring = crate::module::Keyring::from_certificates(&masters, []);
        Person::of(&keyring, &dev, day(30)).trust
    };
    assert_eq!(trust(&dev), Trust::Certified { masters: 1, until: None });
    let both = certified(&dev, &two, day(11), CERTIFICATION, plain);
    assert_eq!(trust(&both), Trust::Certified { masters: 2, until: None });
    let half = certified(&both, &one, day(12), REVOCATION, plain);
    assert_eq!(trust(&half), Trust::HalfRevoked { at: day(12) });
    let anew = certified(&half, &two, day(13), CERTIFICATION, plain);
    assert_eq!(trust(&anew), Trust::Certified { masters: 1, until: None });
    let gone = certified(&half, &two, day(13), REVOCATION, plain);
    assert_eq!(trust(&gone), Trust::Revoked { at: day(13) });
    assert!(trust(&gone).is_revoked() && !trust(&half).is_revoked());
}
