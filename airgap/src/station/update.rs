//! The station takes over a changed record of its authority: policy, masters, managers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

use countersign::authority::Authority;
use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Event;

use super::{Station, StationError};
use crate::recorder::Recorder;

/// Where the new record is made, and where the old one is removed.
pub(super) const BESIDE: &str = "authority.new";

/// A changed record that was read, and what of it differs. Nothing is changed yet.
#[derive(Debug)]
pub struct Update {
    from: Authority,
    masters: Vec<Certificate>,
    changes: Vec<String>,
}

impl Update {
    /// Reads the record in `source` and compares it with the station's.
    ///
    /// # Errors
    /// [`StationError`] where it is not usable, or another authority's.
    pub fn read(station: &Station, source: &Path) -> Result<Self, StationError> {
        let from = Authority::open(source)?;
        from.agreement()?;
        let (old, new) = (&station.authority, &from);
        if old.policy().name != new.policy().name {
            let (actual, expected) = (new.policy().name.clone(), old.policy().name.clone());
            return Err(StationError::OtherAuthority { actual, expected });
        }
        let masters = merged(old, new)?;
        let mut changes = lines(&old.policy().to_toml(), &new.policy().to_toml());
        changes.extend(certificates("master", old.masters(), &masters));
        changes.extend(certificates("manager", old.managers(), new.managers()));
        Ok(Self { from, masters, changes })
    }

    /// What differs, a line each: untrusted text.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }

    /// The digest of the policy that would be in force.
    pub fn policy(&self) -> Sha256 {
        self.from.policy().digest()
    }

    /// Takes the record over. The journal says so first; then old and new change places in one
    /// step, so that a power cut leaves the one or the other whole.
    ///
    /// # Errors
    /// [`StationError`] where a file cannot be written; the old record stays in force.
    pub fn install(self, station: &Station, recorder: &mut Recorder) -> Result<(), StationError> {
        let (inner, beside) = (station.folder.join("authority"), station.folder.join(BESIDE));
        let io = |path: &PathBuf, action| {
            let path = path.clone();
            move |source| ExchangeError::Io { path, action, source }
        };
        let (policy, agreement) = (self.from.policy(), self.from.agreement()?);
        let managers = self.from.managers();
        let made = Authority::create(&beside, policy, &agreement, &self.masters, managers)?;
        keep_former(&station.authority, &made)?;
        recorder.append(Event::RecordChanged {
            from: station.authority.policy().digest(),
            to: made.policy().digest(),
            masters: self.masters.iter().map(Certificate::fingerprint).collect(),
        })?;
        rustix::fs::renameat_with(CWD, &beside, CWD, &inner, RenameFlags::EXCHANGE)
            .map_err(|errno| io(&inner, "replaced")(errno.into()))?;
        exchange::sync_folder(&station.folder)?;
        std::fs::remove_dir_all(&beside).map_err(io(&beside, "removed"))?;
        Ok(())
    }
}

/// The new record's masters with everything that the station knows of them: a revocation that is
/// here and not there stays.
fn merged(old: &Authority, new: &Authority) -> Result<Vec<Certificate>, StationError> {
    let all: Vec<&Certificate> = new.masters().iter().collect();
    let one = |master: &Certificate| match old.master(master.fingerprint()) {
        Ok(known) => master.merged(known, &all),
        Err(_) => Ok(master.clone()),
    };
    Ok(new.masters().iter().map(one).collect::<Result<_, _>>()?)
}

/// Keeps the certificates of masters that go, or went before: what they signed stays in the
/// journal, and has to be checked there.
fn keep_former(old: &Authority, new: &Authority) -> Result<(), StationError> {
    let folder = new.folder().join("masters");
    for master in old.masters().iter().chain(&old.former_masters()?) {
        if new.master(master.fingerprint()).is_err() {
            let name = format!("{}.asc", master.fingerprint());
            exchange::write(&folder, &name, master.armored().as_bytes())?;
        }
    }
    Ok(())
}

/// The lines that only one of two texts has.
fn lines(old: &str, new: &str) -> Vec<String> {
    let set = |text| str::lines(text).filter(|l| !l.is_empty()).collect::<BTreeSet<&str>>();
    let (before, after) = (set(old), set(new));
    let gone = old.lines().filter(|l| !l.is_empty() && !after.contains(l));
    let come = new.lines().filter(|l| !l.is_empty() && !before.contains(l));
    gone.map(|l| format!("- {l}")).chain(come.map(|l| format!("+ {l}"))).collect()
}

/// The certificates that were added, left out or changed.
fn certificates(what: &str, old: &[Certificate], new: &[Certificate]) -> Vec<String> {
    let find = |all: &[Certificate], key: Fingerprint| {
        all.iter().find(|c| c.fingerprint() == key).map(Certificate::to_bytes)
    };
    let come = new.iter().filter_map(|c| {
        let key = c.fingerprint();
        match find(old, key) {
            None => Some(format!("+ {what} {key}")),
            Some(bytes) if bytes != c.to_bytes() => Some(format!("~ {what} {key}: new signatures")),
            Some(_) => None,
        }
    });
    let gone = old.iter().map(Certificate::fingerprint).filter(|key| find(new, *key).is_none());
    come.chain(gone.map(|key| format!("- {what} {key}"))).collect()
}
