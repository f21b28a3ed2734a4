use sequoia_openpgp::crypto::mem::Protected;

use super::*;

fn passphrase() -> Passphrase {
    Passphrase::generate().expect("random numbers")
}

fn read(text: &str) -> Result<Typed, WordError> {
    Typed::read(text)
}

fn share(text: &str) -> Share {
    match read(text) {
        Ok(Typed::Share(share)) => share,
        other => panic!("{other:?}"),
    }
}

/// The words with the one at `place` (from 1) replaced by another of the same kind.
fn with_another_word(words: &str, place: usize) -> String {
    let mut words: Vec<&str> = words.split(' ').collect();
    let all: Vec<u8> = (0..=255).flat_map(|b| [b, b]).collect();
    let list = pgp_words::to_words(&all);
    let same_kind = list.iter().skip((place - 1) % 2).step_by(2);
    let other = same_kind.copied().find(|w| *w != words[place - 1]).expect("256 words");
    words[place - 1] = other;
    words.join(" ")
}

#[test]
fn a_passphrase_is_its_words() {
    let one = passphrase();
    let words = one.words();
    assert_eq!(words.split(' ').count(), 22);
    for typed in [words.to_string(), words.to_uppercase(), words.replace(' ', "\n  ")] {
        let Ok(Typed::Passphrase(again)) = read(&typed) else { panic!("{typed}") };
        assert_eq!(again, one);
        assert_eq!(*again.words(), *words);
    }
    assert_ne!(passphrase(), one);
}

#[test]
fn one_wrong_word_is_named_wherever_it_stands() {
    let words = passphrase().words();
    for place in 1..=22 {
        let error = read(&with_another_word(&words, place)).expect_err("a wrong word");
        assert_eq!(error, WordError::Wrong { place });
    }
    let two = with_another_word(&with_another_word(&words, 3), 4);
    assert_eq!(read(&two).expect_err("two wrong words"), WordError::Mixed);
}

#[test]
fn words_from_elsewhere_missing_and_swapped_ones_are_named() {
    let words = passphrase().words();
    let list: Vec<&str> = words.split(' ').collect();
    let mut odd = list.clone();
    odd[6] = "password";
    let unknown = WordError::Unknown { place: 7, word: "password".into() };
    assert_eq!(read(&odd.join(" ")).expect_err("unknown"), unknown);
    let mut missing = list.clone();
    missing.remove(9);
    assert!(matches!(read(&missing.join(" ")), Err(WordError::Place { place: 10, .. })));
    let mut swapped = list.clone();
    swapped.swap(2, 3);
    assert!(matches!(read(&swapped.join(" ")), Err(WordError::Place { place: 3, .. })));
    assert!(matches!(read(&list[..20].join(" ")), Err(WordError::Count { actual: 20, .. })));
    assert!(matches!(read(""), Err(WordError::Count { actual: 0, .. })));
    assert!(read(&"aardvark ".repeat(1_000_000)).is_err());
}

#[test]
fn any_m_of_n_shares_give_the_passphrase_back_and_fewer_do_not() {
    let one = passphrase();
    let split: Split = "3/5".parse().expect("a split");
    let shares: Vec<String> =
        split.split(&one).expect("split").iter().map(|s| s.words().to_string()).collect();
    assert_eq!(shares.len(), 5);
    for (a, b, c) in [(0, 1, 2), (4, 2, 0), (1, 3, 4), (2, 3, 4)] {
        let mut collection = Collection::default();
        let first = collection.add(share(&shares[a])).expect("a share");
        assert!(matches!(first, Collected::Missing(2)));
        let second = collection.add(share(&shares[b])).expect("a share");
        assert!(matches!(second, Collected::Missing(1)), "m-1 shares gave something");
        let Ok(Collected::Whole(again)) = collection.add(share(&shares[c])) else {
            panic!("three shares");
        };
        assert_eq!(again, one);
    }
}

/// With one share less, every passphrase is as likely as any other: there are shares that lead
/// from the same two to another one.
#[test]
fn two_of_three_shares_fit_any_passphrase() {
    let one = passphrase();
    let split = Split::new(3, 5).expect("a split");
    let shares = split.split(&one).expect("split");
    let mut values: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        values.push(split.split(&one).expect("split")[0].words().as_bytes().to_vec());
    }
    assert_ne!(values[0], values[1], "the same share each time: nothing random went in");
    let mut forged = Collection::default();
    for share in shares.into_iter().take(2) {
        forged.add(share).expect("two shares");
    }
    let other = split.split(&Passphrase { mark: one.mark, secret: passphrase().secret });
    let third = other.expect("split").into_iter().nth(2).expect("five shares");
    let Ok(Collected::Whole(another)) = forged.add(third) else { panic!("three shares") };
    assert_ne!(another, one);
}

/// Multiplication in the field of AES, bit by bit (FIPS 197 §4.2).
fn times(a: u8, b: u8) -> u8 {
    let mut product = 0_u16;
    for bit in 0..8 {
        product ^= (u16::from(a) << bit) * (u16::from(b) >> bit & 1);
    }
    for bit in (8..16).rev() {
        product ^= (0x11b << (bit - 8)) * (product >> bit & 1);
    }
    u8::try_from(product).expect("reduced")
}

fn over(a: u8, b: u8) -> u8 {
    let inverse = (1..=255).find(|c| times(b, *c) == 1).expect("b is not zero");
    times(a, inverse)
}

/// What docs/exchange-format.md says: Lagrange's interpolation at 0, written here anew.
#[test]
fn shares_are_shamirs_over_the_field_of_aes() {
    let one = passphrase();
    let shares = Split::new(3, 5).expect("a split").split(&one).expect("split");
    let some: Vec<(u8, Vec<u8>)> = [4_usize, 0, 2]
        .iter()
        .map(|at| {
            let words = shares[*at].words();
            let bytes = pgp_words::to_bytes(&words.split(' ').collect::<Vec<_>>());
            let bytes = bytes.expect("words of the list");
            assert_eq!(bytes[0], 0xb2);
            assert_eq!((bytes[3], bytes[4]), (3, u8::try_from(at + 1).expect("few")));
            (bytes[4], bytes[5..21].to_vec())
        })
        .collect();
    let secret: Vec<u8> = (0..16)
        .map(|place| {
            some.iter().fold(0, |sum, (x, value)| {
                let others = some.iter().map(|(other, _)| *other).filter(|other| other != x);
                sum ^ others.fold(value[place], |y, other| times(y, over(other, other ^ x)))
            })
        })
        .collect();
    assert_eq!(secret, one.secret.as_slice());
}

#[test]
fn shares_of_two_backups_are_told_apart() {
    let split = Split::new(2, 3).expect("a split");
    let (one, other) = (passphrase(), passphrase());
    let (ones, others) = (split.split(&one).expect("split"), split.split(&other).expect("split"));
    let mut collection = Collection::default();
    collection.add(share(&ones[0].words())).expect("a share");
    let error = collection.add(share(&others[1].words())).expect_err("another backup's");
    let (actual, expected) = (other.mark(), one.mark());
    assert_eq!(error, ShareError::OtherBackup { actual, expected });
    let error = collection.add(share(&ones[0].words())).expect_err("the same again");
    assert_eq!(error, ShareError::Twice(1));
    assert!(matches!(collection.add(share(&ones[2].words())), Ok(Collected::Whole(_))));
}

#[test]
fn a_share_with_a_wrong_word_is_refused_before_it_is_used() {
    let shares = Split::new(2, 2).expect("a split").split(&passphrase()).expect("split");
    let words = shares[0].words();
    for place in [1, 5, 12, 24] {
        let error = read(&with_another_word(&words, place)).expect_err("a wrong word");
        assert_eq!(error, WordError::Wrong { place });
    }
}

#[test]
fn splits_that_make_no_sense_are_refused() {
    for odd in ["1/1", "1/3", "4/3", "0/0", "3", "", "3/17", "-1/2", "2/3/4"] {
        assert!(odd.parse::<Split>().is_err(), "{odd}");
    }
    for good in ["2/2", "2/3", "3/5", "16/16"] {
        assert!(good.parse::<Split>().is_ok(), "{good}");
    }
}

#[test]
fn a_backup_opens_with_its_own_words_and_no_others() {
    let (one, other) = (passphrase(), passphrase());
    let secret = Protected::from(b"not a key".to_vec());
    let sealed = seal(&secret, &one).expect("sealed");
    assert_eq!(open(&sealed, &one).expect("opens"), secret);
    assert!(matches!(open(&sealed, &other), Err(SealError::WrongWords { .. })));
    assert!(matches!(open(b"hello", &one), Err(SealError::NotABackup(_))));
    assert!(matches!(open(b"", &one), Err(SealError::NotABackup(_))));
}

#[test]
fn a_backup_cut_off_anywhere_or_changed_never_opens() {
    let one = passphrase();
    let secret = Protected::from(vec![7; 3_000]);
    let sealed = seal(&secret, &one).expect("sealed");
    let end = sealed.len() - "-----END PGP MESSAGE-----\n".len();
    for cut in (0..end).step_by(701) {
        assert!(open(&sealed[..cut], &one).is_err(), "cut at {cut}");
    }
    for at in (150..end - 10).step_by(997) {
        let mut changed = sealed.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(open(&changed, &one).is_err(), "changed at {at}");
    }
}
