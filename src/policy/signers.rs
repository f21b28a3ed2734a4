//! Who signed a request, and in which part: asking, approving, bearing witness.

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::policy::StandardPolicy;
use openpgp::types::{HashAlgorithm, RevocationStatus};

use super::file::Manager;
use super::{ApprovalPolicy, Subject, WitnessPolicy};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::operation::Certify;
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
}

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
        Self {
            requesters: match owner(s) {
                Some(_) => Vec::new(),
                None => those(&|m| m.may_request.contains(&operation)),
            },
            approvers: those(&by),
            witness: witness(approval, &good),
        }
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
