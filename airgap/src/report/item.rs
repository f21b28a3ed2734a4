//! The items of a report: their names, and why each is there.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fact, Sources, Subject, cards, hardware, network, packages, station, system};

/// The name of an item.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ItemName {
    /// The program: version, digest of its binary, digest of the image if there is one.
    Software,
    /// The policy in force and the masters.
    Policy,
    /// The journal: entries, first digest, head.
    Journal,
    /// The machine's clock and the confirmed date.
    Clock,
    /// The machine's kind.
    Hardware,
    /// Firmware, microcode, secure boot.
    Firmware,
    /// The kernel's release and version.
    Kernel,
    /// The operating system's name.
    System,
    /// Debian's packages.
    Packages,
    /// Network interfaces.
    Network,
    /// Swap.
    Swap,
    /// Smartcard readers.
    Readers,
    /// Cards.
    Cards,
}

/// A text that names no item.
#[derive(Debug, thiserror::Error)]
#[error("there is no item {named:?}; there are: {}", ItemName::ALL.map(ItemName::name).join(", "))]
pub struct UnknownItem {
    named: String,
}

impl ItemName {
    /// Every item, in order.
    pub const ALL: [Self; 13] = [
        Self::Software,
        Self::Policy,
        Self::Journal,
        Self::Clock,
        Self::Hardware,
        Self::Firmware,
        Self::Kernel,
        Self::System,
        Self::Packages,
        Self::Network,
        Self::Swap,
        Self::Readers,
        Self::Cards,
    ];

    /// The name as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Policy => "policy",
            Self::Journal => "journal",
            Self::Clock => "clock",
            Self::Hardware => "hardware",
            Self::Firmware => "firmware",
            Self::Kernel => "kernel",
            Self::System => "system",
            Self::Packages => "packages",
            Self::Network => "network",
            Self::Swap => "swap",
            Self::Readers => "readers",
            Self::Cards => "cards",
        }
    }

    /// Why it is in a report.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Software => "which program signs, to be compared with its published digest",
            Self::Policy => "which rules are in force, to be compared with the record online",
            Self::Journal => "where the journal stands, so that a rewritten one is noticed",
            Self::Clock => "how far the machine's clock is from the date in the signatures",
            Self::Hardware => "on which kind of machine, in case one turns out to be weak",
            Self::Firmware => "what ran before the system, in case it turns out to be weak",
            Self::Kernel => "which kernel holds the machine together",
            Self::System => "which system the packages belong to",
            Self::Packages => "what else is installed; one digest stands for all of it",
            Self::Network => "that no interface leads out of the machine",
            Self::Swap => "that no key or PIN can reach a disk",
            Self::Readers => "which devices stand between the machine and the card",
            Self::Cards => "which cards were there, and how often each has signed",
        }
    }

    pub(super) fn facts(self, subject: &Subject<'_>, sources: &Sources) -> Vec<Fact> {
        match self {
            Self::Software => station::software(),
            Self::Policy => station::policy(subject),
            Self::Journal => station::journal(subject),
            Self::Clock => station::clock(subject, sources),
            Self::Hardware => hardware::hardware(sources),
            Self::Firmware => hardware::firmware(sources),
            Self::Kernel => system::kernel(sources),
            Self::System => system::system(sources),
            Self::Packages => packages::facts(sources),
            Self::Network => network::facts(sources),
            Self::Swap => system::swap(sources),
            Self::Readers => cards::readers(),
            Self::Cards => cards::cards(subject.card),
        }
    }
}

impl FromStr for ItemName {
    type Err = UnknownItem;

    fn from_str(text: &str) -> Result<Self, UnknownItem> {
        let named = Self::ALL.into_iter().find(|item| item.name() == text);
        named.ok_or_else(|| UnknownItem { named: text.chars().take(40).collect() })
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
