//! The difference that a change of the keyring makes.

use std::collections::{BTreeSet, HashMap};

use super::view::View;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::strict::WeakChains;
use crate::module::{Installed, Keyring};
use crate::time::Timestamp;

/// Everything that differs between two keyrings, for their signers and for given modules.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Masters and developers of whom something else is said now, by name.
    pub signatories: Vec<Change<Signatory>>,
    /// Modules of which something else is said now, by name.
    pub modules: Vec<Change<Module>>,
    /// How many developers were looked at.
    pub developers_seen: usize,
    /// How many modules were looked at.
    pub modules_seen: usize,
}

/// What is said of one thing, before and after.
#[derive(Clone, Debug)]
pub struct Change<T> {
    /// Of whom or what.
    pub subject: T,
    /// What was said.
    pub before: View,
    /// What is said then.
    pub after: View,
}

/// Somebody whose signature may stand on modules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signatory {
    /// The certificate.
    pub fingerprint: Fingerprint,
    /// Whether it is a master's.
    pub role: Role,
    /// Its first user ID: untrusted text.
    pub name: String,
}

/// A module that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Module {
    /// The name of its folder: untrusted text.
    pub name: String,
    /// Whose key signed it, where either keyring tells.
    pub signer: Option<Fingerprint>,
}

/// What a signatory is to the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A master.
    Master,
    /// Anybody else.
    Developer,
}

/// How a case is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// What to make of old SHA-1 certifications.
    pub weak: WeakChains,
    /// The time of judgement.
    pub now: Timestamp,
}

/// How many stop, and how many begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Developers who were good for FreePBX or strictly, and are not any more for one of them.
    pub developers_stop: usize,
    /// Modules of which that holds.
    pub modules_stop: usize,
    /// Developers who were not good for one of the two, and then are.
    pub developers_begin: usize,
    /// Modules of which that holds.
    pub modules_begin: usize,
}

impl Effect {
    /// What changes for everybody in the two keyrings, and for these modules, when `before`
    /// becomes `after`. Nothing is written or published.
    pub fn of<'m>(
        before: &Keyring,
        after: &Keyring,
        modules: impl IntoIterator<Item = &'m Installed>,
        judged: Judged,
    ) -> Self {
        let (then, later) = (by_key(before), by_key(after));
        let everybody: BTreeSet<Fingerprint> = then.keys().chain(later.keys()).copied().collect();
        let mut effect = Self {
            signatories: Vec::new(),
            modules: Vec::new(),
            developers_seen: 0,
            modules_seen: 0,
        };
        for key in everybody {
            let sides = (then.get(&key).copied(), later.get(&key).copied());
            let Some(certificate) = sides.0.or(sides.1) else { continue };
            let subject = Signatory::of(certificate, before, after);
            effect.developers_seen += usize::from(subject.role == Role::Developer);
            let change = Change {
                subject,
                before: signer(before, sides.0, key, judged),
                after: signer(after, sides.1, key, judged),
            };
            effect.signatories.extend(change.if_any());
        }
        for module in modules {
            effect.modules_seen += 1;
            let view = |keyring| View::of_module(module, keyring, judged.weak, judged.now);
            let (before, after) = (view(before), view(after));
            let signer = before.1.or(after.1);
            let subject = Module { name: module.folder().to_owned(), signer };
            let change = Change { subject, before: before.0, after: after.0 };
            effect.modules.extend(change.if_any());
        }
        effect.signatories.sort_by(|a, b| {
            let place = |s: &Signatory| (s.role, s.name.clone(), s.fingerprint);
            place(&a.subject).cmp(&place(&b.subject))
        });
        effect.modules.sort_by(|a, b| a.subject.cmp(&b.subject));
        effect
    }

    /// Whether nothing changes for anybody.
    pub fn is_none(&self) -> bool {
        self.signatories.is_empty() && self.modules.is_empty()
    }

    /// The developers of whom something else is said.
    pub fn developers(&self) -> impl Iterator<Item = &Change<Signatory>> {
        self.signatories.iter().filter(|c| c.subject.role == Role::Developer)
    }

    /// How many stop and begin, by FreePBX or strictly.
    pub fn counts(&self) -> Counts {
        Counts {
            developers_stop: self.developers().filter(|c| c.stops()).count(),
            modules_stop: self.modules.iter().filter(|c| c.stops()).count(),
            developers_begin: self.developers().filter(|c| c.begins()).count(),
            modules_begin: self.modules.iter().filter(|c| c.begins()).count(),
        }
    }
}

impl<T> Change<T> {
    /// Whether FreePBX says good before and not after.
    pub fn stops_for_freepbx(&self) -> bool {
        self.before.freepbx.is_good() && !self.after.freepbx.is_good()
    }

    /// Whether we say good before and not after.
    pub fn stops_strictly(&self) -> bool {
        self.before.problems.is_empty() && !self.after.problems.is_empty()
    }

    /// Whether either stops.
    pub fn stops(&self) -> bool {
        self.stops_for_freepbx() || self.stops_strictly()
    }

    /// Whether FreePBX or we say good after and not before, and nothing stops.
    pub fn begins(&self) -> bool {
        let freepbx = !self.before.freepbx.is_good() && self.after.freepbx.is_good();
        let strictly = !self.before.problems.is_empty() && self.after.problems.is_empty();
        (freepbx || strictly) && !self.stops()
    }

    fn if_any(self) -> Option<Self> {
        (self.before != self.after).then_some(self)
    }
}

impl Signatory {
    fn of(certificate: &Certificate, before: &Keyring, after: &Keyring) -> Self {
        let fingerprint = certificate.fingerprint();
        let master = [before, after].iter().any(|k| k.master(fingerprint).is_some());
        let role = if master { Role::Master } else { Role::Developer };
        let name = certificate.user_ids().next();
        let name = name.map(|id| String::from_utf8_lossy(id.value()).into_owned());
        Self { fingerprint, role, name: name.unwrap_or_default() }
    }
}

fn by_key(keyring: &Keyring) -> HashMap<Fingerprint, &Certificate> {
    keyring.all().map(|c| (c.fingerprint(), c)).collect()
}

/// What is said of somebody, or of nobody.
fn signer(
    keyring: &Keyring,
    certificate: Option<&Certificate>,
    key: Fingerprint,
    judged: Judged,
) -> View {
    match certificate {
        Some(certificate) => View::of(keyring, certificate, judged.weak, judged.now),
        None => View::of_nobody(&key.to_string()),
    }
}

#[cfg(test)]
mod tests;
