//! What was rehearsed, as the station keeps it until the real session.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use countersign::digest::Sha256;
use countersign::fingerprint::Fingerprint;
use countersign::request::{RequestId, Version};
use countersign::time::Timestamp;

/// Longest rehearsal that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// What was rehearsed, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// Always `countersign-rehearsal`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// When, by the date that the operator confirmed.
    pub made: Timestamp,
    /// The digest of the policy in force.
    pub policy: Sha256,
    /// The master that was stood in for.
    pub master: Fingerprint,
    /// The card that is to sign, `MANUFACTURER:SERIAL`, where it was in the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Each request that was signed: SHA-256 of each digest that the master's card will be given.
    pub requests: BTreeMap<RequestId, Vec<Sha256>>,
    /// Requests that were there and not signed: refused, or left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub others: BTreeSet<RequestId>,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// A rehearsal.
    #[serde(rename = "countersign-rehearsal")]
    Rehearsal,
}

/// What the real session is about to do.
#[derive(Clone, Debug)]
pub struct Real {
    /// The digest of the policy in force.
    pub policy: Sha256,
    /// The master that signs.
    pub master: Fingerprint,
    /// The card that it is on.
    pub card: String,
    /// Each request that is to be signed, as in [`Rehearsal::requests`].
    pub requests: BTreeMap<RequestId, Vec<Sha256>>,
}

/// In what a session is not what was rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another policy is in force.
    Policy {
        /// The policy's digest now.
        actual: Sha256,
        /// At the rehearsal.
        expected: Sha256,
    },
    /// Another master signs.
    Master {
        /// The master now.
        actual: Fingerprint,
        /// At the rehearsal.
        expected: Fingerprint,
    },
    /// Another card is in the reader.
    Card {
        /// The card now.
        actual: String,
        /// At the rehearsal.
        expected: String,
    },
    /// A request that was not rehearsed, or not signed in the rehearsal.
    NotRehearsed(RequestId),
    /// A request that was rehearsed, and is not to be signed now.
    Missing(RequestId),
    /// A request for which other bytes would be signed.
    OtherBytes(RequestId),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { actual, expected } => {
                write!(f, "the policy is {}, rehearsed was {}", actual.short(), expected.short())
            }
            Self::Master { actual, expected } => {
                write!(f, "the master is {actual}, rehearsed was {expected}")
            }
            Self::Card { actual, expected } => {
                write!(f, "the card is {actual}, at the rehearsal it was {expected}")
            }
            Self::NotRehearsed(id) => write!(f, "request {} was not rehearsed", id.0.short()),
            Self::Missing(id) => {
                write!(f, "request {} was rehearsed, and is not to be signed", id.0.short())
            }
            Self::OtherBytes(id) => {
                write!(f, "request {}: other bytes than those rehearsed", id.0.short())
            }
        }
    }
}

impl Rehearsal {
    /// The one spelling, with a final newline.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("its keys are strings");
        text.push('\n');
        text
    }

    /// Reads what the station kept.
    ///
    /// # Errors
    /// Where it is no rehearsal.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// How many signatures were rehearsed.
    pub fn signatures(&self) -> usize {
        self.requests.values().map(Vec::len).sum()
    }

    /// What differs before anybody is asked for consent: the requests that are there, each with
    /// what it asks for; `decided` tells of a request whether it was decided on since.
    pub fn differs_from(
        &self,
        policy: Sha256,
        there: &BTreeMap<RequestId, Option<Vec<Sha256>>>,
        decided: impl Fn(RequestId) -> bool,
    ) -> Vec<Difference> {
        let mut found = self.of_policy(policy);
        for (id, bytes) in there {
            match self.requests.get(id) {
                Some(rehearsed) if bytes.as_ref() != Some(rehearsed) => {
                    found.push(Difference::OtherBytes(*id));
                }
                None if !self.others.contains(id) && !decided(*id) => {
                    found.push(Difference::NotRehearsed(*id));
                }
                Some(_) | None => {}
            }
        }
        let missing = self.requests.keys().filter(|id| !there.contains_key(id));
        found.extend(missing.filter(|id| !decided(**id)).map(|id| Difference::Missing(*id)));
        found
    }

    fn of_policy(&self, actual: Sha256) -> Vec<Difference> {
        let expected = self.policy;
        match actual == expected {
            true => Vec::new(),
            false => vec![Difference::Policy { actual, expected }],
        }
    }

    /// Everything in which `real` differs; `signed` tells of a request whether it was signed since.
    pub fn differences(&self, real: &Real, signed: impl Fn(RequestId) -> bool) -> Vec<Difference> {
        let mut found = self.of_policy(real.policy);
        if real.master != self.master {
            let (actual, expected) = (real.master, self.master);
            found.push(Difference::Master { actual, expected });
        }
        if let Some(expected) = self.card.clone().filter(|card| *card != real.card) {
            found.push(Difference::Card { actual: real.card.clone(), expected });
        }
        found.extend(real.requests.iter().filter_map(|(id, bytes)| match self.requests.get(id) {
            None => Some(Difference::NotRehearsed(*id)),
            Some(rehearsed) if rehearsed != bytes => Some(Difference::OtherBytes(*id)),
            Some(_) => None,
        }));
        let missing = self.requests.keys().filter(|id| !real.requests.contains_key(id));
        found.extend(missing.filter(|id| !signed(**id)).map(|id| Difference::Missing(*id)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> RequestId {
        RequestId(Sha256::of(name))
    }

    fn rehearsal() -> Rehearsal {
        Rehearsal {
            format: Format::Rehearsal,
            version: Version,
            made: Timestamp::from_unix(1_790_000_000),
            policy: Sha256::of("policy"),
            master: Fingerprint::from([1; 20]),
            card: Some("0000:1".into()),
            requests: [(id("a"), vec![Sha256::of("1")]), (id("b"), Vec::new())].into(),
            others: [id("refused")].into(),
        }
    }

    fn real() -> Real {
        let Rehearsal { policy, master, requests, .. } = rehearsal();
        Real { policy, master, card: "0000:1".into(), requests }
    }

    fn differs(bend: impl Fn(&mut Real)) -> Vec<Difference> {
        let mut now = real();
        bend(&mut now);
        rehearsal().differences(&now, |id| id == self::id("signed"))
    }

    #[test]
    fn what_is_the_same_is_the_same() {
        assert_eq!(differs(|_| {}), []);
        let text = rehearsal().text();
        assert_eq!(Rehearsal::parse(text.as_bytes()).expect("reads"), rehearsal());
        assert!(Rehearsal::parse(text.replace("made", "done").as_bytes()).is_err());
    }

    #[test]
    fn each_difference_is_found() {
        let policy = differs(|r| r.policy = Sha256::ZERO);
        assert!(matches!(policy[..], [Difference::Policy { .. }]));
        let master = differs(|r| r.master = Fingerprint::from([2; 20]));
        assert!(matches!(master[..], [Difference::Master { .. }]));
        let card = differs(|r| r.card = "0000:2".into());
        assert!(matches!(card[..], [Difference::Card { .. }]));
        let more = differs(|r| drop(r.requests.insert(id("c"), Vec::new())));
        assert_eq!(more, [Difference::NotRehearsed(id("c"))]);
        assert_eq!(differs(|r| drop(r.requests.remove(&id("a")))), [Difference::Missing(id("a"))]);
        let other = differs(|r| drop(r.requests.insert(id("a"), vec![Sha256::of("2")])));
        assert_eq!(other, [Difference::OtherBytes(id("a"))]);
    }

    #[test]
    fn what_differs_is_found_before_anybody_is_asked() {
        let asks = |bytes: &[&str]| Some(bytes.iter().map(Sha256::of).collect::<Vec<_>>());
        let there = BTreeMap::from([
            (id("a"), asks(&["1"])),
            (id("b"), asks(&[])),
            (id("refused"), asks(&["3"])),
            (id("decided"), asks(&["4"])),
        ]);
        let differs = |there: &BTreeMap<_, _>| {
            rehearsal().differs_from(Sha256::of("policy"), there, |id| id == self::id("decided"))
        };
        assert_eq!(differs(&there), []);
        let with = |name, bytes| {
            let mut there = there.clone();
            there.insert(id(name), bytes);
            differs(&there)
        };
        assert_eq!(with("stranger", asks(&["5"])), [Difference::NotRehearsed(id("stranger"))]);
        assert_eq!(with("a", asks(&["2"])), [Difference::OtherBytes(id("a"))]);
        assert_eq!(with("a", None), [Difference::OtherBytes(id("a"))]);
        let mut less = there.clone();
        less.remove(&id("b"));
        assert_eq!(differs(&less), [Difference::Missing(id("b"))]);
        let policy = rehearsal().differs_from(Sha256::ZERO, &there, |_| true);
        assert!(matches!(policy[..], [Difference::Policy { .. }]));
    }

    #[test]
    fn what_was_signed_since_is_not_missing() {
        let mut before = rehearsal();
        before.requests.insert(id("signed"), Vec::new());
        assert_eq!(before.differences(&real(), |id| id == self::id("signed")), []);
    }

    #[test]
    fn without_a_card_at_the_rehearsal_any_may_sign() {
        let before = Rehearsal { card: None, ..rehearsal() };
        assert_eq!(before.differences(&Real { card: "0000:2".into(), ..real() }, |_| false), []);
    }
}
