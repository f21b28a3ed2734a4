//! What is new in a bundle since another one: for whoever reads it before it is published.

use std::collections::BTreeMap;
use std::fmt;

use super::error::BundleError;
use super::file::Bundle;
use super::head::MasterName;
use super::people::Person;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::{Blocked, Keyring};
use crate::time::Timestamp;

/// Everything in which two bundles differ, but their serial numbers and dates.
#[derive(Debug, Default)]
pub struct Diff {
    /// Masters that the new one names and the old one does not.
    pub masters_added: Vec<MasterName>,
    /// The other way round.
    pub masters_removed: Vec<MasterName>,
    /// Masters whose certificates changed.
    pub masters_changed: Vec<MasterName>,
    /// Developers, by fingerprint, and what became of them.
    pub people: Vec<(Person, Change)>,
    /// Modules that are blocked now.
    pub blocked: Vec<Blocked>,
    /// Modules that are not blocked any more.
    pub unblocked: Vec<Blocked>,
}

/// What became of a developer. Of several changes the first of these that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Not in the old bundle.
    Added,
    /// Not in the new bundle.
    Removed,
    /// Revoked since, by a master or by the owner.
    Revoked,
    /// Other keys may sign now.
    Keys,
    /// The masters' word is another: a new certification, or an old one that is gone.
    Certified,
    /// Only the owner's own signatures changed: a new end, another user ID.
    Updated,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Revoked => "REVOKED",
            Self::Keys => "other keys",
            Self::Certified => "certified anew",
            Self::Updated => "updated",
        })
    }
}

/// One of two bundles.
struct Side<'a> {
    bundle: &'a Bundle,
    masters: Vec<Certificate>,
    keyring: Keyring,
    now: Timestamp,
}

impl Diff {
    /// Compares two bundles. A certificate whose bytes are the same in both is not read.
    ///
    /// # Errors
    /// [`BundleError`] where a certificate cannot be read.
    pub fn between(old: &Bundle, new: &Bundle, now: Timestamp) -> Result<Self, BundleError> {
        let (old, new) = (Side::of(old, now)?, Side::of(new, now)?);
        let mut diff = Self::of_heads(&old, &new);
        let mut before: BTreeMap<_, _> = old.bundle.by_fingerprint().collect();
        for (key, bytes) in new.bundle.by_fingerprint() {
            let change = match before.remove(&key) {
                Some(there) if there == bytes => continue,
                Some(there) => change(&old.read(key, there)?, &new.read(key, bytes)?),
                None => Change::Added,
            };
            diff.people.push((new.read(key, bytes)?.person, change));
        }
        for (key, bytes) in before {
            diff.people.push((old.read(key, bytes)?.person, Change::Removed));
        }
        diff.people.sort_by_key(|(person, change)| (*change, person.key));
        Ok(diff)
    }

    /// Whether there is anything at all.
    pub fn is_empty(&self) -> bool {
        self.masters_added.is_empty()
            && self.masters_removed.is_empty()
            && self.masters_changed.is_empty()
            && self.people.is_empty()
            && self.blocked.is_empty()
            && self.unblocked.is_empty()
    }

    fn of_heads(old: &Side<'_>, new: &Side<'_>) -> Self {
        let (one, two) = (old.bundle.head(), new.bundle.head());
        let named = |there: &[MasterName], key| there.iter().any(|m| m.fingerprint == key);
        let only = |here: &[MasterName], there: &[MasterName]| {
            let missing = here.iter().filter(|m| !named(there, m.fingerprint));
            missing.cloned().collect::<Vec<_>>()
        };
        let bytes = |side: &Side<'_>, key| {
            let master = side.masters.iter().find(|m| m.fingerprint() == key);
            master.map(Certificate::to_bytes)
        };
        let changed = two.masters.iter().filter(|m| {
            let before = bytes(old, m.fingerprint);
            before.is_some() && before != bytes(new, m.fingerprint)
        });
        let blocked = |here: &[Blocked], there: &[Blocked]| {
            here.iter().filter(|b| !there.contains(b)).cloned().collect()
        };
        Self {
            masters_added: only(&two.masters, &one.masters),
            masters_removed: only(&one.masters, &two.masters),
            masters_changed: changed.cloned().collect(),
            people: Vec::new(),
            blocked: blocked(&two.blocked, &one.blocked),
            unblocked: blocked(&one.blocked, &two.blocked),
        }
    }
}

/// A certificate with what it amounts to.
struct Known {
    person: Person,
    said: Vec<(Fingerprint, Timestamp)>,
}

impl<'a> Side<'a> {
    fn of(bundle: &'a Bundle, now: Timestamp) -> Result<Self, BundleError> {
        let masters = bundle.masters()?;
        let keyring = Keyring::from_certificates(&masters, []);
        Ok(Self { bundle, masters, keyring, now })
    }

    fn read(&self, key: Fingerprint, bytes: &[u8]) -> Result<Known, BundleError> {
        let masters: Vec<&Certificate> = self.masters.iter().collect();
        let read = Certificate::read(bytes, &masters);
        let certificate = read.map_err(|error| BundleError::Certificate(key, error))?;
        let said = self.masters.iter().flat_map(|m| {
            let opinions = certificate.opinions_of(m).into_iter();
            opinions.map(|o| (m.fingerprint(), o.created))
        });
        let said = said.collect();
        Ok(Known { person: Person::of(&self.keyring, &certificate, self.now), said })
    }
}

fn change(old: &Known, new: &Known) -> Change {
    if new.person.trust.is_revoked() && !old.person.trust.is_revoked() {
        Change::Revoked
    } else if old.person.keys != new.person.keys {
        Change::Keys
    } else if old.said != new.said {
        Change::Certified
    } else {
        Change::Updated
    }
}
