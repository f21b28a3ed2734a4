//! A request in which every rule holds, to be bent in one place.

mod bundle;
mod masters;
mod recertify;
mod record;

use std::io::Write as _;
use std::sync::OnceLock;

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::NotationDataFlags;
use openpgp::serialize::SerializeInto as _;
use openpgp::serialize::stream::{Message, Signer};
use openpgp::types::{HashAlgorithm, KeyFlags, SignatureType};

use crate::bundle::{Contents, Head, HeadFormat, KeyringDigest, MasterName, Serial};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::module::{Comparison, Config, Entry, FileState, Form, Manifest};
use crate::operation::{
    Agreement, CertificateBlock, Certify, Operation, Reason, Recertify, RevokeCertification,
    SignModule, TrustBundle,
};
use crate::policy::{
    Context, Decision, Evidence, Files, Finding, History, Identity, KeyringFile, Kind, Manager,
    Named, Policy, Verdict,
};
use crate::request::{Draft, MAX_BYTES, Request, RequestId, Version};
use crate::time::Timestamp;

pub(super) const BORN: Timestamp = Timestamp::from_unix(1_790_000_000);
pub(super) const DAY: u32 = Timestamp::DAY;

/// Keys that every case shares: making them is what takes time.
pub(super) struct Keys {
    pub(super) master: Cert,
    pub(super) second: Cert,
    pub(super) alice: Cert,
    pub(super) maria: Cert,
    pub(super) cora: Cert,
}

pub(super) fn builder(user_id: &str) -> CertBuilder<'_> {
    CertBuilder::new()
        .set_creation_time(std::time::SystemTime::from(BORN))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(user_id)
}

pub(super) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let make = |b: CertBuilder<'_>| b.generate().expect("a key").0;
        Keys {
            master: make(builder("M <m@example.org>").set_cipher_suite(CipherSuite::RSA2k)),
            second: make(builder("N <n@example.org>").set_cipher_suite(CipherSuite::RSA2k)),
            alice: make(builder("Alice <alice@example.org>").add_signing_subkey()),
            maria: make(builder("Maria <maria@example.org>")),
            cora: make(
                builder("Cora <cora@example.org>")
                    .add_transport_encryption_subkey()
                    .set_validity_period(std::time::Duration::from_secs(365 * 86_400)),
            ),
        }
    })
}

pub(super) fn read(cert: &Cert) -> Certificate {
    let public = cert.clone().strip_secret_key_material();
    Certificate::read(public.to_vec().expect("bytes").as_slice(), &[]).expect("a certificate")
}

/// Everything that a review looks at, to be bent in one place by each failing case.
pub(super) struct Case {
    pub(super) policy: Policy,
    pub(super) masters: Vec<Certificate>,
    pub(super) managers: Vec<Certificate>,
    pub(super) now: Timestamp,
    pub(super) created: Timestamp,
    pub(super) signed_at: Timestamp,
    pub(super) signer: Cert,
    pub(super) operation: Operation,
    pub(super) master: crate::fingerprint::Fingerprint,
    pub(super) history: History,
    pub(super) evidence: Evidence,
    pub(super) list: Manifest,
    pub(super) keyring: Vec<u8>,
    pub(super) batch: usize,
    pub(super) spoil: fn(String) -> String,
    /// Signatures beside the signer's.
    pub(super) also: Vec<openpgp::packet::Signature>,
    /// All signatures, whatever the signer and the others made.
    pub(super) only: Option<Vec<openpgp::packet::Signature>>,
}

impl Case {
    pub(super) fn certify() -> Self {
        let keys = keys();
        let (master, maria) = (read(&keys.master), read(&keys.maria));
        let notation = "agreement-sha256@example.org".to_owned();
        let agreement = Agreement { sha256: Sha256::of("I agree."), notation };
        let name = "Example".to_owned();
        let named = Named { name: name.clone(), fingerprint: master.fingerprint() };
        let mut policy = Policy::with_defaults(&name, named, agreement.clone());
        policy.managers.push(Manager {
            name: "Maria".into(),
            fingerprint: maria.fingerprint(),
            may_request: vec![
                crate::operation::OperationName::RevokeCertification,
                crate::operation::OperationName::SignModule,
                crate::operation::OperationName::Recertify,
                crate::operation::OperationName::TrustBundle,
            ],
        });
        let created = BORN.after(10 * DAY);
        let mut case = Self {
            policy,
            master: master.fingerprint(),
            masters: vec![master],
            managers: vec![maria],
            now: created.after(DAY),
            created,
            signed_at: created,
            signer: keys.alice.clone(),
            operation: Operation::Certify(Certify {
                certificate: CertificateBlock::new(Vec::new()),
                user_ids: vec!["Alice <alice@example.org>".into()],
                expires: Some(created.after(365 * DAY)),
                agreement,
                policy_uri: None,
                trust: None,
            }),
            history: History::default(),
            evidence: Evidence::default(),
            list: empty_list(),
            keyring: Vec::new(),
            batch: 1,
            spoil: |text| text,
            also: Vec::new(),
            only: None,
        };
        case.carry(&keys.alice);
        case
    }

    pub(super) fn revoke() -> Self {
        let mut case = Self::certify();
        let master = case.masters[0].clone();
        let asked = case.asked().clone();
        case.operation = Operation::RevokeCertification(RevokeCertification {
            certificate: asked.certificate,
            user_ids: asked.user_ids.clone(),
            reason: Reason::UserIdInvalid,
            text: "left the project".into(),
        });
        case.signer = keys().maria.clone();
        case.history.decisions.push(Decision {
            request: RequestId(Sha256::ZERO),
            master: master.fingerprint(),
            created: BORN.after(DAY),
            kind: Kind::Certified { expires: None },
            names: asked.user_ids,
        });
        case
    }

    pub(super) fn sign_module() -> Self {
        let mut case = Self::certify();
        case.list.config.signed_with = case.master.to_string();
        case.list.entries = vec![Entry { path: "module.xml".into(), sha256: Sha256::of("x") }];
        let same = ("module.xml".to_owned(), FileState::Same);
        case.evidence.files =
            Files::Hashed(Comparison { listed: vec![same], ..Comparison::default() });
        let (raw_name, version) = ("blacklist".into(), "17.0.3".into());
        case.evidence.identity = Some(Identity { raw_name, version });
        case.signer = keys().maria.clone();
        case.relist(|_| {});
        case
    }

    /// Asks for a signature over the list, bent.
    pub(super) fn relist(&mut self, bend: impl Fn(&mut Manifest)) {
        bend(&mut self.list);
        let name = "blacklist".parse().expect("a name");
        let asked = SignModule::new(name, "17.0.3".into(), &self.list);
        self.operation = Operation::SignModule(asked);
    }

    pub(super) fn asked(&mut self) -> &mut Certify {
        match &mut self.operation {
            Operation::Certify(certify) => certify,
            _ => panic!("this case is about a certification"),
        }
    }

    pub(super) fn revocation(&mut self) -> &mut RevokeCertification {
        match &mut self.operation {
            Operation::RevokeCertification(revoke) => revoke,
            _ => panic!("this case is about a revocation"),
        }
    }

    /// Asks about another key, which also signs the request.
    pub(super) fn carry(&mut self, cert: &Cert) {
        self.signer = cert.clone();
        let bytes = read(cert).to_bytes();
        self.asked().certificate = CertificateBlock::new(bytes);
    }

    pub(super) fn alice_with(&mut self, add: impl Fn(&Cert) -> Vec<openpgp::Packet>) {
        let cert = keys().alice.clone();
        let packets = add(&cert);
        self.carry(&cert.insert_packets(packets).expect("insert").0);
    }

    pub(super) fn text(&self) -> String {
        let draft = Draft::new(self.created, self.master, self.operation.clone());
        let policy = openpgp::policy::StandardPolicy::at(std::time::SystemTime::from(self.created));
        // The newest key of the certificate that can sign, as gpg chooses.
        let key = self
            .signer
            .keys()
            .secret()
            .with_policy(&policy, std::time::SystemTime::from(self.created))
            .for_signing()
            .last()
            .map(|k| k.key().clone());
        let key = key.unwrap_or_else(|| {
            self.signer.primary_key().key().clone().parts_into_secret().expect("secret").into()
        });
        let mut signed = Vec::new();
        let mut message =
            Signer::new(Message::new(&mut signed), key.into_keypair().expect("key pair"))
                .and_then(|s| s.hash_algo(HashAlgorithm::SHA512))
                .expect("signer")
                .creation_time(std::time::SystemTime::from(self.signed_at))
                .cleartext()
                .build()
                .expect("message");
        message.write_all(draft.text().trim_end().as_bytes()).expect("write");
        message.finalize().expect("finalize");
        let mut text = String::from_utf8(signed).expect("text");
        if !self.also.is_empty() || self.only.is_some() {
            let request = Request::parse(text.as_bytes(), MAX_BYTES).expect("a request");
            let with_others = [request.signatures(), &self.also].concat();
            let signatures = self.only.clone().unwrap_or(with_others);
            text = crate::cleartext::write(&draft.text(), &signatures).expect("a text");
        }
        (self.spoil)(text)
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let request = match Request::parse(self.text().as_bytes(), MAX_BYTES) {
            Ok(request) => request,
            Err(error) => {
                let verdict = Verdict::broken(error.to_string(), "");
                return vec![Finding { rule: "format", verdict }];
            }
        };
        let context = Context {
            policy: &self.policy,
            masters: &self.masters,
            managers: &self.managers,
            now: self.now,
        };
        let mut findings = match Policy::review(&context, request, &self.history, &self.evidence) {
            Ok(review) => review.findings().to_vec(),
            Err(rejection) => rejection.findings,
        };
        findings.push(crate::policy::rules::common::batch_size(self.batch, &self.policy));
        findings
    }

    pub(super) fn verdict(&self, rule: &str) -> Verdict {
        let findings = self.findings();
        let found = findings.iter().find(|f| f.rule == rule);
        found.unwrap_or_else(|| panic!("{rule} was not asked: {findings:?}")).verdict.clone()
    }
}

fn empty_list() -> Manifest {
    let config = Config {
        form: Form::Public,
        version: 2,
        signed_with: String::new(),
        signed_by: "countersign".into(),
        repo: "manual".into(),
        raw_name: None,
        timestamp: None,
        expires_after: None,
    };
    Manifest { config, entries: Vec::new() }
}

pub(super) fn secret(cert: &Cert) -> openpgp::crypto::KeyPair {
    let key = cert.primary_key().key().clone().parts_into_secret().expect("secret");
    key.into_keypair().expect("key pair")
}
