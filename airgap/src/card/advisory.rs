//! What makers said about weak cards: a list that the program carries, and how old it is.
//!
//! It knows what its date knows. A card that it does not name may be weak all the same: it is
//! matched by manufacturer and firmware, and a maker who puts a weak chip into a card under another
//! name is not found.

use std::fmt;

use serde::Deserialize;

use countersign::time::Timestamp;

use super::model::{Firmware, Model};

/// Days after which the list counts as old.
const OLD: u32 = 365;

/// The list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisories {
    date: String,
    advisory: Vec<Advisory>,
}

/// One advisory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its name at the maker's.
    pub id: String,
    /// Its public number.
    #[serde(default)]
    pub cve: Option<String>,
    manufacturer: u16,
    #[serde(default)]
    from: Option<Firmware>,
    #[serde(default)]
    below: Option<Firmware>,
    /// What is weak.
    pub concern: Concern,
    /// What it is about.
    pub summary: String,
    /// What to do.
    pub advice: String,
    /// Where it was said.
    pub source: String,
}

/// What is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// RSA keys that the card made itself.
    RsaMadeOnCard,
    /// Every use of RSA.
    Rsa,
    /// That a signature needs the PIN.
    Signing,
    /// ECDSA, which no master uses.
    Ecdsa,
    /// That keys stay in the card.
    Extraction,
}

impl Concern {
    /// Whether an RSA master may be at risk.
    pub fn touches_masters(self) -> bool {
        match self {
            Self::RsaMadeOnCard | Self::Rsa | Self::Signing | Self::Extraction => true,
            Self::Ecdsa => false,
        }
    }
}

impl Advisories {
    /// The list that this program carries.
    pub fn bundled() -> Self {
        toml::from_str(include_str!("advisories.toml")).expect("a test reads the same file")
    }

    /// Those about this kind of card.
    pub fn about<'a>(&'a self, model: &Model) -> impl Iterator<Item = &'a Advisory> {
        self.advisory.iter().filter(|a| a.is_about(model))
    }

    /// How old the list is, for people.
    pub fn age(&self, now: Timestamp) -> String {
        let days = Timestamp::parse(&self.date).map_or(0, |date| now.since(date) / Timestamp::DAY);
        let old = if days > OLD { ": OLD, a newer program has a newer one" } else { "" };
        format!("list of {}, {days} days old{old}", self.date)
    }

    /// What a person should know of this kind of card, a line each; the last is how old the list
    /// is.
    pub fn lines(&self, model: &Model, now: Timestamp) -> Vec<String> {
        let mut lines: Vec<String> = self.about(model).map(ToString::to_string).collect();
        let found =
            if lines.is_empty() { "none known about this kind of card" } else { "see above" };
        lines.push(format!("advisories: {found} ({})", self.age(now)));
        lines
    }
}

impl Advisory {
    /// A card that does not tell its firmware is counted in: better one word too many.
    fn is_about(&self, model: &Model) -> bool {
        let (from, below) = (self.from, self.below);
        self.manufacturer == model.manufacturer
            && model.firmware.is_none_or(|actual| {
                from.is_none_or(|from| from <= actual) && below.is_none_or(|below| actual < below)
            })
    }
}

impl fmt::Display for Advisory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = if self.concern.touches_masters() { "ADVISORY" } else { "advisory" };
        let cve = self.cve.as_ref().map_or(String::new(), |cve| format!(", {cve}"));
        let Self { id, summary, advice, .. } = self;
        write!(f, "{weight} {id}{cve}: {summary}; {advice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manufacturer: u16, firmware: Option<&str>) -> Vec<String> {
        let firmware = firmware.map(|f| f.parse().expect("a version"));
        let model = Model { manufacturer, firmware };
        Advisories::bundled().about(&model).map(|a| a.id.clone()).collect()
    }

    #[test]
    fn cards_are_matched_by_maker_and_firmware() {
        let yubico = |firmware| found(0x0006, Some(firmware));
        assert_eq!(yubico("1.0.9"), ["YSA-2015-1", "YSA-2024-03"]);
        assert_eq!(yubico("1.0.10"), ["YSA-2024-03"]);
        assert_eq!(yubico("4.2.6"), ["YSA-2017-01", "YSA-2024-03"]);
        assert_eq!(yubico("4.3.4"), ["YSA-2017-01", "YSA-2024-03"]);
        assert_eq!(yubico("4.3.5"), ["YSA-2024-03"]);
        assert_eq!(yubico("4.4.4"), ["YSA-2019-02", "YSA-2024-03"]);
        assert_eq!(yubico("5.6.255"), ["YSA-2024-03"]);
        assert!(yubico("5.7.0").is_empty());
        assert!(found(0x0000, None).is_empty());
        assert_eq!(found(0xf517, None), ["nitrokey-start-firmware#14"]);
        assert_eq!(found(0x0006, None).len(), 4, "an unknown firmware counts in");
    }

    #[test]
    fn the_list_says_how_old_it_is() {
        let list = Advisories::bundled();
        let at = |text| Timestamp::parse(text).expect("a date");
        assert_eq!(list.age(at("2026-12-02")), "list of 2026-11-22, 10 days old");
        assert!(list.age(at("2028-01-01")).contains("OLD"));
        assert!(Timestamp::parse(&list.date).is_ok());
        let model = Model { manufacturer: 0, firmware: None };
        let lines = list.lines(&model, at("2026-12-02"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("advisories: none known"), "{lines:?}");
    }

    #[test]
    fn each_says_where_it_was_said() {
        for advisory in Advisories::bundled().advisory {
            assert!(advisory.source.starts_with("https://"), "{}", advisory.id);
            assert!(advisory.from.is_none_or(|f| advisory.below.is_some_and(|b| f < b)));
            assert!(toml::from_str::<Advisories>("date = \"2026-01-01\"").is_err());
        }
    }
}
