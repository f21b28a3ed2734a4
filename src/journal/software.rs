//! Which program ran at a station, and what it found when it tried itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;

/// The program that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// Its name and version.
    pub name: String,
    /// SHA-256 of its binary.
    pub binary: Sha256,
    /// SHA-256 of the image that the machine was started from, where it was started from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Sha256>,
}

/// One thing that a station tries on itself, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfCheck {
    /// What was tried.
    pub test: SelfTest,
    /// What came of it.
    pub result: SelfResult,
}

/// What a station tries on itself before a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelfTest {
    /// A certification whose every byte is known beforehand is predicted, accepted, and refused
    /// with one bit changed.
    KnownAnswer,
    /// The journal's chain, from its first entry on.
    Journal,
    /// The confirmed date is not before the last journal entry or the program itself.
    Clock,
    /// The card in the reader answers, and holds a master of this authority.
    Card,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelfResult {
    /// As it should be: what was found.
    Passed(String),
    /// Not as it should be: why.
    Failed(String),
    /// Not tried: why.
    Skipped(String),
}

impl SelfTest {
    /// Every try, in order.
    pub const ALL: [Self; 4] = [Self::KnownAnswer, Self::Journal, Self::Clock, Self::Card];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::KnownAnswer => "known answer",
            Self::Journal => "journal",
            Self::Clock => "clock",
            Self::Card => "card",
        }
    }
}

impl SelfCheck {
    /// Whether it is a reason to hold no session.
    pub fn failed(&self) -> bool {
        matches!(self.result, SelfResult::Failed(_))
    }

    /// What failed and why, in words; none where nothing did.
    pub fn why_failed(&self) -> Option<String> {
        match &self.result {
            SelfResult::Failed(why) => Some(format!("{}: {why}", self.test.name())),
            SelfResult::Passed(_) | SelfResult::Skipped(_) => None,
        }
    }
}
