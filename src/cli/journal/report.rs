//! What an audit of one journal found, on the screen.

use serde_json::json;

use crate::journal::{Audited, Explanation, MAX_FINDINGS};
use crate::safe::{Safe, counted};

/// Prints what was found in the journal of `station`; returns how much of it is wrong.
pub fn report(station: &str, audited: &Audited, json: bool) -> usize {
    let wrong = audited.findings.len().saturating_add(usize::try_from(audited.more).unwrap_or(0));
    if json {
        crate::say!("{}", as_json(station, audited));
        return wrong;
    }
    let (entries, sessions) = (number(audited.entries), number(audited.uncovered.sessions()));
    let signatures = number(audited.signatures);
    crate::say!(
        "{}, {}, {}, {}: the chain holds",
        counted(entries, "entry"),
        counted(sessions, "session"),
        counted(signatures, "signature"),
        counted(audited.records.len(), "signed record"),
    );
    if let Some((first, last)) = audited.span {
        crate::say!("from {first} to {last}");
    }
    explanations(audited);
    match audited.uncovered.signatures() {
        0 => {}
        more => crate::say!("{} after the last record: in none yet", counted(more, "signature")),
    }
    if let Some((entry, master)) = audited.unvouched {
        crate::say!(
            "from entry {entry} on by {master}, a master once: no record by one of today's covers it"
        );
    }
    for finding in &audited.findings {
        crate::say!("WRONG {}", Safe(&finding.to_string()));
    }
    if audited.more > 0 {
        crate::say!("and {} more", audited.more);
    }
    crate::cli::put(format_args!("{}", crate::screen::digest_lines(&audited.head)));
    wrong
}

/// What people said of counters that were not what the journal adds up to.
fn explanations(audited: &Audited) {
    let (back, ahead): (Vec<_>, Vec<_>) =
        audited.explanations.iter().partition(|explanation| explanation.unknown < 0);
    if audited.explained > 0 {
        let unknown = counted(number(audited.explained), "signature");
        crate::say!("{unknown} that the cards counted and the journal does not have:");
    }
    for Explanation { entry, at, card, unknown, text } in ahead {
        crate::say!("  {at}, entry {entry}, card {}, {unknown:+}: {}", Safe(card), Safe(text));
    }
    for Explanation { entry, at, card, unknown, text } in back {
        let (card, text, by) = (Safe(card), Safe(text), unknown.unsigned_abs());
        crate::say!("the counter of card {card} went back by {by}:");
        crate::say!("  {at}, entry {entry}: {text}");
    }
    if audited.explanations.len() == MAX_FINDINGS {
        crate::say!("  of what was said no more than the first {MAX_FINDINGS} are shown");
    }
}

fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn as_json(station: &str, audited: &Audited) -> serde_json::Value {
    let findings: Vec<String> = audited.findings.iter().map(ToString::to_string).collect();
    let explanations = audited.explanations.iter().map(|e| {
        json!({
            "entry": e.entry,
            "at": e.at,
            "card": e.card,
            "unknown": e.unknown,
            "explanation": e.text,
        })
    });
    let explanations: Vec<serde_json::Value> = explanations.collect();
    json!({
        "version": 1,
        "station": station,
        "entries": audited.entries,
        "head": audited.head,
        "first": audited.span.map(|(first, _)| first),
        "last": audited.span.map(|(_, last)| last),
        "sessions": audited.uncovered.sessions(),
        "signatures": audited.signatures,
        "records": audited.records.len(),
        "in_no_record": audited.uncovered.signatures(),
        "unvouched": audited.unvouched.map(|(entry, _)| entry),
        "explained": audited.explained,
        "went_back": audited.went_back,
        "explanations": explanations,
        "wrong": findings,
        "more": audited.more,
    })
}
