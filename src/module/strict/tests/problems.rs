//! For each problem one case without it and one with it, under its name.

use super::*;
use crate::fingerprint::Fingerprint;

/// For each problem: what makes a good module one with just this problem, and words that its
/// sentence has to have.
macro_rules! problems {
    ($($module:ident $name:literal $words:literal $spoil:expr;)*) => {
        $(mod $module {
            use super::*;

            #[test]
            fn is_not_found_where_it_is_not() {
                let (names, notes, told) = Module::good().judged();
                assert!(names.is_empty() && notes.is_empty(), "{names:?} {notes:?} {told}");
            }

            #[test]
            fn is_found_alone_where_it_is() {
                let mut module = Module::good();
                let spoil: fn(&mut Module) = $spoil;
                spoil(&mut module);
                let (names, _, told) = module.judged();
                assert_eq!(names, [$name], "{told}");
                assert!(told.contains($words), "{told}");
            }
        })*

        /// Every problem that one file signed once can have.
        const TESTED: &[&str] = &[$($name),*];
    };
}

/// A block on a version of a module.
fn block(module: &str, version: &str) -> Blocked {
    let module = module.parse().expect("a name");
    let (version, reason) = (version.to_owned(), "a back door".to_owned());
    Blocked { module, version, developer: None, list: None, reason, since: day(25) }
}

#[test]
fn what_is_blocked_is_this_module_and_no_other() {
    let is_blocked = |module: &mut Module, blocked: Blocked| {
        module.blocked = vec![blocked];
        module.judged().0.contains(&"blocked")
    };
    let good = Module::good;
    let by = |developer| Blocked { developer: Some(developer), ..block("good", "1.0") };
    assert!(is_blocked(&mut good(), block("good", "1.0")));
    assert!(!is_blocked(&mut good(), block("good", "1.0.1")));
    assert!(!is_blocked(&mut good(), block("other", "1.0")));
    let mut module = good();
    let dev = Fingerprint::try_from(module.signer.fingerprint()).expect("version 4");
    assert!(is_blocked(&mut module, by(dev)));
    assert!(!is_blocked(&mut module, by(Fingerprint::from([7; 20]))));
    // In another folder it is the same list.
    module.folder = "elsewhere".to_owned();
    assert!(is_blocked(&mut module, block("good", "1.0")));
    // Nobody says which version it is.
    module.xml = ModuleXml::default();
    assert!(!is_blocked(&mut module, block("good", "1.0")));
}

#[test]
fn a_blocked_list_is_known_wherever_it_turns_up() {
    let mut module = Module::good();
    let text = list(&module.signed_with, &module.more);
    let digest = |text: &str| {
        let file = signed(&module.signer, day(20), text, plain);
        Reading::parse(&file).expect("a list").signed.digest()
    };
    let listed = digest(&text);
    assert_eq!(listed, Sha256::of(&text));
    assert_ne!(digest(&text.replace("test", "best")), listed);
    module.folder = "elsewhere".to_owned();
    module.more = "type=public\n".to_owned();
    let digest = Sha256::of(list(&module.signed_with, &module.more));
    module.blocked = vec![Blocked { list: Some(digest), ..block("none", "0") }];
    assert_eq!(module.judged().0, ["blocked"]);
    // Blanks at the ends of lines are not signed, and change nothing.
    module.spoil = |file| file.replace("repo=manual\n", "repo=manual \t\n");
    assert!(module.judged().0.contains(&"blocked"));
}

problems! {
    unsigned "unsigned" "no module.sig" |m| m.spoil = |_| String::new();
    unreadable "unreadable" "not a signed text" |m| m.spoil = |_| "hello\n".into();
    text_before "text-before" "before" |m| m.spoil = |file| format!("hello\n{file}");
    text_after "text-after" "after" |m| m.spoil = |file| format!("{file}hello\n");
    no_end "no-end" "does not end" |m| {
        m.spoil = |file| file.replace("-----END PGP SIGNATURE-----\n", "");
    };
    unknown_signer "unknown-signer" "not in the keyring" |m| m.others.clear();
    text_altered "text-altered" "altered" |m| {
        m.spoil = |file| file.replace("signedby=test", "signedby=nobody");
    };
    several_blocks "several-blocks" "several" |m| m.spoil = |file| file.repeat(2);
    unusable_signature "unusable-signature" "older than the key" |m| {
        m.signed = Timestamp::from_unix(1_599_999_999);
    };
    signature_expired "signature-expired" "2020-10-08" |m| {
        m.sign = |b| b.set_signature_validity_period(days(5)).expect("a period");
    };
    signed_in_the_future "signed-in-the-future" "dated 2020" |m| m.signed = day(31);
    blocked "blocked" "blocked it on 2020-10-08: a back door" |m| {
        m.blocked.push(block("good", "1.0"));
    };
    key_revoked "key-revoked" "gave the key up on 2020-10-08" |m| {
        m.by(revoked(&m.signer, day(25), ReasonForRevocation::KeyRetired));
    };
    key_expired "key-expired" "ended on 2020-10-08" |m| {
        let dev = person_with("dev", |b| b.set_validity_period(days(25)));
        m.master_says(&dev, day(10), CERTIFICATION, plain);
    };
    key_not_for_signing "key-not-for-signing" "not made for signing" |m| {
        let only = KeyFlags::empty().set_certification();
        let dev = person_with("dev", |b| b.set_primary_key_flags(only));
        m.master_says(&dev, day(10), CERTIFICATION, plain);
    };
    unverified_revoker "unverified-revoker" "revoker" |m| {
        let revoker = person("revoker");
        let key = RevocationKey::new(revoker.primary_key().key().pk_algo(), revoker.fingerprint(), false);
        let dev = person_with("dev", |b| b.set_revocation_keys(vec![key]));
        let dev = revoked_by(&dev, &revoker, day(25), ReasonForRevocation::KeyCompromised);
        m.master_says(&dev, day(10), CERTIFICATION, plain);
    };
    authority_revoked "revoked" "took its certification" |m| {
        // Another master's certification stands, and is older than the revocation.
        let second = person("second");
        let dev = certified(&m.signer, &second, day(11), REVOCATION, plain);
        m.masters.push(second);
        m.by(dev);
    };
    not_certified "not-certified" "no master" |m| m.by(person("dev"));
    weak_chain "weak-chain" "SHA-1" |m| old_and_sha1(m);
    list "list" "not a module's list" |m| m.more = "type=public\nodd=1\n".into();
    other_form "other-form" "type=local" |m| m.more = "type=local\n".into();
    signed_with "signed-with" "signedwith names" |m| {
        m.signed_with = "0123456789ABCDEF".into();
    };
    raw_name "raw-name" "the folder is other" |m| m.folder = "other".into();
    expires_after "expires-after" "was good until" |m| {
        m.more = "type=public\nexpiresafter=1600000000\n".into();
    };
    hidden_by_parser "hidden-by-parser" "a.php" |m| m.unseen = b"a.php".to_vec();
    file_altered "file-altered" "a.php is altered" |m| {
        m.listed[0].1 = FileState::Altered { actual: Sha256::ZERO };
    };
    file_missing "file-missing" "a.php is missing" |m| m.listed[0].1 = FileState::Missing;
    file_outside "file-outside" "out of the module" |m| m.listed[0].1 = FileState::SameOutside;
    file_unreadable "file-unreadable" "a pipe" |m| {
        m.listed[0].1 = FileState::Unreadable { reason: "a pipe".into() };
    };
    file_unlisted "file-unlisted" "b.php is not listed" |m| m.unlisted.push("b.php".into());
}

#[test]
fn each_name_is_tested_once() {
    let mut names = TESTED.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TESTED.len());
}
