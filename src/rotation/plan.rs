//! The plan: `rotation.toml` in the record, for people to read and for the program to go by.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Condition;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::policy::{Named, Policy};
use crate::safe::Safe;
use crate::time::Timestamp;

/// The name of the file in the record.
const FILE: &str = "rotation.toml";
/// Longest plan that is read, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// A plan, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this file's format: 1.
    pub version: u32,
    /// The master that goes.
    pub old: Fingerprint,
    /// The master that comes.
    pub new: Fingerprint,
    /// How many of a hundred developers have to be certified by the new master before anybody
    /// goes without the old one, 1 to 100.
    pub recertified_percent: u8,
    /// The stages.
    pub stage: Stages,
}

/// The stages, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stages {
    /// The new master is made known.
    pub introduce: Step,
    /// Consumers trust both.
    pub dual_trust: Step,
    /// Only the new one certifies.
    pub new_only: Step,
    /// The old one is revoked.
    pub retire: Step,
}

/// When a stage begins, and what has to hold before the next one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Not before then.
    pub begins: Timestamp,
    /// What has to hold before it is over.
    pub until: Vec<Condition>,
}

/// A stage of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The new master is made known.
    Introduce,
    /// Consumers trust both.
    DualTrust,
    /// Only the new one certifies.
    NewOnly,
    /// The old one is revoked.
    Retire,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 4] = [Self::Introduce, Self::DualTrust, Self::NewOnly, Self::Retire];

    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Introduce => "introduce",
            Self::DualTrust => "dual-trust",
            Self::NewOnly => "new-only",
            Self::Retire => "retire",
        }
    }

    /// What is done in it.
    pub fn work(self) -> &'static str {
        match self {
            Self::Introduce => {
                "Bring the new master into the policy and to the station, have both masters certify \
                 each other and sign the transition statement."
            }
            Self::DualTrust => {
                "Publish a bundle with both masters. Have every developer certified by the new \
                 master too: request recertify, rotation invite."
            }
            Self::NewOnly => {
                "New developers and renewals go to the new master alone. The old one certifies \
                 nobody any more."
            }
            Self::Retire => {
                "The old master revokes itself as superseded, and the next bundle says so."
            }
        }
    }

    /// What it does to consumers.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Introduce => "Nothing changes: consumers trust the old master as before.",
            Self::DualTrust => {
                "Consumers who take the bundle trust both masters; all others the old one as \
                 before. Nothing stops."
            }
            Self::NewOnly => {
                "Whoever knows only the old master does not trust developers who join from now \
                 on. What was certified by both stays trusted by everybody."
            }
            Self::Retire => {
                "Whoever learns of the revocation trusts nobody whom the old master alone \
                 certified. What the new one certified stays trusted."
            }
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Stages {
    /// One of them.
    pub fn step(&self, stage: Stage) -> &Step {
        match stage {
            Stage::Introduce => &self.introduce,
            Stage::DualTrust => &self.dual_trust,
            Stage::NewOnly => &self.new_only,
            Stage::Retire => &self.retire,
        }
    }
}

/// Why there is no usable plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// None was made.
    #[error("there is no rotation.toml in the record")]
    None,
    /// A file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Not TOML of this form.
    #[error("rotation.toml is not valid")]
    Toml(#[from] toml::de::Error),
    /// A value that makes no sense.
    #[error("rotation.toml: {0}")]
    Value(String),
}

impl Plan {
    /// A plan with the usual conditions; the stages begin at these dates.
    ///
    /// # Errors
    /// [`PlanError::Value`] where the masters are one, or a stage begins before the one before it.
    pub fn new(
        old: Fingerprint,
        new: Fingerprint,
        begins: [Timestamp; 4],
    ) -> Result<Self, PlanError> {
        let step =
            |at: usize, until: &[Condition]| Step { begins: begins[at], until: until.to_vec() };
        let stage = Stages {
            introduce: step(
                0,
                &[
                    Condition::SuccessorInPolicy,
                    Condition::CrossCertified,
                    Condition::TransitionStatement,
                ],
            ),
            dual_trust: step(1, &[Condition::BundlePublished, Condition::DevelopersRecertified]),
            new_only: step(2, &[Condition::NobodyOldOnly]),
            retire: step(3, &[Condition::OldRevoked, Condition::RetirementPublished]),
        };
        let plan = Self { version: 1, old, new, recertified_percent: 95, stage };
        plan.check()?;
        Ok(plan)
    }

    /// Reads the plan in the record at `folder`.
    ///
    /// # Errors
    /// [`PlanError`] where there is none, or it makes no sense.
    pub fn open(folder: &Path) -> Result<Self, PlanError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Err(PlanError::None);
        }
        let text = exchange::read_path(&path, MAX_BYTES)?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanError`] where a field is unknown, missing or senseless.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let plan: Self = toml::from_str(text)?;
        plan.check()?;
        Ok(plan)
    }

    /// Writes the plan into the record at `folder`, explained.
    ///
    /// # Errors
    /// [`PlanError`] where it cannot be written.
    pub fn write(&self, folder: &Path, policy: &Policy) -> Result<(), PlanError> {
        Ok(exchange::write_path(&folder.join(FILE), self.text(policy).as_bytes())?)
    }

    /// Whether the record at `folder` has a plan.
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    fn check(&self) -> Result<(), PlanError> {
        let wrong = |text: String| Err(PlanError::Value(text));
        if self.version != 1 {
            return wrong(format!("it is version {}, this program reads 1", self.version));
        }
        if self.old == self.new {
            return wrong("old and new master are the same".into());
        }
        if !(1..=100).contains(&self.recertified_percent) {
            return wrong(format!("recertified_percent is {}", self.recertified_percent));
        }
        for pair in Stage::ALL.windows(2) {
            let [before, after] = [pair[0], pair[1]];
            if self.stage.step(before).begins > self.stage.step(after).begins {
                return wrong(format!("{after} begins before {before}"));
            }
        }
        Ok(())
    }

    /// The file: the plan with an explanation above each part.
    pub fn text(&self, policy: &Policy) -> String {
        let name = |key: Fingerprint| {
            let found = policy.masters.iter().find(|m: &&Named| m.fingerprint == key);
            found.map_or(String::new(), |m| format!("  # {}", Safe(&m.name)))
        };
        let mut out = format!(
            "# Rotation of the signing master of {}.\n\
             # A stage begins when its date has come and the stages before it are over; a stage is\n\
             # over when all of its conditions hold. `countersign rotation status` computes them\n\
             # from the record. Dates and conditions may be changed here; unknown words are refused.\n\n",
            Safe(&policy.name)
        );
        let _ = writeln!(out, "version = {}", self.version);
        let _ = writeln!(out, "old = \"{}\"{}", self.old, name(self.old));
        let _ = writeln!(out, "new = \"{}\"{}", self.new, name(self.new));
        let _ = writeln!(out, "recertified_percent = {}", self.recertified_percent);
        for (at, stage) in Stage::ALL.into_iter().enumerate() {
            let step = self.stage.step(stage);
            let _ = writeln!(out, "\n# Stage {} of 4: {stage}", at + 1);
            for line in super::letter::wrap(stage.work(), 76) {
                let _ = writeln!(out, "# {line}");
            }
            for line in super::letter::wrap(&format!("For consumers: {}", stage.effect()), 76) {
                let _ = writeln!(out, "# {line}");
            }
            let _ = writeln!(out, "[stage.{stage}]\nbegins = \"{}\"\nuntil = [", step.begins);
            for condition in &step.until {
                let _ = writeln!(out, "  \"{condition}\",  # {}", condition.demand());
            }
            let _ = writeln!(out, "]");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Sha256;
    use crate::operation::Agreement;

    fn plan() -> (Plan, Policy) {
        let (old, new) = ("0".repeat(40), "1".repeat(40));
        let [old, new] = [old, new].map(|f| f.parse::<Fingerprint>().expect("a fingerprint"));
        let named = Named { name: "Old <o@example.org>".into(), fingerprint: old };
        let notation = "agreement-sha256@example.org".to_owned();
        let agreement = Agreement { sha256: Sha256::of("x"), notation };
        let day = |n: u32| Timestamp::from_unix(1_800_000_000 + n * Timestamp::DAY);
        let plan = Plan::new(old, new, [day(0), day(30), day(120), day(210)]).expect("a plan");
        (plan, Policy::with_defaults("Example", named, agreement))
    }

    #[test]
    fn the_explained_file_reads_back_as_the_plan() {
        let (plan, policy) = plan();
        let text = plan.text(&policy);
        assert_eq!(Plan::parse(&text).expect("valid"), plan);
        assert!(text.contains("# Old <o@example.org>"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    }

    #[test]
    fn a_plan_is_never_guessed() {
        let (plan, policy) = plan();
        let text = plan.text(&policy);
        for (from, to) in [
            ("version = 1", "version = 2"),
            ("cross-certified", "crossed"),
            ("[stage.retire]", "[stage.rest]"),
            ("recertified_percent = 95", "recertified_percent = 0"),
            ("begins", "starts"),
            (&plan.new.to_string(), &plan.old.to_string()),
            ("begins = \"2027-08", "begins = \"2020-08"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from} in {text}");
            assert!(Plan::parse(&changed).is_err(), "{to}");
        }
    }
}
