//! What a person reads of a batch: the screen, the list in a file, its pages.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use redb::ReadableTable as _;

use countersign::exchange::{self, ExchangeError};
use countersign::fingerprint::Fingerprint;
use countersign::policy::Context;
use countersign::safe::Safe;
use countersign::scratch::ScratchError;
use countersign::screen;

use super::{Agreements, Batch, BatchError, ITEMS};
use crate::console::Console;

/// Names on the first screen.
const FIRST: usize = 12;
/// Names on each page of the list.
const PAGE: usize = 20;

impl Batch {
    /// Writes the whole list to `folder`, and returns its path.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn write_list(&self, folder: &Path) -> Result<PathBuf, BatchError> {
        let digest = self.digest()?.to_string();
        let path = folder.join(format!("{}.txt", &digest[..16]));
        let error = |source| ExchangeError::Io { path: path.clone(), action: "written", source };
        let mut text = io::BufWriter::new(tempfile::tempfile().map_err(error)?);
        let _ = writeln!(text, "{} requests, digest {digest}", self.count);
        for row in self.tables.table(ITEMS)?.iter().map_err(ScratchError::from)? {
            let (place, row) = row.map_err(ScratchError::from)?;
            let (_, _, line) = row.value();
            writeln!(text, "{:>7}  {line}", place.value() + 1).map_err(error)?;
        }
        let mut file = text.into_inner().map_err(|e| error(e.into_error()))?;
        io::Seek::rewind(&mut file).map_err(error)?;
        std::fs::create_dir_all(folder).map_err(error)?;
        exchange::write_from(&path, &mut file)?;
        Ok(path)
    }

    pub(super) fn screen(
        &self,
        context: &Context<'_>,
        list: Option<&Path>,
    ) -> Result<String, BatchError> {
        let mut out = format!("\n{}\n", "─".repeat(78));
        let _ = writeln!(out, "A BATCH: RECERTIFY {} DEVELOPERS", self.count);
        let _ = writeln!(out, "every rule holds for each of them, without a note\n");
        let named = |key: Fingerprint| {
            let named = context.policy.masters.iter().find(|m| m.fingerprint == key);
            named.map_or(String::new(), |m| Safe(&m.name).to_string())
        };
        for ((from, to), count) in &self.masters {
            let _ = writeln!(out, "{:<13} {count}", "how many");
            for (label, key) in [("certified by", from), ("to be by", to)] {
                let _ = writeln!(out, "{label:<13} {}\n{:<13} {}", key.spaced(), "", named(*key));
            }
        }
        let until = match self.ends {
            Some((first, last)) if first.date() == last.date() => first.date(),
            Some((first, last)) => {
                format!("{} at the earliest, {} at the latest", first.date(), last.date())
            }
            None => String::new(),
        };
        let endless = match self.endless {
            0 => String::new(),
            n => format!(" {n} WITHOUT END"),
        };
        let _ = writeln!(out, "{:<13} {until}{endless}", "until");
        let _ = writeln!(out, "{:<13} {} to be made", "signatures", self.signatures);
        let Agreements { in_force, other, none } = self.agreements;
        let _ = writeln!(
            out,
            "{:<13} {in_force} accepted the one in force, {other} another one, {none} none on record\n",
            "agreement"
        );
        for line in self.lines(0, FIRST)? {
            let _ = writeln!(out, "{line}");
        }
        if let Some(more) = self.count.checked_sub(FIRST).filter(|more| *more > 0) {
            let _ = writeln!(out, "         and {more} more");
        }
        if let Some(list) = list {
            let _ = writeln!(out, "all of them: {}", Safe(&list.display().to_string()));
        }
        let _ = write!(out, "\ndigest of the batch\n{}", screen::digest_lines(&self.digest()?));
        Ok(out)
    }

    pub(super) fn page_through(&self, console: &mut impl Console) -> Result<(), BatchError> {
        let mut from = 0;
        while from < self.count {
            for line in self.lines(from, PAGE)? {
                console.show(&format!("{line}\n"));
            }
            from += PAGE;
            if from < self.count {
                let question =
                    format!("{from} of {}. Enter for more, any word to stop: ", self.count);
                match console.ask(&question)?.as_deref() {
                    Some("") => {}
                    Some(_) | None => break,
                }
            }
        }
        Ok(())
    }

    fn lines(&self, from: usize, most: usize) -> Result<Vec<String>, ScratchError> {
        let items = self.tables.table(ITEMS)?;
        let mut lines = Vec::new();
        for row in items.range(from as u64..)?.take(most) {
            let (place, row) = row?;
            lines.push(format!("{:>7}  {}", place.value() + 1, row.value().2));
        }
        Ok(lines)
    }
}
