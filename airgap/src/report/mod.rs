//! What a station is made of, for a ceremony's record. It is made when somebody asks for it, and
//! by nothing else.
//!
//! Never read, and so never written: serial numbers of machine and board, the product's UUID,
//! addresses of network interfaces, the host's name, names of users and of card holders, the
//! machine's id, identifiers and names of disks, the kernel's command line. What has such a thing
//! inside a name that is written (a reader's serial number, an interface named after its address)
//! is written without it.
//!
//! ```text
//! sources     files of the machine, below a root
//! station     software, policy, journal, clock
//! hardware    hardware, firmware
//! system      kernel, system, swap
//! packages    packages
//! network     network
//! cards       readers, cards
//! shown       all of it, for a person
//! ```

mod cards;
mod hardware;
mod item;
mod network;
mod packages;
mod shown;
mod sources;
mod station;
mod system;

use countersign::request::Version;
use countersign::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::card::Selector;
use crate::station::Station;
pub use item::{ItemName, UnknownItem};
pub use sources::Sources;

/// What a value says where nothing could be read.
pub const NOT_READABLE: &str = "not readable";

/// A report, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always `countersign-station-report`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// When it was made, by the date that the operator confirmed.
    pub made: Timestamp,
    /// What it is about, in the order of [`ItemName::ALL`].
    pub items: Vec<Item>,
    /// What the operator left out of it.
    pub left_out: Vec<ItemName>,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// A station's report.
    #[serde(rename = "countersign-station-report")]
    StationReport,
}

/// One thing that a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Which one.
    pub item: ItemName,
    /// What was found, in order; a name can come more than once.
    pub facts: Vec<Fact>,
}

/// Something that was found. Both texts are safe to show, and no longer than a screen's line or
/// ten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// What was found; [`NOT_READABLE`] where nothing was.
    pub value: String,
}

/// What a report is about, beside the machine.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The station.
    pub station: &'a Station,
    /// Which card; the default is every one that is there.
    pub card: &'a Selector,
    /// The date that the operator confirmed.
    pub confirmed: Timestamp,
    /// The machine's clock at that moment.
    pub clock: Timestamp,
}

impl Report {
    /// Looks at everything but `without`. What cannot be read says so in its value.
    pub fn make(subject: &Subject<'_>, sources: &Sources, without: &[ItemName]) -> Self {
        let asked = ItemName::ALL.into_iter().filter(|item| !without.contains(item));
        let items = asked.map(|item| Item { item, facts: item.facts(subject, sources) });
        let left_out = ItemName::ALL.into_iter().filter(|item| without.contains(item));
        Self {
            format: Format::StationReport,
            version: Version,
            made: subject.confirmed,
            items: items.collect(),
            left_out: left_out.collect(),
        }
    }

    /// The same without an item.
    #[must_use]
    pub fn without(mut self, item: ItemName) -> Self {
        self.items.retain(|there| there.item != item);
        self.left_out.push(item);
        self.left_out.sort();
        self.left_out.dedup();
        self
    }

    /// The one spelling of this report: what is written.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has only string keys");
        text.push('\n');
        text
    }
}

impl Fact {
    /// A fact from untrusted text: what a screen would not show as itself is escaped, and what is
    /// longer than 500 characters is cut, so that the screen shows just what is written.
    fn new(name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let safe = |text: &str| {
            let clipped = countersign::safe::clip(text);
            countersign::safe::Safe(&clipped).to_string()
        };
        Self { name: safe(name.as_ref()), value: safe(value.as_ref()) }
    }

    /// A fact that may not be readable.
    fn read(name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => Self::new(name, value),
            None => Self::new(name, NOT_READABLE),
        }
    }
}

#[cfg(test)]
mod tests;
