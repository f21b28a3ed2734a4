//! Files that nobody made in good faith.

use std::io::Read as _;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

fn good() -> &'static (Make, Vec<u8>) {
    static GOOD: OnceLock<(Make, Vec<u8>)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let make = Make::new();
        let file = make.file();
        (make, file)
    })
}

fn refused(bytes: &[u8]) -> Refusal {
    Bundle::read(bytes).expect_err("refused").into()
}

#[test]
fn what_is_cut_or_longer_than_it_says_is_damaged() {
    let (_, file) = good();
    for cut in (0..file.len()).step_by(131) {
        assert_eq!(refused(&file[..cut]).word(), "damaged", "{cut} bytes");
    }
    assert_eq!(refused(&[file.as_slice(), b"x"].concat()).word(), "damaged");
    assert_eq!(refused(b"").word(), "damaged");
    assert_eq!(refused(&[b"\n", file.as_slice()].concat()).word(), "damaged");
}

#[test]
fn no_more_is_read_than_the_head_announces() {
    // A head without end, and a keyring without end.
    let endless = std::io::repeat(b'a');
    assert!(matches!(Bundle::read(endless), Err(BundleError::NoHead)));
    let (_, file) = good();
    let more = file.as_slice().chain(std::io::repeat(0));
    assert!(matches!(Bundle::read(more), Err(BundleError::Length { .. })));
    let huge = Make { head: |head| head.keyring.bytes = u64::MAX, ..Make::new() };
    assert!(matches!(Bundle::read(huge.file().as_slice()), Err(BundleError::TooLong(_))));
}

#[test]
fn numbers_and_keys_that_are_not_true_are_refused() {
    let with = |head: fn(&mut Head)| refused(&Make { head, ..Make::new() }.file()).word();
    assert_eq!(with(|head| head.keyring.bytes -= 1), "damaged");
    assert_eq!(with(|head| head.keyring.sha256 = Sha256::ZERO), "mixed");
    assert_eq!(with(|head| head.developers += 1), "mixed");
    assert_eq!(with(|head| head.developers = 0), "mixed");
    assert_eq!(with(|head| head.masters.clear()), "mixed");
    // A developer declared a master, and a master nobody has.
    let swap = Make {
        head: |head| {
            head.masters.push(head.masters[0].clone());
            head.developers = 0;
        },
        ..Make::new()
    };
    assert_eq!(word(swap.taken()), "mixed");
    let many = with(|head| {
        let one = head.masters[0].clone();
        head.masters = vec![one; MAX_MASTERS + 1];
    });
    assert_eq!(many, "damaged");
}

#[test]
fn a_head_in_another_spelling_or_version_is_refused() {
    let make = Make::new();
    let with = |from: &str, to: &str| {
        let text = make.make_head().text();
        assert!(text.contains(from), "{from}");
        let signed = signed(&make.signer, make.made, &text.replacen(from, to, 1), plain);
        refused(&[signed, make.keyring()].concat()).to_string()
    };
    assert!(with("  \"version\"", "\t\"version\"").contains("edited or reformatted"));
    assert!(with("\"version\": 1", "\"version\": 2").contains("version 2"));
    assert!(with("countersign-bundle", "countersign-request").contains("countersign-request"));
    assert!(with("\"serial\"", "\"more\": 1,\n  \"serial\"").contains("not a trust bundle"));
}

#[test]
fn a_signature_that_was_not_made_with_the_bundle_is_refused() {
    let make = Make::new();
    let head = make.make_head();
    let later = signed(&make.signer, make.made.after(1), &head.text(), plain);
    assert_eq!(refused(&[later, make.keyring()].concat()).word(), "damaged");
    let sha1 = |b: SignatureBuilder| b.set_hash_algo(openpgp::types::HashAlgorithm::SHA1);
    let weak = signed(&make.signer, make.made, &head.text(), sha1);
    assert_eq!(refused(&[weak, make.keyring()].concat()).word(), "damaged");
}

#[test]
fn certificates_that_the_parser_passes_over_are_not_passed_over_here() {
    let make = Make::new();
    for junk in [&b"\xca\x03PGP"[..], &b"\x00\x00\x00"[..]] {
        let keyring = [make.keyring(), junk.to_vec()].concat();
        let mut head = make.make_head();
        let sha256 = Sha256::of(&keyring);
        head.keyring = KeyringDigest { bytes: keyring.len() as u64, sha256 };
        let signed = signed(&make.signer, make.made, &head.text(), plain);
        let read = Bundle::read([signed, keyring].concat().as_slice());
        // A marker packet belongs to the certificate before it, and is no certificate's.
        if let Ok(bundle) = read {
            let found = Contents::of(bundle.keyring(), &make.read_masters(), |_| Ok::<_, ()>(()));
            assert!(!found.expect("read").flaws.is_empty(), "{junk:?}");
        }
    }
}

proptest! {
    /// One byte changed anywhere: refused, or the same bundle (a checksum may not matter).
    #[test]
    fn a_changed_byte_changes_nothing_unnoticed(at in 0_usize..99_999, with: u8) {
        let (make, file) = good();
        let mut bytes = file.clone();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(bundle) = Bundle::read(bytes.as_slice()) {
            let (digest, keyring) = (bundle.head().digest(), bundle.keyring().to_vec());
            if bundle.accept(&make.pins(1), day(21)).is_ok() {
                prop_assert_eq!(digest, make.make_head().digest());
                prop_assert!(keyring == make.keyring());
            }
        }
    }
}
