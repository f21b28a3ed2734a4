//! `countersign module verify`: one line a module, details on demand.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::JudgeArgs;
use super::keyring::{Keys, gather};
use super::progress::Progress;
use super::{Exit, Failure};
use crate::cli::args::{Common, Form};
use crate::module::explain::difference;
use crate::module::{Installed, freepbx, strict};
use crate::safe::{Safe, clip};
use crate::time::Timestamp;

/// Most problems that are listed for one module; a changed module may have thousands.
const MOST: usize = 50;

pub(super) fn run(
    common: &Common,
    folders: &[PathBuf],
    judge: &JudgeArgs,
    details: bool,
    form: &Form,
) -> Result<(), Failure> {
    let keys = gather(common, &judge.keys)?;
    let now = crate::cli::now(common.time);
    let progress = Progress::over(folders.len(), common);
    let mut bad = 0;
    for folder in folders {
        let good = one(folder, &keys, judge, now, &progress, |judged| match form.json {
            true => crate::say!("{}", judged.json(folder)),
            false if common.quiet && judged.strict.is_good() => {}
            false => judged.print(details),
        });
        bad += usize::from(!good?);
    }
    progress.finish();
    match bad {
        0 => Ok(()),
        _ => {
            let are = if bad == 1 { "is" } else { "are" };
            let text = format!("{bad} of {} modules {are} not good", folders.len());
            Err(Failure::say(Exit::Untrue, text))
        }
    }
}

/// Judges one module, and tells whether it is good.
fn one(
    folder: &Path,
    keys: &Keys,
    judge: &JudgeArgs,
    now: Timestamp,
    progress: &Progress,
    tell: impl FnOnce(&Judged<'_>),
) -> Result<bool, Failure> {
    progress.begin(folder);
    let installed = match Installed::read(folder, &judge.root, &progress.counter()) {
        Ok(installed) => installed,
        Err(error) => {
            progress.suspend(|| Failure::new(Exit::Failed, error).report());
            return Ok(false);
        }
    };
    let keyring = keys.for_text(installed.reading().map(|reading| &reading.signed))?;
    let strict = installed.strict(&keyring, judge.weak(), now);
    let freepbx = installed.freepbx(&keyring, now);
    let good = strict.is_good();
    progress.suspend(|| tell(&Judged { installed: &installed, strict, freepbx }));
    Ok(good)
}

/// A module with both verdicts.
struct Judged<'a> {
    installed: &'a Installed,
    strict: strict::Verdict<'a>,
    freepbx: freepbx::Verdict,
}

impl Judged<'_> {
    fn print(&self, details: bool) {
        let mark = if self.strict.is_good() { "good" } else { "BAD " };
        let name = Safe(&clip(self.installed.folder())).to_string();
        let (ours, status) = (in_short(&self.strict), self.freepbx.status);
        let theirs = format!("{} {}", status.number(), status.words());
        crate::say!("{mark}  {name:<24} {ours}  FreePBX: {}", theirs.trim_end());
        if let Some(sentence) = difference(&self.strict, &self.freepbx) {
            crate::say!("      why FreePBX differs: {sentence}");
        }
        if details {
            self.print_details();
        }
    }

    fn print_details(&self) {
        for problem in self.strict.problems.iter().take(MOST) {
            crate::say!("      {}: {problem}", problem.name());
        }
        if let Some(more) = self.strict.problems.len().checked_sub(MOST).filter(|more| *more > 0) {
            crate::say!("      and {more} more");
        }
        for note in &self.strict.notes {
            crate::say!("      note: {}", note.sentence());
        }
        for detail in self.freepbx.details.iter().take(MOST) {
            crate::say!("      FreePBX says: {detail}");
        }
        if let Some(reading) = self.installed.reading() {
            let explained = crate::module::explain::Explained { reading, verdict: &self.strict };
            for line in explained.to_string().lines() {
                crate::say!("      {line}");
            }
        }
    }

    fn json(&self, folder: &Path) -> Value {
        let problems = self
            .strict
            .problems
            .iter()
            .map(|problem| json!({ "name": problem.name(), "sentence": problem.to_string() }));
        let signer = self.strict.signer.as_ref();
        json!({
            "version": 1,
            "folder": folder.display().to_string(),
            "module": self.installed.folder(),
            "strict": {
                "good": self.strict.is_good(),
                "problems": problems.collect::<Vec<_>>(),
                "notes": self.strict.notes.iter().map(|n| n.sentence()).collect::<Vec<_>>(),
            },
            "signer": signer.map(|s| s.key.certificate().fingerprint()),
            "signed": signer.map(|s| s.made),
            "freepbx": {
                "status": self.freepbx.status.number(),
                "words": self.freepbx.status.words(),
                "details": self.freepbx.details.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "checked": self.freepbx.checked,
            },
            "difference": difference(&self.strict, &self.freepbx),
        })
    }
}

/// The strict verdict in one sentence: the first thing that is wrong, or why nothing is.
fn in_short(verdict: &strict::Verdict<'_>) -> String {
    match verdict.problems.as_slice() {
        [] => {}
        [one] => return one.to_string(),
        [first, rest @ ..] => return format!("{first} (and {} more)", rest.len()),
    }
    let by = match &verdict.chain {
        Some(chain) if chain.own.is_none() => {
            chain.counting().first().map(|word| word.by.certificate().fingerprint().key_id())
        }
        Some(_) | None => None,
    };
    let grounds = by.map_or("signed by a master".to_owned(), |by| format!("certified by {by}"));
    match verdict.notes.first() {
        Some(note) => format!("{grounds}; {}", note.sentence()),
        None => grounds,
    }
}
