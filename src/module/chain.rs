//! By which chain a key may sign modules: what the masters, and introducers whom they appointed,
//! say of it, judged at two moments: when the signature was made, and now.
//!
//! Unlike GnuPG ([`super::gpg`]), this believes no certification from the future, lets a later
//! revocation outweigh every earlier certification, whosever it is, and names what is weak.

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::UserID;
use openpgp::regex::RegexSet;

use super::Keyring;
use super::signing_key::SigningKey;
use crate::certificate::{Certificate, Introduction, Opinion, Strength};
use crate::time::Timestamp;

/// Complete trust in an introducer (RFC 9580 §5.2.3.21).
const COMPLETE: u8 = 120;

/// When a signature was made, and when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// When the signature was made, by its own word.
    pub signed: Timestamp,
    /// When it is judged.
    pub now: Timestamp,
}

/// What makes a key count, or fails to.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The master, if the key is a master's own.
    pub own: Option<&'a Certificate>,
    /// What is said of the key: the last word of each certifier on each user ID.
    pub words: Vec<Word<'a>>,
}

/// Who said it.
#[derive(Clone, Copy, Debug)]
pub enum Certifier<'a> {
    /// A master.
    Master(&'a Certificate),
    /// Somebody whom a master appointed by a trust signature (RFC 9580 §5.2.3.21).
    Introducer(&'a Certificate),
}

/// The last word of one certifier on one user ID, and what became of it.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// Whose word it is.
    pub by: Certifier<'a>,
    /// What it was.
    pub opinion: Opinion,
    /// How strong it is: as its digest, and as that of the introducer's appointment.
    pub strength: Strength,
    /// Why it does not count, where it does not.
    pub lapse: Option<Lapse>,
}

/// Why a certification does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// It was taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// It ended.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was made after the module was signed, and none stood at that time.
    MadeLater {
        /// When.
        at: Timestamp,
    },
    /// It is dated after now.
    Future {
        /// To when.
        at: Timestamp,
    },
    /// It rests on SHA-1 and was made after 2019-01-19, or on MD5.
    Digest {
        /// When it was made.
        at: Timestamp,
    },
    /// The owner of the key took the user ID back.
    UserIdRevoked {
        /// When.
        at: Timestamp,
    },
    /// The certifier's key was revoked by its owner.
    CertifierRevoked {
        /// When.
        at: Timestamp,
    },
    /// The certifier's key has ended.
    CertifierExpired {
        /// When.
        at: Timestamp,
    },
    /// No master appointed the introducer, or not completely, or not for this user ID.
    NotAppointed,
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked { at } => write!(f, "certification revoked on {}", at.date()),
            Self::Expired { at } => write!(f, "certification expired on {}", at.date()),
            Self::MadeLater { at } => {
                write!(f, "certified on {}, not yet when the module was signed", at.date())
            }
            Self::Future { at } => write!(f, "certification dated {at}"),
            Self::Digest { at } => {
                write!(f, "certification of {} over a digest that nobody believes", at.date())
            }
            Self::UserIdRevoked { at } => {
                write!(f, "certified for a user ID that was given up on {}", at.date())
            }
            Self::CertifierRevoked { at } => {
                write!(f, "certified by a key that was revoked on {}", at.date())
            }
            Self::CertifierExpired { at } => {
                write!(f, "certified by a key that ended on {}", at.date())
            }
            Self::NotAppointed => {
                f.write_str("certified by somebody whom no master appointed for it")
            }
        }
    }
}

impl<'a> Certifier<'a> {
    /// The certificate of who said it.
    pub fn certificate(&self) -> &'a Certificate {
        match *self {
            Self::Master(certificate) | Self::Introducer(certificate) => certificate,
        }
    }
}

impl<'a> Chain<'a> {
    /// Everything that the keyring knows about `certificate`, judged at `moments`.
    pub fn of(keyring: &'a Keyring, certificate: &Certificate, moments: Moments) -> Self {
        let own = keyring.master(certificate.fingerprint());
        let masters = keyring.masters().iter().map(Certifier::Master);
        let others =
            keyring.others().iter().filter(|c| c.fingerprint() != certificate.fingerprint());
        let introducers = others.filter(|c| appoints(keyring, c)).map(Certifier::Introducer);
        let words = masters
            .chain(introducers)
            .filter(|by| by.certificate().fingerprint() != certificate.fingerprint())
            .flat_map(|by| words(keyring, certificate, by, moments))
            .collect();
        Self { own, words }
    }

    /// The certifications that count, strongest first.
    pub fn counting(&self) -> Vec<&Word<'a>> {
        let mut counting: Vec<&Word<'a>> = self.words.iter().filter(|w| w.counts()).collect();
        counting.sort_by_key(|w| w.strength != Strength::Full);
        counting
    }

    /// A revocation by a master that is younger than every certification that counts: the
    /// authority's last word on this key. GnuPG would still count the older certification.
    pub fn revocation(&self) -> Option<&Word<'a>> {
        let revoked = |w: &&Word<'a>| matches!(w.lapse, Some(Lapse::Revoked { .. }));
        let last = self.words.iter().filter(revoked).max_by_key(|w| w.opinion.created)?;
        let younger = |w: &&Word<'a>| w.counts() && w.opinion.created > last.opinion.created;
        (!self.words.iter().any(|w| younger(&w))).then_some(last)
    }
}

impl Word<'_> {
    /// Whether it makes the key count.
    pub fn counts(&self) -> bool {
        self.lapse.is_none()
    }
}

/// Whether any master ever appointed this certificate's owner as an introducer.
fn appoints(keyring: &Keyring, certificate: &Certificate) -> bool {
    let mut opinions = keyring.masters().iter().flat_map(|m| certificate.opinions_of(m));
    opinions.any(|o| o.introduces.is_some())
}

/// The last word of `by` on each user ID of `certificate`.
fn words<'a>(
    keyring: &Keyring,
    certificate: &Certificate,
    by: Certifier<'a>,
    moments: Moments,
) -> Vec<Word<'a>> {
    let opinions = certificate.opinions_of(by.certificate());
    let of_each = certificate.user_ids().filter_map(|user_id| {
        let about: Vec<&Opinion> = opinions.iter().filter(|o| o.user_id == *user_id).collect();
        let (opinion, lapse) = last_word(&about, moments)?;
        let appointment = match by {
            Certifier::Master(_) => Some(Strength::Full),
            Certifier::Introducer(who) => appointed(keyring, who, user_id, moments),
        };
        let lapse = lapse
            .or_else(|| certifier_lapse(by.certificate(), moments.now))
            .or_else(|| user_id_revoked(certificate, user_id))
            .or_else(|| appointment.is_none().then_some(Lapse::NotAppointed));
        let strength = match appointment {
            Some(Strength::Full) | None => opinion.strength(),
            Some(weaker @ (Strength::Legacy | Strength::Nothing)) => weaker,
        };
        Some(Word { by, opinion: opinion.clone(), strength, lapse })
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

/// Why nothing that this certifier says counts any more.
fn certifier_lapse(certifier: &Certificate, now: Timestamp) -> Option<Lapse> {
    let state = SigningKey::primary_of(certifier).state(now);
    let revoked = state.revoked.map(|r| Lapse::CertifierRevoked { at: r.at });
    revoked.or_else(|| state.expired(now).map(|at| Lapse::CertifierExpired { at }))
}

/// When the certificate's owner took a user ID back for good: the newest self-signature on it is
/// a revocation.
pub(super) fn user_id_revoked_at(certificate: &Certificate, user_id: &UserID) -> Option<Timestamp> {
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
pub(super) fn covers(introduction: &Introduction, user_id: &UserID) -> bool {
    match RegexSet::from_bytes(introduction.scope.iter().map(Vec::as_slice)) {
        Ok(expressions) => expressions.matches_userid(user_id),
        Err(_) => false,
    }
}
