//! From one master to the next, and only with the old one's word.

use openpgp::types::{HashAlgorithm, ReasonForRevocation};

use super::*;
use crate::module::forge::{days, revoked};

/// Two masters; the old one certified the new one on day 15, `change`d; the new one signs.
fn two(change: impl FnOnce(SignatureBuilder) -> SignatureBuilder) -> Make {
    let mut make = Make::new();
    let old = make.masters[0].clone();
    let new = certified(&person("new"), &old, day(15), CERTIFICATION, change);
    make.masters.push(new.clone());
    make.signer = new;
    make
}

#[test]
fn a_successor_without_the_old_masters_word_is_refused() {
    let mut make = Make::new();
    let new = person("new");
    make.masters.push(new.clone());
    // Signed by the old one, who names it; or by the new one itself, who certified the old one.
    assert_eq!(word(make.taken()), "successor");
    make.signer = new.clone();
    assert_eq!(word(make.taken()), "successor");
    make.masters[0] = certified(&make.masters[0], &new, day(15), CERTIFICATION, plain);
    assert_eq!(word(make.taken()), "successor");
}

#[test]
fn a_successor_with_the_old_masters_word_is_followed_and_kept() {
    let make = two(plain);
    let accepted = make.taken().expect("taken");
    let (old, new) = (fingerprint(&make.masters[0]), fingerprint(&make.masters[1]));
    assert_eq!(accepted.news(), [News::Followed(Followed { old, new })]);
    assert_eq!(accepted.masters().len(), 2);
    let state = kept(&accepted);
    assert_eq!(state.masters.len(), 2);
    // From then on the new one stands by itself.
    let alone = Make { masters: vec![make.masters[1].clone()], serial: 8, ..make };
    let later = alone.bundle().accept(&state, day(30)).expect("taken");
    assert_eq!(later.news(), [News::NotNamed(old)]);
}

#[test]
fn a_master_that_gave_itself_up_is_followed_by_nobody() {
    // The new one is pinned, and its word on the old one still stands on the certificate.
    let mut make = two(plain);
    let new = make.masters[1].clone();
    let old = certified(&make.masters[0], &new, day(15), CERTIFICATION, plain);
    make.masters[0] = revoked(&old, day(16), ReasonForRevocation::KeySuperseded);
    let accepted = make.bundle().accept(&Pinned::first(vec![read(&new)]), day(21)).expect("taken");
    assert!(accepted.news().is_empty(), "{:?}", accepted.news());
    assert_eq!(kept(&accepted).masters.len(), 1);
}

#[test]
fn a_chain_of_successors_is_followed_to_its_end() {
    let mut make = two(plain);
    let third = certified(&person("third"), &make.signer, day(16), CERTIFICATION, plain);
    make.masters.push(third.clone());
    make.signer = third;
    assert_eq!(make.taken().expect("taken").news().len(), 2);
    // Whatever their order.
    make.masters.reverse();
    let pinned = Pinned::first(vec![read(&make.masters[2])]);
    make.bundle().accept(&pinned, day(21)).expect("taken");
}

#[test]
fn a_word_that_does_not_count_hands_nothing_over() {
    let taken = |make: Make| make.taken();
    let sha1 = two(|b| b.set_hash_algo(HashAlgorithm::SHA1));
    assert_eq!(word(taken(sha1)), "successor");
    let ended = two(|b| b.set_signature_validity_period(days(2)).expect("a period"));
    assert_eq!(word(taken(ended)), "successor");
    let mut taken_back = two(plain);
    let old = taken_back.masters[0].clone();
    taken_back.masters[1] = certified(&taken_back.masters[1], &old, day(16), REVOCATION, plain);
    assert_eq!(word(taken(taken_back)), "successor");
    let mut dated_later = two(plain);
    dated_later.made = day(14);
    assert_eq!(word(taken(dated_later)), "successor");
}

#[test]
fn a_master_that_retired_keeps_its_word_and_a_compromised_one_does_not() {
    for (reason, at, good) in [
        (ReasonForRevocation::KeySuperseded, 18, true),
        (ReasonForRevocation::KeyRetired, 18, true),
        (ReasonForRevocation::KeySuperseded, 14, false),
        (ReasonForRevocation::KeyCompromised, 18, false),
        (ReasonForRevocation::Unspecified, 18, false),
    ] {
        let mut make = two(plain);
        let pinned = make.pins(1);
        make.masters[0] = revoked(&make.masters[0], day(at), reason);
        let taken = make.bundle().accept(&pinned, day(21));
        if !good {
            assert_eq!(word(taken), "successor", "{reason} on day {at}");
            continue;
        }
        let accepted = taken.unwrap_or_else(|e| panic!("{reason} on day {at}: {e}"));
        let (old, new) = (fingerprint(&make.masters[0]), fingerprint(&make.masters[1]));
        let news = [News::Followed(Followed { old, new }), News::Dropped(old)];
        assert_eq!(accepted.news(), news);
        let state = kept(&accepted);
        assert_eq!(state.masters.len(), 1);
        // What the old one signs from now on is nothing to this consumer.
        let stolen = Make { masters: vec![make.masters[0].clone()], serial: 9, ..Make::new() };
        let stolen = Make { signer: make.masters[0].clone(), made: day(25), ..stolen };
        assert!(stolen.bundle().accept(&state, day(26)).is_err());
        let next = Make { serial: 9, made: day(25), ..make };
        let later = next.bundle().accept(&state, day(26)).expect("the new one goes on");
        // Its word of before is still known, for modules that were signed then.
        assert_eq!(later.masters().len(), 2);
        assert_eq!(kept(&later).masters.len(), 1);
    }
}

#[test]
fn a_bundle_by_a_master_that_gave_itself_up_is_foreign() {
    let mut make = Make::new();
    let pinned = make.pins(1);
    let bare = make.masters[0].clone();
    make.masters[0] = revoked(&bare, day(12), ReasonForRevocation::KeySuperseded);
    assert_eq!(word(make.bundle().accept(&pinned, day(21))), "foreign");
    make.masters[0] = revoked(&bare, day(22), ReasonForRevocation::KeyCompromised);
    assert_eq!(word(make.bundle().accept(&pinned, day(23))), "foreign");
    // Retired later, and nobody else is there: it stays the one to go by.
    make.masters[0] = revoked(&bare, day(22), ReasonForRevocation::KeySuperseded);
    let accepted = make.bundle().accept(&pinned, day(23)).expect("taken");
    assert_eq!(kept(&accepted).masters.len(), 1);
}

#[test]
fn a_revocation_that_was_seen_once_stays_whatever_later_bundles_leave_out() {
    let mut make = Make::new();
    let pinned = make.pins(1);
    let bare = make.masters[0].clone();
    make.masters[0] = revoked(&bare, day(22), ReasonForRevocation::KeySuperseded);
    let state = kept(&make.bundle().accept(&pinned, day(23)).expect("taken"));
    make.masters[0] = bare;
    let later = Make { serial: 8, made: day(25), ..make };
    assert_eq!(word(later.bundle().accept(&state, day(26))), "foreign");
}

#[test]
fn a_master_whose_key_has_ended_signs_nothing() {
    let mut make = Make::new();
    let ending = crate::module::forge::person_with("old", |b| b.set_validity_period(days(19)));
    make.masters = vec![ending.clone()];
    make.signer = ending.clone();
    let dev = certified(&person("dev"), &ending, day(10), CERTIFICATION, plain);
    make.developers = vec![dev];
    assert_eq!(word(make.taken()), "foreign");
    make.made = day(18);
    make.taken().expect("made while it was good");
}
