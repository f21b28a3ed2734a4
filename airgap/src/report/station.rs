//! What the station is: its program, its rules, its journal, its date.

use countersign::journal::{End, Entry};
use countersign::safe::chain;

use super::{Fact, Sources, Subject};
use crate::software;

pub(super) fn software() -> Vec<Fact> {
    let this = software::this().ok();
    let image = this.as_ref().map(|s| s.image.map_or("none".to_owned(), |i| i.to_string()));
    vec![
        Fact::new("name", crate::station::SOFTWARE),
        Fact::read("binary sha256", this.as_ref().map(|s| s.binary.to_string())),
        Fact::read("image sha256", image),
    ]
}

pub(super) fn policy(subject: &Subject<'_>) -> Vec<Fact> {
    let policy = subject.station.authority().policy();
    let masters = policy.masters.iter().map(|m| Fact::new("master", m.fingerprint.to_string()));
    let facts = [
        Fact::new("authority", &policy.name),
        Fact::new("policy sha256", policy.digest().to_string()),
    ];
    facts.into_iter().chain(masters).collect()
}

pub(super) fn journal(subject: &Subject<'_>) -> Vec<Fact> {
    let (mut entries, mut first) = (0_u64, None);
    let count = |entry: &Entry| {
        entries += 1;
        // The second entry names the digest of the first one.
        if entry.sequence == 1 {
            first = Some(entry.previous);
        }
    };
    let (head, end) = match subject.station.read_journal(count) {
        Ok(found) => found,
        Err(error) => {
            return vec![Fact::new("chain", format!("{}: {}", super::NOT_READABLE, chain(&error)))];
        }
    };
    let chain = match end {
        End::Whole => "holds".to_owned(),
        End::Torn { at } => format!("holds; the last line is cut off at byte {at}"),
    };
    vec![
        Fact::new("entries", entries.to_string()),
        Fact::new("chain", chain),
        Fact::new("first sha256", first.unwrap_or(head).to_string()),
        Fact::new("head sha256", head.to_string()),
    ]
}

pub(super) fn clock(subject: &Subject<'_>, sources: &Sources) -> Vec<Fact> {
    let source = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    vec![
        Fact::new("confirmed", subject.confirmed.to_string()),
        Fact::new("machine", subject.clock.to_string()),
        Fact::read("clock source", sources.line(source)),
    ]
}
