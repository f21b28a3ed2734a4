//! The last word of a certifier, and what became of it.

use sequoia_openpgp as openpgp;

use openpgp::packet::UserID;
use openpgp::regex::RegexSet;

use super::{Certifier, Lapse, Moments, Word};
use crate::certificate::{Certificate, Introduction, Opinion, Strength};
use crate::module::Keyring;
use crate::module::signing_key::{Kind, SigningKey};
use crate::time::Timestamp;

/// Complete trust in an introducer (RFC 9580 §5.2.3.21).
const COMPLETE: u8 = 120;

/// The last word of `by` on each user ID of `certificate`.
pub(super) fn words<'a>(
    keyring: &Keyring,
    certificate: &Certificate,
    by: Certifier<'a>,
    moments: Moments,
) -> Vec<Word<'a>> {
    let opinions = keyring.opinions(certificate, by.certificate());
    let of_each = certificate.user_ids().filter_map(|user_id| {
        let about: Vec<&Opinion> = opinions.iter().filter(|o| o.user_id == *user_id).collect();
        let (opinion, lapse) = last_word(&about, moments)?;
        let appointment = match by {
            Certifier::Master(_) => Some(Strength::Full),
            Certifier::Introducer(who) => appointed(keyring, who, user_id, moments),
        };
        let lapse = lapse
            .or_else(|| certifier_lapse(keyring, by.certificate(), moments.now))
            .or_else(|| user_id_revoked(certificate, user_id))
            .or_else(|| appointment.is_none().then_some(Lapse::NotAppointed));
        let strength = match appointment {
            Some(Strength::Full) | None => opinion.strength(),
            Some(weaker @ (Strength::Legacy | Strength::Nothing)) => weaker,
        };
        let stood = appointment.is_some()
            && !opinion.revokes
            && stood(&about, moments.signed)
            && stood_itself(keyring, by.certificate(), moments);
        Some(Word { by, opinion: opinion.clone(), strength, lapse, stood })
    });
    of_each.collect()
}

/// The last word among these opinions, oldest first, by one certifier on one user ID.
fn last_word<'o>(
    opinions: &[&'o Opinion],
    moments: Moments,
) -> Option<(&'o Opinion, Option<Lapse>)> {
    let sound = |o: &&&Opinion| o.strength() != Strength::Nothing;
    let upto = |t: Timestamp| opinions.iter().filter(sound).rfind(|o| o.created <= t).copied();
    let Some(last) = upto(moments.now) else {
        let last = opinions.last().copied()?;
        let at = last.created;
        return Some(match last.strength() {
            Strength::Nothing => (last, Some(Lapse::Digest { at })),
            Strength::Full | Strength::Legacy => (last, Some(Lapse::Future { at })),
        });
    };
    let ended = |o: &Opinion, t: Timestamp| o.expires.filter(|at| *at <= t);
    let lapse = if last.revokes {
        Some(Lapse::Revoked { at: last.created })
    } else if let Some(at) = ended(last, moments.now) {
        Some(Lapse::Expired { at })
    } else {
        match upto(moments.signed) {
            Some(then) if !then.revokes && ended(then, moments.signed).is_none() => None,
            Some(_) | None => Some(Lapse::MadeLater { at: last.created }),
        }
    };
    Some((last, lapse))
}

/// Whether a certification among these opinions stood at `signed`.
fn stood(opinions: &[&Opinion], signed: Timestamp) -> bool {
    let sound = |o: &&&Opinion| o.strength() != Strength::Nothing && o.created <= signed;
    let then = opinions.iter().rfind(sound);
    then.is_some_and(|o| !o.revokes && o.expires.is_none_or(|at| at > signed))
}

/// Whether a certifier was good when the signature was made, by all that is known of it now: one
/// that was superseded or retired later was, one that was compromised never.
fn stood_itself(keyring: &Keyring, certifier: &Certificate, moments: Moments) -> bool {
    let state = keyring.state(&SigningKey::primary_of(certifier), moments.now);
    let unrevoked = state.revoked.is_none_or(|revoked| match revoked.kind {
        Kind::Soft => revoked.at > moments.signed,
        Kind::Hard => false,
    });
    unrevoked && state.expired(moments.signed).is_none()
}

/// Why nothing that this certifier says counts any more.
fn certifier_lapse(keyring: &Keyring, certifier: &Certificate, now: Timestamp) -> Option<Lapse> {
    let state = keyring.state(&SigningKey::primary_of(certifier), now);
    let revoked = state.revoked.map(|r| Lapse::CertifierRevoked { at: r.at });
    revoked.or_else(|| state.expired(now).map(|at| Lapse::CertifierExpired { at }))
}

/// When the certificate's owner took a user ID back for good: the newest self-signature on it is
/// a revocation.
pub(in crate::module) fn user_id_revoked_at(
    certificate: &Certificate,
    user_id: &UserID,
) -> Option<Timestamp> {
    let made = |s: &openpgp::packet::Signature| s.signature_creation_time().map(Timestamp::from);
    let user_id = certificate.cert().userids().find(|u| u.userid() == user_id)?;
    let revoked = user_id.self_revocations().filter_map(made).max()?;
    let bound = user_id.self_signatures().filter_map(made).max();
    bound.is_none_or(|bound| bound <= revoked).then_some(revoked)
}

fn user_id_revoked(certificate: &Certificate, user_id: &UserID) -> Option<Lapse> {
    user_id_revoked_at(certificate, user_id).map(|at| Lapse::UserIdRevoked { at })
}

/// How strongly a master appointed `who` to certify this user ID, if one did completely.
fn appointed(
    keyring: &Keyring,
    who: &Certificate,
    user_id: &UserID,
    moments: Moments,
) -> Option<Strength> {
    let mut appointments: Vec<Word<'_>> = keyring
        .masters()
        .iter()
        .flat_map(|m| words(keyring, who, Certifier::Master(m), moments))
        .filter(|w| w.counts() && w.opinion.introduces.is_some())
        .collect();
    // The newest trust signature decides, as for GnuPG.
    appointments.sort_by_key(|w| w.opinion.created);
    let newest = appointments.pop()?;
    let introduction = newest.opinion.introduces?;
    let complete = introduction.amount >= COMPLETE && covers(&introduction, user_id);
    complete.then_some(newest.strength)
}

/// Whether an introduction holds for a user ID (RFC 9580 §5.2.3.22): one of its expressions fits,
/// or it has none.
pub(in crate::module) fn covers(introduction: &Introduction, user_id: &UserID) -> bool {
    match RegexSet::from_bytes(introduction.scope.iter().map(Vec::as_slice)) {
        Ok(expressions) => expressions.matches_userid(user_id),
        Err(_) => false,
    }
}
