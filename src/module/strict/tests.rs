//! For each problem one case without it and one with it, under its name.

use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, RevocationKey, SignatureType};

use super::*;
use crate::digest::Sha256;
use crate::module::FileState;
use crate::module::forge::{
    certified, day, days, keyring, list, person, person_with, revoked, revoked_by, signed,
};
use crate::module::tree::Remark;

/// A good module, to be spoiled in one place.
struct Module {
    masters: Vec<Cert>,
    others: Vec<Cert>,
    signer: Cert,
    signed_with: String,
    more: String,
    folder: String,
    spoil: fn(String) -> String,
    sign: fn(SignatureBuilder) -> SignatureBuilder,
    signed: Timestamp,
    listed: Vec<(String, FileState)>,
    unlisted: Vec<String>,
    remarks: Vec<Remark>,
    unseen: Vec<u8>,
    weak: WeakChains,
    now: Timestamp,
}

const PUBLIC: &str = "rawname=good\ntype=public\n";

fn plain(builder: SignatureBuilder) -> SignatureBuilder {
    builder
}

fn sha1(builder: SignatureBuilder) -> SignatureBuilder {
    builder.set_hash_algo(HashAlgorithm::SHA1)
}

impl Module {
    fn good() -> Self {
        let master = person("master");
        let dev =
            certified(&person("dev"), &master, day(10), SignatureType::GenericCertification, plain);
        Self {
            masters: vec![master],
            signed_with: dev.fingerprint().to_hex(),
            others: vec![dev.clone()],
            signer: dev,
            more: PUBLIC.to_owned(),
            folder: "good".to_owned(),
            spoil: |file| file,
            sign: plain,
            signed: day(20),
            listed: vec![("a.php".to_owned(), FileState::Same)],
            unlisted: Vec::new(),
            remarks: Vec::new(),
            unseen: Vec::new(),
            weak: WeakChains::Refuse,
            now: day(30),
        }
    }

    /// Another developer signs, and is in the keyring.
    fn by(&mut self, cert: Cert) {
        self.signed_with = cert.fingerprint().to_hex();
        self.others = vec![cert.clone()];
        self.signer = cert;
    }

    /// The master says something of the developer.
    fn master_says(
        &mut self,
        cert: &Cert,
        at: Timestamp,
        typ: SignatureType,
        change: fn(SignatureBuilder) -> SignatureBuilder,
    ) {
        let cert = certified(cert, &self.masters[0], at, typ, change);
        self.by(cert);
    }

    /// The names of its problems, its notes, and what its problems say.
    fn judged(&self) -> (Vec<&'static str>, Vec<Note>, String) {
        let text = list(&self.signed_with, &self.more);
        let file = signed(&self.signer, self.signed, &text, self.sign);
        let file = (self.spoil)(String::from_utf8(file).expect("text"));
        let mut reading = Reading::parse(file.as_bytes());
        if let Ok(reading) = &mut reading {
            reading.parsed.hashes.retain(|(path, _)| *path != self.unseen);
        }
        let keyring = keyring(&self.masters, &self.others);
        let files = Comparison { listed: self.listed.clone(), unlisted: self.unlisted.clone() };
        let case = Case {
            folder: &self.folder,
            file: (!file.is_empty()).then_some(reading.as_ref()),
            files: &files,
            remarks: &self.remarks,
            keyring: &keyring,
            weak: self.weak,
            now: self.now,
        };
        let verdict = judge(&case);
        let sentences: Vec<String> = verdict.problems.iter().map(ToString::to_string).collect();
        let names = verdict.problems.iter().map(Problem::name).collect();
        (names, verdict.notes, sentences.join("\n"))
    }
}

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

const CERTIFICATION: SignatureType = SignatureType::GenericCertification;
const REVOCATION: SignatureType = SignatureType::CertificationRevocation;

/// Master and developer of 2014, certified over SHA-1 in 2017.
fn old_and_sha1(m: &mut Module) {
    let begun = SystemTime::from(Timestamp::from_unix(1_400_000_000));
    m.masters = vec![person_with("old", |b| b.set_creation_time(begun))];
    let dev = person_with("dev", |b| b.set_creation_time(begun));
    m.master_says(&dev, Timestamp::from_unix(1_500_000_000), CERTIFICATION, sha1);
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

#[test]
fn carriage_returns_are_found_in_the_file_and_in_the_list() {
    let mut module = Module::good();
    module.spoil = |file| file.replace("repo=manual\n", "repo=manual\r\n");
    assert_eq!(module.judged().0, ["carriage-returns", "list"]);
}

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
fn sha1_under_the_text_is_noted() {
    let mut module = Module::good();
    module.sign = sha1;
    let (names, notes, told) = module.judged();
    assert_eq!((names, notes), (vec![], vec![Note::Sha1Signature]), "{told}");
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

#[test]
fn a_hidden_file_is_not_listed_and_translations_are_noted() {
    let mut module = Module::good();
    let path = ".evil.php".to_owned();
    module.remarks = vec![Remark::Hidden { path: path.clone() }];
    assert_eq!(module.judged().0, ["file-unlisted"]);
    module.remarks = vec![Remark::LeftOut { path: "i18n/m.mo".to_owned() }];
    assert_eq!(module.judged().1, [Note::LeftOut]);
    assert!(module.judged().0.is_empty());
    module.remarks = vec![Remark::Stray { path: "i18n/evil.php".to_owned() }];
    assert_eq!(module.judged().0, ["file-unlisted"]);
}

#[test]
fn signedwith_may_be_a_key_id() {
    let mut module = Module::good();
    module.signed_with = module.signer.keyid().to_hex();
    assert!(module.judged().0.is_empty(), "{}", module.judged().2);
}
