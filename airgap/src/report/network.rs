//! Network interfaces by name, and whether they are up. Their addresses are not read.

use super::sources::MOST_NAMES;
use super::{Fact, Sources};

pub(super) fn facts(sources: &Sources) -> Vec<Fact> {
    let Some(names) = sources.names("sys/class/net") else {
        return vec![Fact::read("interfaces", None::<&str>)];
    };
    let others = names.iter().filter(|name| *name != "lo");
    let mut facts: Vec<Fact> = others
        .map(|name| {
            let state = sources.line(&format!("sys/class/net/{name}/operstate"));
            Fact::read(&without_address(name), state)
        })
        .collect();
    if names.len() > MOST_NAMES {
        facts.push(Fact::new("more", "not listed"));
    }
    if facts.is_empty() { vec![Fact::new("interfaces", "none but lo")] } else { facts }
}

/// systemd names what is plugged in after its address: `enx0123456789ab`.
fn without_address(name: &str) -> String {
    const DIGITS: usize = 12;
    let hex = |at: &usize| {
        let digits = name.as_bytes().get(*at..at + DIGITS);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    // A hex digit is a character of its own, so both cuts are between characters.
    match (0..name.len()).find(hex) {
        Some(at) => format!("{}…{}", &name[..at], &name[at + DIGITS..]),
        None => name.to_owned(),
    }
}
