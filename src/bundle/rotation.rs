//! How far a consumer follows an authority to other masters: only where one that it trusts already
//! certified the next.

use std::collections::BTreeSet;

use crate::certificate::{Certificate, Strength};
use crate::fingerprint::Fingerprint;
use crate::module::{Kind, SigningKey};
use crate::time::Timestamp;

/// A master that another one handed over to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The one that was trusted.
    pub old: Fingerprint,
    /// The one that it certified.
    pub new: Fingerprint,
}

/// Whom of `masters` to trust at `made`, beginning with those `pinned`; and how each came in.
pub(super) fn follow(
    masters: &[Certificate],
    pinned: &BTreeSet<Fingerprint>,
    made: Timestamp,
) -> (BTreeSet<Fingerprint>, Vec<Followed>) {
    let (mut trusted, mut followed) = (pinned.clone(), Vec::new());
    loop {
        // A master that revoked itself is no successor, whoever vouched for it before.
        let candidate =
            |new: &&Certificate| !trusted.contains(&new.fingerprint()) && !gave_up(new, made);
        let next = masters.iter().filter(candidate).find_map(|new| {
            let mut known = masters.iter().filter(|old| trusted.contains(&old.fingerprint()));
            let old = known.find(|old| hands_over(old, new, made))?;
            Some(Followed { old: old.fingerprint(), new: new.fingerprint() })
        });
        let Some(next) = next else { return (trusted, followed) };
        trusted.insert(next.new);
        followed.push(next);
    }
}

/// Whether `old` certified `new` so that it counts at `made`: its last word on a user ID is a sound
/// certification that has not ended, made while its own key was good.
///
/// A key that was superseded or retired keeps what it said before that. One that was compromised
/// keeps nothing: whoever has it can date a certification as they like.
fn hands_over(old: &Certificate, new: &Certificate, made: Timestamp) -> bool {
    if old.unverified_revoker() {
        return false;
    }
    let state = SigningKey::primary_of(old).state(made);
    let opinions = new.opinions_of(old);
    new.user_ids().any(|user_id| {
        let about = opinions.iter().filter(|o| o.user_id == *user_id && o.created <= made);
        let Some(last) = about.last() else { return false };
        let sound = match last.strength() {
            Strength::Full => !last.revokes,
            Strength::Legacy | Strength::Nothing => false,
        };
        let stands = last.expires.is_none_or(|at| at > made);
        let alive = state.expires.is_none_or(|at| at > last.created);
        let unrevoked = state.revoked.is_none_or(|revoked| match revoked.kind {
            Kind::Soft => revoked.at > last.created,
            Kind::Hard => false,
        });
        sound && stands && alive && unrevoked
    })
}

/// Why what `master` signed at `made` does not count, if it does not.
pub(super) fn flaw(master: &Certificate, made: Timestamp) -> Option<String> {
    if master.unverified_revoker() {
        return Some("which a revoker that it declared seems to have revoked".to_owned());
    }
    let state = SigningKey::primary_of(master).state(made);
    if let Some(revoked) = state.revoked {
        let on = revoked.at.date();
        return match revoked.kind {
            Kind::Hard => Some(format!("which revoked itself on {on} as compromised")),
            Kind::Soft if revoked.at <= made => Some(format!("which retired on {on}")),
            Kind::Soft => None,
        };
    }
    let ended = state.expired(made);
    ended.map(|at| format!("whose key ended on {}", at.date()))
}

/// Whether a master revoked its own key as superseded or retired: what it said before stands.
pub(super) fn retired(master: &Certificate, now: Timestamp) -> bool {
    let revoked = SigningKey::primary_of(master).state(now).revoked;
    revoked.is_some_and(|revoked| revoked.kind == Kind::Soft)
}

/// Whether a master revoked its own key, however and whenever.
pub(super) fn gave_up(master: &Certificate, now: Timestamp) -> bool {
    SigningKey::primary_of(master).state(now).revoked.is_some()
}
