//! What has to be done: who is certified by which master, what comes first, what is lost.

use super::{Adoption, Known, Said, Standing};
use crate::drill::{Effect, Judged};
use crate::fingerprint::Fingerprint;
use crate::module::keyring::Supposed;
use crate::module::strict::WeakChains;
use crate::module::{Kind, Revoked};
use crate::operation::{CertificateBlock, Certify, Operation};
use crate::policy::{Context, Evidence, History, Policy, Violation};
use crate::request::Draft;
use crate::time::Timestamp;

/// How long a certification lasts that is proposed.
const VALIDITY: u32 = 2 * 365 * Timestamp::DAY;

/// A campaign that makes everybody who counts today count by the newest master.
#[derive(Debug)]
pub struct Campaign {
    /// The master that certifies: the last one that was named.
    pub master: Fingerprint,
    /// Those whom it certifies already, with a digest that lasts.
    pub done: Vec<Fingerprint>,
    /// Those who can be certified as they are.
    pub ready: Vec<Fingerprint>,
    /// Those who have to do something first.
    pub first: Vec<First>,
    /// Those whom no master certifies any more: nothing is proposed for them.
    pub gone: Vec<Fingerprint>,
    /// What the masters should do about themselves.
    pub masters: Vec<(Fingerprint, Chore)>,
    /// What is lost with each of the other masters.
    pub losses: Vec<Loss>,
}

/// Something that a master should do about itself or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Its self-signatures do not hold by today's standards: consumers that go by them stop.
    Renew,
    /// It does not certify this other master: whoever trusts it alone cannot follow.
    CrossCertify(Fingerprint),
}

/// What a developer has to do before being certified.
#[derive(Debug)]
pub struct First {
    /// The developer.
    pub key: Fingerprint,
    /// The rules that the station would find broken.
    pub violations: Vec<Violation>,
}

/// What stops when one master is retired today.
#[derive(Debug)]
pub struct Loss {
    /// The master.
    pub master: Fingerprint,
    /// What stops.
    pub effect: Effect,
}

impl Campaign {
    /// Proposes a campaign under a policy, by the rules that the station goes by.
    pub fn propose(adoption: &Adoption, policy: &Policy, weak: WeakChains) -> Self {
        let masters = adoption.keyring().masters();
        let master = policy.masters.last().map(|m| m.fingerprint);
        let master = master.expect("a policy names at least one master");
        let mut campaign = Self {
            master,
            done: Vec::new(),
            ready: Vec::new(),
            first: Vec::new(),
            gone: Vec::new(),
            masters: chores(adoption),
            losses: Vec::new(),
        };
        for known in adoption.developers() {
            let key = known.certificate.fingerprint();
            if known.is_certified_by(master) {
                campaign.done.push(key);
            } else if !counts(known, adoption.now()) {
                campaign.gone.push(key);
            } else {
                match violations(adoption, policy, master, known) {
                    none if none.is_empty() => campaign.ready.push(key),
                    violations => campaign.first.push(First { key, violations }),
                }
            }
        }
        let others = masters.iter().map(crate::certificate::Certificate::fingerprint);
        let others = others.filter(|m| *m != master);
        campaign.losses = others.map(|m| loss(adoption, m, weak)).collect();
        campaign
    }
}

fn chores(adoption: &Adoption) -> Vec<(Fingerprint, Chore)> {
    let (masters, now) = (adoption.keyring().masters(), adoption.now());
    let policy = sequoia_openpgp::policy::StandardPolicy::at(now);
    let mut chores = Vec::new();
    for master in masters.iter().filter(|m| !m.is_revoked(now)) {
        let by = master.fingerprint();
        if master.cert().with_policy(&policy, std::time::SystemTime::from(now)).is_err() {
            chores.push((by, Chore::Renew));
        }
        let others = adoption.known().iter().filter(|k| k.standing == Standing::Master);
        for other in others.filter(|k| k.certificate.fingerprint() != by) {
            let alive = !other.certificate.is_revoked(now);
            if alive && !other.is_certified_by(by) {
                chores.push((by, Chore::CrossCertify(other.certificate.fingerprint())));
            }
        }
    }
    chores
}

/// Whether somebody counts for anybody today, or would if their key had not ended.
fn counts(known: &Known, now: Timestamp) -> bool {
    let stands = |s: &Said| s.for_gpg || (s.lapse.is_none() && !s.outdated && !s.opinion.revokes);
    known.view.freepbx.is_good()
        || (!known.certificate.is_revoked(now) && known.said.iter().any(stands))
}

/// What the station would find broken in a request of theirs, beside what a request's signature
/// and its agreement are asked.
fn violations(
    adoption: &Adoption,
    policy: &Policy,
    master: Fingerprint,
    known: &Known,
) -> Vec<Violation> {
    let now = adoption.now();
    let masters = adoption.keyring().masters();
    let all: Vec<&crate::certificate::Certificate> = masters.iter().collect();
    let bytes = known.certificate.to_bytes();
    let bytes = crate::certificate::Certificate::read(bytes.as_slice(), &all)
        .map_or(bytes, |certificate| certificate.to_bytes());
    let days = policy.certify.max_validity_days.saturating_mul(Timestamp::DAY);
    let operation = Operation::Certify(Certify {
        certificate: CertificateBlock::new(bytes),
        user_ids: known.certificate.valid_user_ids(now),
        expires: Some(now.after(VALIDITY.min(days))),
        agreement: policy.certify.agreement.clone(),
        policy_uri: policy.certify.policy_uri.clone(),
        trust: None,
    });
    let draft = Draft::new(now, master, operation);
    let context = Context { policy, masters, managers: &[], now };
    match Policy::lint(&context, &draft, &History::default(), &Evidence::default()) {
        Ok(()) => Vec::new(),
        Err(rejection) => rejection.violations(),
    }
}

fn loss(adoption: &Adoption, master: Fingerprint, weak: WeakChains) -> Loss {
    let (before, now) = (adoption.keyring(), adoption.now());
    let revoked = Revoked { at: now, kind: Kind::Soft };
    let after = before.supposing([Supposed::Key { key: master, revoked }]);
    Loss { master, effect: Effect::of(before, &after, [], Judged { weak, now }) }
}
