//! Several persons' signatures over one request: who counts, who does not, and who is missing.

mod keys;

use std::sync::OnceLock;

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder};
use openpgp::crypto::KeyPair;
use openpgp::packet::Signature;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::types::{HashAlgorithm, SignatureType};

use super::case::{BORN, Case, DAY, builder, keys, read, secret};
use crate::operation::OperationName;
use crate::policy::{
    ApprovalPolicy, Context, Finding, Manager, Policy, Verdict, Witness, WitnessPolicy,
};
use crate::request::{Draft, MAX_BYTES, Request};
use crate::time::Timestamp;

/// Tom with two signing subkeys and two user IDs, Eva, and Wim, who bears witness.
struct Others {
    tom: Cert,
    eva: Cert,
    wim: Cert,
}

fn others() -> &'static Others {
    static OTHERS: OnceLock<Others> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let make = |builder: CertBuilder<'_>| builder.generate().expect("a key").0;
        let tom = builder("Tom <tom@example.org>").add_userid("Tom <tom@example.net>");
        Others {
            tom: make(tom.add_signing_subkey().add_signing_subkey()),
            eva: make(builder("Eva <eva@example.org>")),
            wim: make(builder("Wim <wim@example.org>")),
        }
    })
}

impl Case {
    /// A revocation that two of Maria, Tom and Eva have to sign, and Wim as witness: Maria asked,
    /// the others signed.
    pub(super) fn approved() -> Self {
        let mut case = Self::revoke();
        let Others { tom, eva, wim } = others();
        for (name, cert) in [("Tom", tom), ("Eva", eva), ("Wim", wim)] {
            case.name_manager(name, cert);
        }
        let key = |cert| read(cert).fingerprint();
        let approval = ApprovalPolicy {
            approvals: 2,
            by: vec![key(&keys().maria), key(tom), key(eva)],
            witness: WitnessPolicy::Signature,
            witnesses: vec![key(wim)],
        };
        case.policy.approvals.insert(OperationName::RevokeCertification, approval);
        case.policy = Policy::parse(&case.policy.to_toml()).expect("a policy that makes sense");
        case.also = vec![case.signature(tom), case.signature(wim)];
        case
    }

    /// A certification that Tom has to approve, and did.
    pub(super) fn approved_certify() -> Self {
        let mut case = Self::certify();
        case.name_manager("Tom", &others().tom);
        let by = vec![read(&others().tom).fingerprint()];
        let approval = ApprovalPolicy { approvals: 1, by, ..ApprovalPolicy::default() };
        case.policy.approvals.insert(OperationName::Certify, approval);
        case.also = vec![case.signature(&others().tom)];
        case
    }

    fn name_manager(&mut self, name: &str, cert: &Cert) {
        let certificate = read(cert);
        let fingerprint = certificate.fingerprint();
        self.policy.managers.push(Manager {
            name: name.into(),
            fingerprint,
            may_request: Vec::new(),
        });
        self.managers.push(certificate);
    }

    /// Puts another certificate in the place of a manager's.
    fn renew_manager(&mut self, cert: &Cert) {
        let certificate = read(cert);
        let key = certificate.fingerprint();
        let old = self.managers.iter_mut().find(|c| c.fingerprint() == key);
        *old.expect("a manager") = certificate;
    }

    /// Somebody's signature over the request, by the primary key.
    fn signature(&self, cert: &Cert) -> Signature {
        over(&self.body(), secret(cert), SignatureBuilder::new(SignatureType::Text), self.signed_at)
    }

    fn body(&self) -> String {
        Draft::new(self.created, self.master, self.operation.clone()).text()
    }

    fn reason(&self, rule: &str) -> String {
        match self.verdict(rule) {
            Verdict::Broken { reason, .. } => reason,
            other => panic!("{rule} is not broken: {other:?}"),
        }
    }

    fn violations(&self) -> Vec<&'static str> {
        let broken = |f: &Finding| f.violation().map(|_| f.rule);
        self.findings().iter().filter_map(broken).collect()
    }
}

fn over(text: &str, mut key: KeyPair, form: SignatureBuilder, at: Timestamp) -> Signature {
    let lines = text.trim_end().replace('\n', "\r\n");
    let hash = match form.hash_algo() {
        HashAlgorithm::SHA1 => HashAlgorithm::SHA1,
        _ => HashAlgorithm::SHA512,
    };
    form.set_hash_algo(hash)
        .set_signature_creation_time(std::time::SystemTime::from(at))
        .and_then(|form| form.sign_message(&mut key, lines))
        .expect("a signature")
}

fn subkey(cert: &Cert, at: usize) -> KeyPair {
    let key = cert.keys().subkeys().secret().nth(at).expect("a subkey").key().clone();
    key.into_keypair().expect("a key pair")
}

#[test]
fn a_half_approved_request_is_refused_with_the_names_of_those_missing() {
    let mut case = Case::approved();
    case.also.remove(0);
    let reason = case.reason("approvals");
    for word in ["1 of 2 approvals", "missing: 1 of Tom (", "Eva ("] {
        assert!(reason.contains(word), "{word}: {reason}");
    }
    assert!(!reason.contains("Maria"), "{reason}");
    assert_eq!(case.violations(), ["approvals"]);
    let tom = others().tom.fingerprint().to_hex();
    assert!(reason.contains(&tom[24..]), "the key is named: {reason}");
}

#[test]
fn approvals_count_in_any_order() {
    let case = Case::approved();
    let request = Request::parse(case.text().as_bytes(), MAX_BYTES).expect("a request");
    let [a, b, c] = request.signatures() else { panic!("three signatures") };
    for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
        let mut case = Case::approved();
        case.only = Some(order.into_iter().cloned().collect());
        assert_eq!(case.violations(), [""; 0]);
    }
}

#[test]
fn only_the_approvers_that_the_policy_names_count() {
    let mut case = Case::approved();
    let wim = read(&others().wim).fingerprint();
    let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
    let approval = approval.expect("as made above");
    approval.by.retain(|key| *key != read(&others().tom).fingerprint());
    approval.approvals = 2;
    assert!(approval.witnesses.contains(&wim));
    assert!(case.reason("approvals").contains("missing: 1 Eva ("), "Wim and Tom do not count");
    assert!(case.reason("approvers").contains("Tom"), "and Tom has no part in it any more");
}

#[test]
fn a_stranger_cannot_approve() {
    let mut case = Case::approved();
    case.also.push(case.signature(&keys().alice));
    let alice = keys().alice.fingerprint().to_hex();
    let reason = case.reason("approvers");
    assert!(reason.contains("nobody whom the policy names") && reason.contains(&alice), "{reason}");
    assert_eq!(case.violations(), ["approvers"]);
}

#[test]
fn an_approval_of_another_text_is_named_as_its_makers() {
    let mut case = Case::approved();
    let other = case.body().replace("left the project", "left the house");
    let form = SignatureBuilder::new(SignatureType::Text);
    case.also[0] = over(&other, secret(&others().tom), form, case.signed_at);
    let reason = case.reason("approvers");
    assert!(reason.contains("Tom (") && reason.contains("over another text"), "{reason}");
    assert!(case.reason("approvals").contains("1 of 2"), "and it does not count");
}

#[test]
fn a_requester_who_is_no_approver_is_not_counted_and_an_approver_cannot_ask() {
    let mut case = Case::approved();
    let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
    approval.expect("as made above").by.remove(0);
    assert!(case.reason("approvals").contains("missing: 1 Eva ("));
    let mut case = Case::approved();
    let only = [case.signature(&others().tom), case.signature(&others().eva)];
    case.only = Some(only.into());
    assert!(case.reason("requester-allowed").contains("Tom may not ask"));
}

#[test]
fn a_witness_is_nobody_else() {
    let mut case = Case::approved();
    case.also.remove(1);
    case.also.push(case.signature(&others().eva));
    let reason = case.reason("witness");
    assert!(reason.contains("Wim (") && !reason.contains("Eva"), "{reason}");
    assert_eq!(case.violations(), ["witness"]);
}

#[test]
fn a_witness_by_word_is_announced() {
    let mut case = Case::approved();
    let approval = case.policy.approvals.get_mut(&OperationName::RevokeCertification);
    let approval = approval.expect("as made above");
    (approval.witness, approval.witnesses) = (WitnessPolicy::Word, Vec::new());
    case.also.remove(1);
    assert!(matches!(case.verdict("witness"), Verdict::Warns(text) if text.contains("WITNESS")));
    assert_eq!(case.violations(), [""; 0]);
}

#[test]
fn the_owner_of_the_key_asks_and_never_approves() {
    assert_eq!(Case::approved_certify().violations(), [""; 0]);
    let mut case = Case::approved_certify();
    case.also.clear();
    assert_eq!(case.violations(), ["approvals"]);
    // Alice among those who approve, under her own key: her request is not approved by it.
    let mut case = Case::approved_certify();
    case.name_manager("Alice", &keys().alice);
    let approval = case.policy.approvals.get_mut(&OperationName::Certify);
    approval.expect("as made above").by.push(read(&keys().alice).fingerprint());
    case.also.clear();
    assert_eq!(case.violations(), ["approvals"]);
    // And her signature stays necessary, whoever approves.
    let mut case = Case::approved_certify();
    case.only = Some(case.also.clone());
    assert_eq!(case.violations(), ["requester-signature"]);
}

#[test]
fn without_a_policy_for_approvals_a_further_signature_is_refused() {
    let mut case = Case::approved_certify();
    case.policy.approvals.clear();
    assert!(case.reason("approvers").contains("may neither ask for certify nor approve it"));
}

#[test]
fn a_request_can_travel_half_approved_and_is_no_review() {
    let mut case = Case::approved();
    case.also.clear();
    let context = Context {
        policy: &case.policy,
        masters: &case.masters,
        managers: &case.managers,
        now: case.now,
    };
    let parse = || Request::parse(case.text().as_bytes(), MAX_BYTES).expect("a request");
    let (history, evidence) = (&case.history, &case.evidence);
    let judged = Policy::preview(&context, parse(), history, evidence).expect("can travel");
    let open: Vec<String> = judged.open().into_iter().map(|v| v.rule).collect();
    assert_eq!(open, ["approvals", "witness"]);
    assert_eq!(judged.signers().witness, Witness::Missing);
    assert!(Policy::review(&context, parse(), history, evidence).is_err());
    let draft = Draft::new(case.created, case.master, case.operation.clone());
    assert!(Policy::lint(&context, &draft, history, evidence).is_ok());
    let late = Context { now: case.created.after(31 * DAY), ..context };
    assert!(Policy::preview(&late, parse(), history, evidence).is_err(), "other rules stay");
}

#[test]
fn copies_that_two_approved_are_joined_and_nothing_else_is() {
    let case = Case::approved();
    let parse = |text: &str| Request::parse(text.as_bytes(), MAX_BYTES).expect("a request");
    let copy = |also: &[Signature]| {
        let mut copy = Case::approved();
        copy.only = Some([&[case.signature(&keys().maria)], also].concat());
        parse(&copy.text())
    };
    let (toms, wims) = (copy(&case.also[..1]), copy(&case.also[1..]));
    let joined = toms.joined(&wims).expect("one request");
    assert_eq!(joined.id(), toms.id());
    assert_eq!(joined.signed_text(), case.body());
    assert_eq!(joined.joined(&toms).expect("again").signatures().len(), joined.signatures().len());
    let mut other = Case::approved();
    other.revocation().text = "another".into();
    other.also.clear();
    let error = toms.joined(&parse(&other.text())).expect_err("another request").to_string();
    assert!(error.contains("these are two requests"), "{error}");
}

#[test]
fn a_hundred_signatures_are_not_read() {
    for (count, read) in [(32, true), (33, false), (100, false)] {
        let mut case = Case::approved();
        let body = case.body();
        let form = || SignatureBuilder::new(SignatureType::Text);
        let one = |n| over(&body, secret(&others().tom), form(), BORN.after(10 * DAY + n));
        case.only = Some((0..count).map(one).collect());
        let parsed = Request::parse(case.text().as_bytes(), MAX_BYTES);
        assert_eq!(parsed.is_ok(), read, "{count}");
        if let Err(error) = parsed {
            let words = crate::safe::chain(&error);
            let told = words.contains("it has 33 signatures, between 1 and 32 are read")
                || words.contains("it has more than 128 packets");
            assert!(told, "{words}");
        }
    }
}
