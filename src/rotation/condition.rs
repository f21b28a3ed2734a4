//! What a stage waits for, and whether it is there: by the record alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Counts, Plan, published};
use crate::authority::{Authority, AuthorityError};
use crate::certificate::{Certificate, Standing};
use crate::module::SigningKey;
use crate::safe::counted;
use crate::time::Timestamp;

/// Something that a stage waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The policy names the new master.
    SuccessorInPolicy,
    /// Old and new master certify each other.
    CrossCertified,
    /// Both signed the same transition statement.
    TransitionStatement,
    /// The newest bundle has the new master in it.
    BundlePublished,
    /// Enough developers are certified by the new master.
    DevelopersRecertified,
    /// No developer depends on the old master.
    NobodyOldOnly,
    /// The old master is revoked.
    OldRevoked,
    /// The newest bundle was made after that.
    RetirementPublished,
}

/// Whether a condition holds, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It does.
    Yes(String),
    /// It does not.
    No(String),
}

impl Met {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// What was found.
    pub fn found(&self) -> &str {
        match self {
            Self::Yes(found) | Self::No(found) => found,
        }
    }

    fn when(holds: impl Into<Option<String>>, otherwise: impl Into<String>) -> Self {
        holds.into().map_or_else(|| Self::No(otherwise.into()), Self::Yes)
    }
}

impl Condition {
    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SuccessorInPolicy => "successor-in-policy",
            Self::CrossCertified => "cross-certified",
            Self::TransitionStatement => "transition-statement",
            Self::BundlePublished => "bundle-published",
            Self::DevelopersRecertified => "developers-recertified",
            Self::NobodyOldOnly => "nobody-old-only",
            Self::OldRevoked => "old-revoked",
            Self::RetirementPublished => "retirement-published",
        }
    }

    /// What it demands, in one sentence.
    pub fn demand(self) -> &'static str {
        match self {
            Self::SuccessorInPolicy => "policy.toml names the new master",
            Self::CrossCertified => "old and new master certify each other",
            Self::TransitionStatement => "both masters signed one transition statement",
            Self::BundlePublished => "the newest bundle holds the new master",
            Self::DevelopersRecertified => "recertified_percent of the developers have the new one",
            Self::NobodyOldOnly => "no developer is certified by the old master alone",
            Self::OldRevoked => "the old master has revoked itself",
            Self::RetirementPublished => "the newest bundle was made after that",
        }
    }

    /// Whether it holds at `now`; `counts` is what the developers hold.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn met(
        self,
        authority: &Authority,
        plan: &Plan,
        counts: &Counts,
        now: Timestamp,
    ) -> Result<Met, AuthorityError> {
        let [old, new] = [plan.old, plan.new].map(|key| authority.master(key).ok());
        let no_masters = || Met::No("policy.toml does not name both masters".into());
        Ok(match self {
            Self::SuccessorInPolicy => {
                Met::when(new.map(|m| m.fingerprint().to_string()), "it does not")
            }
            Self::CrossCertified => match (old, new) {
                (Some(old), Some(new)) => cross(old, new, now),
                _ => no_masters(),
            },
            Self::TransitionStatement => {
                let signers = authority.transition_signers(plan.old, plan.new)?;
                let both = [plan.old, plan.new].iter().all(|key| signers.contains(key));
                let missing = match signers.len() {
                    0 => "nobody has signed one yet",
                    _ => "HALF DONE: one of the two has signed",
                };
                Met::when(both.then(|| "signed by both".to_owned()), missing)
            }
            Self::BundlePublished => match published(authority)? {
                Some(bundle) if bundle.masters.contains(&plan.new) => {
                    Met::Yes(format!("serial {}", bundle.serial))
                }
                Some(bundle) => Met::No(format!("serial {} has only others", bundle.serial)),
                None => Met::No("no bundle is on record".into()),
            },
            Self::DevelopersRecertified => {
                if let Some(over) = new.and_then(|new| over(new, now)) {
                    return Ok(Met::No(format!("the new master {over}")));
                }
                recertified(counts, plan)
            }
            Self::NobodyOldOnly => match counts.old_only {
                0 => Met::Yes("nobody".into()),
                n => Met::No(counted(n, "developer")),
            },
            Self::OldRevoked => match old {
                Some(old) => Met::when(
                    revoked_at(old, now).map(|at| format!("on {}", at.date())),
                    "it is not revoked",
                ),
                None => no_masters(),
            },
            Self::RetirementPublished => {
                let at = old.and_then(|old| revoked_at(old, now));
                match (at, published(authority)?) {
                    (Some(at), Some(bundle)) if bundle.made >= at => {
                        Met::Yes(format!("serial {}", bundle.serial))
                    }
                    (Some(_), Some(bundle)) => {
                        Met::No(format!("serial {} is older", bundle.serial))
                    }
                    (Some(_), None) => Met::No("no bundle is on record".into()),
                    (None, _) => Met::No("it is not revoked".into()),
                }
            }
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn cross(old: &Certificate, new: &Certificate, now: Timestamp) -> Met {
    let certifies = |by: &Certificate, about: &Certificate| {
        let mut ids = about.user_ids();
        ids.any(|id| matches!(about.standing(id, by, now), Standing::Certified { .. }))
    };
    match (certifies(old, new), certifies(new, old)) {
        (true, true) => Met::Yes("each other".into()),
        (true, false) => Met::No("HALF DONE: the new master does not certify the old one".into()),
        (false, true) => Met::No("HALF DONE: the old master does not certify the new one".into()),
        (false, false) => Met::No("neither certifies the other".into()),
    }
}

/// Whether the share of those who are certified is large enough. Where nobody is any more, of some
/// on record, there is none.
fn recertified(counts: &Counts, plan: &Plan) -> Met {
    let (new, all) = (counts.both + counts.new_only, counts.certified());
    if all == 0 && counts.neither > 0 {
        let text = format!("neither master certifies any of {}", counts.neither);
        return Met::No(text);
    }
    let enough = new * 100 >= all * usize::from(plan.recertified_percent);
    let found = format!("{new} of {all}, {} % wanted", plan.recertified_percent);
    if enough { Met::Yes(found) } else { Met::No(found) }
}

/// Why a master certifies nobody any more at `now`: `was revoked on …` or `ended on …`.
pub fn over(master: &Certificate, now: Timestamp) -> Option<String> {
    let revoked = revoked_at(master, now).map(|at| format!("was revoked on {}", at.date()));
    let ended = SigningKey::primary_of(master).state(now).expired(now);
    revoked.or_else(|| ended.map(|at| format!("ended on {}", at.date())))
}

fn revoked_at(master: &Certificate, now: Timestamp) -> Option<Timestamp> {
    SigningKey::primary_of(master).state(now).revoked.map(|revoked| revoked.at)
}
