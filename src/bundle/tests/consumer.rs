//! Rollback, freeze, and bundles by the wrong people.

use super::*;

#[test]
fn a_bundle_by_the_pinned_master_is_taken_again_and_again() {
    let make = Make::new();
    let accepted = make.taken().expect("taken");
    assert_eq!(accepted.signed_by(), fingerprint(&make.signer));
    assert!(accepted.news().is_empty(), "{:?}", accepted.news());
    let state = kept(&accepted);
    assert_eq!(state.authority.as_deref(), Some("Example"));
    let again = make.bundle().accept(&state, day(22)).expect("taken again");
    assert_eq!(again.state().text(), accepted.state().text());
    let next = Make { serial: 8, made: day(30), ..make };
    next.bundle().accept(&state, day(31)).expect("a newer one");
}

#[test]
fn an_older_bundle_is_refused_after_a_newer_one() {
    let make = Make::new();
    let state = kept(&make.taken().expect("taken"));
    let older = Make { serial: 6, ..make.clone() };
    assert_eq!(word(older.bundle().accept(&state, day(21))), "older");
    // The same number, with somebody more in it.
    let mut other = make.clone();
    other.developers.push(certified(&person("x"), &make.signer, day(5), CERTIFICATION, plain));
    assert_eq!(word(other.bundle().accept(&state, day(21))), "another");
    // A higher number, made before.
    let earlier = Make { serial: 8, made: day(19), ..make };
    assert_eq!(word(earlier.bundle().accept(&state, day(21))), "older");
}

#[test]
fn an_old_bundle_is_said_to_have_ended_and_then_refused() {
    let make = Make::new();
    let on = |at| make.bundle().accept(&make.pins(1), at);
    assert!(on(day(110)).expect("to its last second").news().is_empty());
    let grace = on(day(110).after(1)).expect("within its grace");
    assert!(matches!(grace.news(), [News::Grace { .. }]), "{:?}", grace.news());
    on(day(124)).expect("to the last second of its grace");
    assert_eq!(word(on(day(124).after(1))), "expired");
}

#[test]
fn an_earlier_bundle_is_refused_whatever_its_number_and_a_clock_that_is_behind_is_noted() {
    let make = Make::new();
    let late = Make { serial: 8, made: day(200), ..make.clone() };
    let mut state = kept(&late.bundle().accept(&make.pins(1), day(201)).expect("taken"));
    // Somebody who could change the serial number alone, and the clock.
    state.seen = state.seen.map(|seen| Seen { serial: Serial(1), ..seen });
    assert_eq!(word(make.bundle().accept(&state, day(21))), "older");
    let behind = late.bundle().accept(&make.pins(1), day(30)).expect("taken");
    assert!(matches!(behind.news(), [News::ClockBehind { .. }]), "{:?}", behind.news());
}

#[test]
fn a_bundle_by_anybody_but_a_master_is_foreign() {
    let make = Make::new();
    let by_developer = Make { signer: make.developers[0].clone(), ..make.clone() };
    let refusal = by_developer.taken().expect_err("refused");
    assert_eq!(refusal.word(), "foreign");
    assert!(refusal.to_string().contains("a developer's key"), "{refusal}");
    let by_stranger = Make { signer: person("stranger"), ..make.clone() };
    assert_eq!(word(by_stranger.taken()), "foreign");
    // Of other masters altogether: they name each other, and nobody pinned them.
    let other = Make::new();
    assert_eq!(word(other.bundle().accept(&make.pins(1), day(21))), "successor");
    // The same masters for another authority.
    let state = kept(&make.taken().expect("taken"));
    let renamed = Make { authority: "Else".into(), serial: 8, ..make };
    assert_eq!(word(renamed.bundle().accept(&state, day(21))), "foreign");
}

#[test]
fn a_head_with_another_keyring_is_mixed() {
    let make = Make::new();
    let mut other = make.clone();
    // As long as the other one, or it would show at once: signatures may begin with zeros.
    let as_long = (0..50).any(|_| {
        let dev = certified(&person("abc"), &make.signer, day(10), CERTIFICATION, plain);
        other.developers = vec![dev];
        make.keyring().len() == other.keyring().len()
    });
    assert!(as_long);
    let signed = |make: &Make| {
        let whole = make.file();
        whole[..whole.len() - make.keyring().len()].to_vec()
    };
    let mixed = [signed(&make), other.keyring()].concat();
    let refusal = Refusal::from(Bundle::read(mixed.as_slice()).expect_err("refused"));
    assert_eq!(refusal.word(), "mixed");
    assert!(refusal.to_string().starts_with("mixed: "));
}

#[test]
fn a_half_written_state_is_never_taken_for_none() {
    let make = Make::new();
    let folder = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let path = folder.path().join("state");
    assert!(State::read(&path).expect("absent").is_none());
    let text = make.taken().expect("taken").state().text();
    for cut in (0..text.len()).step_by(97) {
        std::fs::write(&path, &text[..cut]).expect("written");
        assert!(State::read(&path).is_err(), "{cut} bytes");
    }
    let other = text.replace(&fingerprint(&make.signer).to_string(), &"0".repeat(40));
    std::fs::write(&path, other).expect("written");
    assert!(matches!(State::read(&path), Err(StateError::Masters { .. })));
    let nobody =
        State::of("Example", &[], Seen { serial: Serial(1), digest: Sha256::ZERO, made: day(1) });
    std::fs::write(&path, nobody.text()).expect("written");
    assert!(matches!(State::read(&path), Err(StateError::Masters { .. })));
}

#[test]
fn a_state_is_not_written_where_nothing_changed() {
    let state = Make::new().taken().expect("taken").state();
    let folder = tempfile::TempDir::with_prefix("cs").expect("a temporary folder");
    let path = folder.path().join("state");
    state.write(&path).expect("written");
    let before = std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("there"));
    state.write(&path).expect("left");
    let after = std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("there"));
    assert_eq!(before, after);
}
