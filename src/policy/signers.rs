//! Who signed a request, and in which part: asking, approving, bearing witness.

use std::collections::BTreeSet;
use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::policy::StandardPolicy;
use openpgp::types::{HashAlgorithm, RevocationStatus};

use super::file::Manager;
use super::{ApprovalPolicy, Context, Subject, WitnessPolicy};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::operation::Certify;
use crate::request::Request;
use crate::safe::Safe;
use crate::time::Timestamp;

/// Somebody whom the policy names. A person is a primary key: its subkeys and user IDs are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// For people: as the policy has it.
    pub name: String,
    /// The primary key's.
    pub fingerprint: Fingerprint,
}

/// Whose good signatures a request bears, each person once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers {
    /// Managers who may ask for it.
    pub requesters: Vec<Person>,
    /// Those whose signatures count as approvals; a requester may be among them.
    pub approvers: Vec<Person>,
    /// What is known of the witness.
    pub witness: Witness,
    /// What those who asked and approved are called, in one spelling.
    names: BTreeSet<String>,
}

/// Somebody else whose signature a refused request bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// The signature is good, and counts for nothing here.
    Uncounted(Person),
    /// The signature may be anybody's.
    Unverified {
        /// Whose it says it is.
        who: String,
        /// What keeps it from being believed.
        why: String,
    },
}

/// Most signatures of others that are named.
const MAX_OTHERS: usize = 16;

/// The second person at the station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Witness {
    /// The policy asks for none.
    #[default]
    NotAsked,
    /// Has to confirm there, with name and word.
    Word,
    /// Has to sign the request, and did not.
    Missing,
    /// Signed the request.
    Signed(Person),
}

/// One signature over a request: whose it says it is, and what keeps it from counting.
pub(super) struct Signed<'a> {
    pub(super) by: Signer<'a>,
    pub(super) fault: Option<Fault>,
}

/// Whose key a signature names.
#[derive(Clone, Copy)]
pub(super) enum Signer<'a> {
    /// That of the certificate that the request asks to have certified.
    Owner(&'a Certificate),
    /// A manager's.
    Manager(&'a Manager),
    /// Nobody's whom the policy names.
    Stranger,
}

/// What keeps a signature from counting.
pub(super) enum Fault {
    /// Nobody whom the policy names made it: this issuer.
    Stranger(String),
    /// It is not over this text, or was made before the key was.
    OtherText,
    /// It is over a digest for which somebody can make a second text.
    Weak(HashAlgorithm),
    /// The key may not sign.
    Unusable(String),
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", Safe(&self.name), self.fingerprint.key_id())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger(issuer) => write!(f, "{issuer} is nobody whom the policy names"),
            Self::OtherText => {
                f.write_str("the signature is bad: it is over another text, or older than the key")
            }
            Self::Weak(algorithm) => write!(f, "the signature is over {algorithm}"),
            Self::Unusable(reason) => f.write_str(reason),
        }
    }
}

impl Person {
    pub(super) fn of(manager: &Manager) -> Self {
        Self { name: manager.name.clone(), fingerprint: manager.fingerprint }
    }
}

impl Signer<'_> {
    /// Whose primary key it is; none of a stranger.
    pub(super) fn key(&self) -> Option<Fingerprint> {
        match self {
            Self::Owner(certificate) => Some(certificate.fingerprint()),
            Self::Manager(manager) => Some(manager.fingerprint),
            Self::Stranger => None,
        }
    }
}

impl Signers {
    pub(super) fn of(s: &Subject<'_>) -> Self {
        let operation = s.request.operation().name();
        let approval = s.policy().approval(operation);
        let good = good_managers(s);
        let those = |choose: &dyn Fn(&Manager) -> bool| -> Vec<Person> {
            good.iter().filter(|m| choose(m)).map(|m| Person::of(m)).collect()
        };
        let by = |m: &Manager| approval.is_some_and(|a| a.by.contains(&m.fingerprint));
        let requesters = match owner(s) {
            Some(_) => Vec::new(),
            None => those(&|m| m.may_request.contains(&operation)),
        };
        let approvers = those(&by);
        let names = names_of(s, requesters.iter().chain(&approvers));
        Self { requesters, approvers, witness: witness(approval, &good), names }
    }

    /// Whether somebody who asked or approved is called so, in the policy or by a user ID,
    /// whatever the case and the spaces.
    pub fn are_called(&self, name: &str) -> bool {
        self.names.contains(&spelled(name))
    }

    /// Everybody, each once.
    pub fn all(&self) -> Vec<&Person> {
        let mut all: Vec<&Person> = self.requesters.iter().chain(&self.approvers).collect();
        if let Witness::Signed(person) = &self.witness {
            all.push(person);
        }
        all.sort_by_key(|p| p.fingerprint);
        all.dedup();
        all
    }
}

/// What the owner of the key to be certified is called, and these persons are.
fn names_of<'p>(s: &Subject<'_>, persons: impl Iterator<Item = &'p Person>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut certificates: Vec<&Certificate> = owner(s).into_iter().collect();
    for person in persons {
        names.insert(spelled(&person.name));
        let of_person = |c: &&Certificate| c.fingerprint() == person.fingerprint;
        certificates.extend(s.context.managers.iter().filter(of_person));
    }
    let ids = certificates.into_iter().flat_map(Certificate::user_ids);
    names.extend(ids.map(|id| spelled(&String::from_utf8_lossy(id.value()))));
    names.remove("");
    names
}

/// A name, or that of a user ID, without comment, address, case and spaces.
fn spelled(user_id: &str) -> String {
    let name = user_id.split(['<', '(']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The signatures of a judged request by others than those who count, in their order.
pub(super) fn others(s: &Subject<'_>, signers: &Signers) -> Vec<Other> {
    let counted = |manager: &Manager| {
        signers.all().iter().any(|person| person.fingerprint == manager.fingerprint)
    };
    let other = |one: &Signed<'_>| match (&one.by, &one.fault) {
        (Signer::Manager(m), _) if counted(m) => None,
        (Signer::Owner(_), None) | (Signer::Stranger, None) => None,
        (Signer::Manager(m), None) => Some(Other::Uncounted(Person::of(m))),
        (by, Some(fault)) => {
            let who = match by {
                Signer::Owner(_) => "the key's owner".to_owned(),
                Signer::Manager(m) => Person::of(m).to_string(),
                Signer::Stranger => "somebody".to_owned(),
            };
            Some(Other::Unverified { who, why: fault.to_string() })
        }
    };
    s.signed.iter().filter_map(other).take(MAX_OTHERS).collect()
}

/// Whose the signatures of a request say they are that could not be judged.
pub(super) fn claimed(request: &Request, context: &Context<'_>) -> Vec<Other> {
    let claim = |signature: &Signature| {
        let named = context.managers.iter().find(|c| names(signature, c));
        let manager = named.and_then(|c| context.policy.manager(c.fingerprint()));
        let who = manager.map_or_else(|| issuer(signature), |m| Person::of(m).to_string());
        Other::Unverified { who, why: "not looked at, the request being refused before".to_owned() }
    };
    request.signatures().iter().map(claim).take(MAX_OTHERS).collect()
}

/// The managers with a good signature over the request, each once, in the policy's order; without
/// the owner of the key to be certified, whose signature says no more than that.
fn good_managers<'a>(s: &Subject<'a>) -> Vec<&'a Manager> {
    let own = owner(s).map(Certificate::fingerprint);
    let good = |m: &&Manager| {
        let theirs = |one: &Signed<'_>| one.by.key() == Some(m.fingerprint) && one.fault.is_none();
        own != Some(m.fingerprint) && s.signed.iter().any(theirs)
    };
    s.context.policy.managers.iter().filter(good).collect()
}

fn witness(approval: Option<&ApprovalPolicy>, good: &[&Manager]) -> Witness {
    let Some(approval) = approval else { return Witness::NotAsked };
    match approval.witness {
        WitnessPolicy::None => Witness::NotAsked,
        WitnessPolicy::Word => Witness::Word,
        WitnessPolicy::Signature => {
            let named = good.iter().find(|m| approval.witnesses.contains(&m.fingerprint));
            named.map_or(Witness::Missing, |m| Witness::Signed(Person::of(m)))
        }
    }
}

/// The certificate whose owner asks for its certification.
pub(super) fn owner<'a>(s: &Subject<'a>) -> Option<&'a Certificate> {
    s.asked::<Certify>().and(s.certificate)
}

/// Looks at the signatures over the request, in their order.
pub(super) fn signed<'a>(s: &Subject<'a>) -> Vec<Signed<'a>> {
    s.request.signatures().iter().map(|signature| one(s, signature)).collect()
}

fn one<'a>(s: &Subject<'a>, signature: &Signature) -> Signed<'a> {
    let mut known: Vec<(Signer<'a>, &'a Certificate)> = Vec::new();
    known.extend(owner(s).map(|certificate| (Signer::Owner(certificate), certificate)));
    known.extend(s.context.managers.iter().filter_map(|certificate| {
        let manager = s.context.policy.manager(certificate.fingerprint())?;
        Some((Signer::Manager(manager), certificate))
    }));
    known.retain(|(_, certificate)| names(signature, certificate));
    let made = known.iter().find_map(|(by, c)| Some((*by, *c, made_by(signature, c)?)));
    let (by, fault) = match (made, known.first()) {
        (Some((by, certificate, key)), _) => (by, weakness(s, signature, certificate, key)),
        (None, Some((by, _))) => (*by, Some(Fault::OtherText)),
        (None, None) => (Signer::Stranger, Some(Fault::Stranger(issuer(signature)))),
    };
    Signed { by, fault }
}

/// Whether the signature says that a key of `certificate` made it.
fn names(signature: &Signature, certificate: &Certificate) -> bool {
    let handles = signature.get_issuers();
    let mut keys = certificate.cert().keys();
    keys.any(|k| handles.iter().any(|h| h.aliases(k.key().key_handle())))
}

/// Which key of `certificate`, if any, made `signature` over the request's text.
fn made_by(signature: &Signature, certificate: &Certificate) -> Option<Fingerprint> {
    let handles = signature.get_issuers();
    let mut keys = certificate
        .cert()
        .keys()
        .filter(|k| handles.iter().any(|h| h.aliases(k.key().key_handle())));
    let made = keys.find(|k| signature.verify_document(k.key()).is_ok())?;
    Fingerprint::try_from(made.key().fingerprint()).ok()
}

fn issuer(signature: &Signature) -> String {
    signature.get_issuers().first().map_or("the signer".to_owned(), ToString::to_string)
}

/// What keeps a signature over this very text from counting.
fn weakness(
    s: &Subject<'_>,
    signature: &Signature,
    certificate: &Certificate,
    key: Fingerprint,
) -> Option<Fault> {
    let algorithm = signature.hash_algo();
    if !matches!(algorithm, HashAlgorithm::SHA256 | HashAlgorithm::SHA384 | HashAlgorithm::SHA512) {
        return Some(Fault::Weak(algorithm));
    }
    // Rules of their own judge the key that is to be certified.
    if owner(s).is_some_and(|own| own.fingerprint() == key) {
        return None;
    }
    usable(s.now(), certificate, key).err().map(Fault::Unusable)
}

/// Whether `key` of `certificate` is alive and not revoked, by today's cryptographic standards.
///
/// A key that is good now was so when it signed: what a certificate keeps is its newest word, and
/// an end or a revocation that had come by then would stand now as well.
fn usable(now: Timestamp, certificate: &Certificate, key: Fingerprint) -> Result<(), String> {
    if certificate.unverified_revoker() {
        return Err("a declared revoker seems to have revoked the signer's key".to_owned());
    }
    let policy = StandardPolicy::at(now);
    let invalid = |e| format!("the signer's certificate is not valid: {e}");
    let whole = certificate
        .cert()
        .with_policy(&policy, std::time::SystemTime::from(now))
        .map_err(invalid)?;
    if !matches!(whole.revocation_status(), RevocationStatus::NotAsFarAsWeKnow) {
        return Err("the signer's key is revoked".to_owned());
    }
    whole.alive().map_err(invalid)?;
    let valid = whole.keys().alive().revoked(false).for_signing();
    match valid.into_iter().any(|k| k.key().fingerprint() == key.into()) {
        true => Ok(()),
        false => Err(format!("the signing key {key} is revoked, expired, weak or not for signing")),
    }
}
