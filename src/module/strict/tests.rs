//! A good module, spoiled in one place, and judged.

mod chain;
mod problems;

use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, RevocationKey, SignatureType};

use super::*;
use crate::digest::Sha256;
use crate::module::forge::{
    certified, day, days, keyring, list, person, person_with, revoked, revoked_by, signed,
};
use crate::module::tree::Remark;
use crate::module::{Blocked, FileState};

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
    xml: ModuleXml,
    blocked: Vec<Blocked>,
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
            xml: ModuleXml::parse(b"<module><version>1.0</version></module>").expect("xml"),
            blocked: Vec::new(),
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
        let keyring = keyring(&self.masters, &self.others).blocking(self.blocked.clone());
        let files = Comparison { listed: self.listed.clone(), unlisted: self.unlisted.clone() };
        let case = Case {
            folder: &self.folder,
            file: (!file.is_empty()).then_some(reading.as_ref()),
            files: &files,
            remarks: &self.remarks,
            xml: Some(&self.xml),
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

const CERTIFICATION: SignatureType = SignatureType::GenericCertification;
const REVOCATION: SignatureType = SignatureType::CertificationRevocation;

/// Master and developer of 2014, certified over SHA-1 in 2017.
fn old_and_sha1(m: &mut Module) {
    let begun = SystemTime::from(Timestamp::from_unix(1_400_000_000));
    m.masters = vec![person_with("old", |b| b.set_creation_time(begun))];
    let dev = person_with("dev", |b| b.set_creation_time(begun));
    m.master_says(&dev, Timestamp::from_unix(1_500_000_000), CERTIFICATION, sha1);
}

#[test]
fn carriage_returns_are_found_in_the_file_and_in_the_list() {
    let mut module = Module::good();
    module.spoil = |file| file.replace("repo=manual\n", "repo=manual\r\n");
    assert_eq!(module.judged().0, ["carriage-returns", "list"]);
}

#[test]
fn sha1_under_the_text_is_noted() {
    let mut module = Module::good();
    module.sign = sha1;
    let (names, notes, told) = module.judged();
    assert_eq!((names, notes), (vec![], vec![Note::Sha1Signature]), "{told}");
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
