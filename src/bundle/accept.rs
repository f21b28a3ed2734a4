//! A consumer takes a bundle, or says in a word why not.

use std::collections::BTreeSet;
use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::KeyHandle;

use super::accepted::Accepted;
use super::error::{BundleError, Refusal};
use super::file::Bundle;
use super::head::Head;
use super::pinned::{Pinned, Seen};
use super::rotation::{self, Followed};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// Something about an accepted bundle that should be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A trusted master handed over to another one.
    Followed(Followed),
    /// A pinned master revoked its own key and is not trusted any more.
    Dropped(Fingerprint),
    /// The bundle has ended, and its grace has not.
    Grace {
        /// When it ended.
        expires: Timestamp,
        /// When its grace ends.
        last: Timestamp,
    },
    /// The clock here is behind: by it the bundle is from the future.
    ClockBehind {
        /// When the bundle was made.
        made: Timestamp,
    },
    /// A pinned master is not among those that the bundle names.
    NotNamed(Fingerprint),
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Followed(Followed { old, new }) => {
                write!(f, "the master {old} hands over to {new}: both are trusted from here on")
            }
            Self::Dropped(key) => {
                write!(f, "the master {key} gave itself up: it is not trusted any more")
            }
            Self::Grace { expires, last } => {
                write!(f, "it ended at {expires}: get a newer one before {last}")
            }
            Self::ClockBehind { made } => {
                write!(f, "it was made at {made}, and by the clock here that is still to come")
            }
            Self::NotNamed(key) => {
                write!(f, "the pinned master {key} is not named in it: it stays pinned")
            }
        }
    }
}

impl Bundle {
    /// Believes this bundle, as far as the `pinned` masters bear it out, at `now`.
    ///
    /// # Errors
    /// [`Refusal`], which says why not in a word.
    pub fn accept(self, pinned: &Pinned, now: Timestamp) -> Result<Accepted, Refusal> {
        let head = self.head();
        if let Some(expected) = pinned.authority.clone().filter(|a| *a != head.authority) {
            let actual = head.authority.clone();
            return Err(Refusal::OtherAuthority { actual, expected });
        }
        let masters = with_pinned(self.masters()?, &pinned.masters)?;
        let signer = signer(&self, &masters)?;
        let pins: BTreeSet<_> = pinned.masters.iter().map(Certificate::fingerprint).collect();
        let (trusted, followed) = rotation::follow(&masters, &pins, head.made);
        let mut strangers = masters.iter().filter(|m| !trusted.contains(&m.fingerprint()));
        if let Some(new) = strangers.find(|m| !rotation::gave_up(m, now)) {
            return Err(Refusal::Successor { new: new.fingerprint() });
        }
        let by = signer.fingerprint();
        if let Some(why) = rotation::flaw(signer, head.made) {
            return Err(Refusal::BadMaster { by, why });
        }
        if !trusted.contains(&by) {
            return Err(Refusal::Successor { new: by });
        }
        let mut news: Vec<News> = followed.into_iter().map(News::Followed).collect();
        news.extend(in_time(head, pinned.seen, now)?);
        let known = masters.iter().filter(|m| trusted.contains(&m.fingerprint())).cloned();
        let known: Vec<Certificate> = known.collect();
        let next = next(&known, pinned, now, &mut news);
        // A retired master is pinned no more; what it said before that still tells who was certified
        // when a module was signed, and counts only where another master's word stands now.
        let retired =
            |m: &&Certificate| !trusted.contains(&m.fingerprint()) && rotation::retired(m, now);
        let retired: Vec<Certificate> = masters.iter().filter(retired).cloned().collect();
        let keyring = known.into_iter().chain(retired).collect();
        Ok(Accepted::new(self, by, keyring, next, news))
    }
}

/// The masters with what a pinned copy knows more of each: a revocation that was seen once stays.
fn with_pinned(
    masters: Vec<Certificate>,
    pinned: &[Certificate],
) -> Result<Vec<Certificate>, BundleError> {
    let alone = masters.clone();
    let alone: Vec<&Certificate> = alone.iter().collect();
    let merged = masters.into_iter().map(|master| {
        let key = master.fingerprint();
        match pinned.iter().find(|p| p.fingerprint() == key) {
            Some(copy) => {
                master.merged(copy, &alone).map_err(|error| BundleError::Certificate(key, error))
            }
            None => Ok(master),
        }
    });
    merged.collect()
}

/// The master whose signature the head bears.
fn signer<'a>(bundle: &Bundle, masters: &'a [Certificate]) -> Result<&'a Certificate, Refusal> {
    let signature = bundle.signature();
    let issuers = signature.get_issuers();
    let named = |m: &&Certificate| issuers.iter().any(|i| i.aliases(m.primary().key_handle()));
    let mut claimed = masters.iter().filter(named).peekable();
    if claimed.peek().is_none() {
        let who = issuers.first().map_or("a key without a name".into(), |key| whose(bundle, key));
        return Err(Refusal::NotByMaster(who));
    }
    claimed
        .find(|m| signature.verify_document(m.primary()).is_ok())
        .ok_or(Refusal::Damaged(BundleError::Signature))
}

/// Whose key it is, as far as the bundle knows.
fn whose(bundle: &Bundle, key: &KeyHandle) -> String {
    let id: Option<[u8; 8]> = openpgp::KeyID::from(key).as_bytes().try_into().ok();
    match id.and_then(|id| bundle.named(id).next()) {
        Some(_) => format!("{}, a developer's key,", key.to_hex()),
        None => key.to_hex(),
    }
}

/// Neither older than what was seen, nor past its end.
fn in_time(head: &Head, seen: Option<Seen>, now: Timestamp) -> Result<Option<News>, Refusal> {
    if let Some(seen) = seen {
        if head.serial < seen.serial {
            return Err(Refusal::Older { actual: head.serial, seen: seen.serial });
        }
        if head.serial == seen.serial && head.digest() != seen.digest {
            return Err(Refusal::Another(head.serial));
        }
        if head.made < seen.made {
            return Err(Refusal::MadeEarlier { actual: head.made, seen: seen.made });
        }
    }
    let (expires, last) = (head.expires, head.last_day());
    if now > last {
        Err(Refusal::Expired { expires, last })
    } else if now > expires {
        Ok(Some(News::Grace { expires, last }))
    } else {
        Ok((head.made > now.after(Timestamp::DAY)).then_some(News::ClockBehind { made: head.made }))
    }
}

/// Whom to pin from here on: everybody trusted, but those who revoked their own keys, unless
/// nobody would be left.
fn next(
    known: &[Certificate],
    pinned: &Pinned,
    now: Timestamp,
    news: &mut Vec<News>,
) -> Vec<Certificate> {
    let unnamed = |p: &&Certificate| known.iter().all(|k| k.fingerprint() != p.fingerprint());
    let unnamed: Vec<&Certificate> = pinned.masters.iter().filter(unnamed).collect();
    news.extend(unnamed.iter().map(|p| News::NotNamed(p.fingerprint())));
    let all = || known.iter().chain(unnamed.iter().copied());
    let (given_up, staying): (Vec<&Certificate>, Vec<&Certificate>) =
        all().partition(|m| rotation::gave_up(m, now));
    if staying.is_empty() {
        return all().cloned().collect();
    }
    let was_pinned =
        |m: &&&Certificate| pinned.masters.iter().any(|p| p.fingerprint() == m.fingerprint());
    news.extend(given_up.iter().filter(was_pinned).map(|m| News::Dropped(m.fingerprint())));
    staying.into_iter().cloned().collect()
}
