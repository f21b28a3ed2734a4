//! An effect in words: a table of what changes, then counts.

use std::fmt::Write as _;

use super::effect::{Change, Effect, Module, Role, Signatory};
use super::view::View;
use crate::safe::{Safe, clip, counted};

/// Most lines of a table.
const MOST: usize = 200;

/// `14 developers, 63 modules would stop`, and who says so.
pub fn counts(effect: &Effect) -> String {
    let counts = effect.counts();
    let mut text = format!("{} would stop", stopping(effect));
    let by = |freepbx: fn(&Change<Signatory>) -> bool, module: fn(&Change<Module>) -> bool| {
        let developers = effect.developers().filter(|c| freepbx(c)).count();
        (developers, effect.modules.iter().filter(|c| module(c)).count())
    };
    if (counts.developers_stop, counts.modules_stop) != (0, 0) {
        let freepbx = by(Change::stops_for_freepbx, Change::stops_for_freepbx);
        let strictly = by(Change::stops_strictly, Change::stops_strictly);
        let _ = write!(
            text,
            " (FreePBX: {} and {}; strictly: {} and {})",
            freepbx.0, freepbx.1, strictly.0, strictly.1
        );
    }
    if (counts.developers_begin, counts.modules_begin) != (0, 0) {
        let _ = write!(
            text,
            "; {}, {} would begin to count",
            counted(counts.developers_begin, "developer"),
            counted(counts.modules_begin, "module")
        );
    }
    text
}

/// What stops, in the words that a person types to confirm it: `14 developers, 63 modules`.
pub fn stopping(effect: &Effect) -> String {
    let counts = effect.counts();
    format!(
        "{}, {}",
        counted(counts.developers_stop, "developer"),
        counted(counts.modules_stop, "module")
    )
}

/// A table of everybody and everything that changes, with a line for each; empty where nothing
/// does.
pub fn table(effect: &Effect) -> String {
    let mut out = String::new();
    let signatories = effect.signatories.iter().map(|c| (who(&c.subject), &c.before, &c.after));
    let modules = effect.modules.iter();
    let modules =
        modules.map(|c| (format!("module {}", clip(&c.subject.name)), &c.before, &c.after));
    let all = effect.signatories.len() + effect.modules.len();
    for (who, before, after) in signatories.chain(modules).take(MOST) {
        row(&mut out, &who, before, after);
    }
    if let Some(more) = all.checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {more} more (all of them with --json)");
    }
    out
}

fn who(signatory: &Signatory) -> String {
    let role = match signatory.role {
        Role::Master => "master",
        Role::Developer => "developer",
    };
    format!("{role} {}  {}", signatory.fingerprint, clip(&signatory.name))
}

fn row(out: &mut String, who: &str, before: &View, after: &View) {
    let _ = writeln!(out, "{}", Safe(who));
    let strictly = |view: &View| match view.problems.first() {
        None => "good".to_owned(),
        Some(problem) => format!("BAD: {problem}"),
    };
    let mut line = |label: &str, before: String, after: String| {
        if before == after {
            let _ = writeln!(out, "    {label:<9} {before}, as before");
        } else {
            let _ = writeln!(out, "    {label:<9} {before} → {after}");
        }
    };
    line("gpg", before.gpg.to_string(), after.gpg.to_string());
    line("FreePBX", before.freepbx.to_string(), after.freepbx.to_string());
    line("strictly", strictly(before), strictly(after));
}
