//! Who is in a batch of requests, and who is not and why: tables on disk, and `INDEX.txt`.

use std::io::{BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use redb::{ReadableTable as _, TableDefinition};

use super::super::Failure;
use crate::authority::{Authority, Developer};
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::operation::OperationName;
use crate::policy::{Judged, Violation};
use crate::request::{MAX_BYTES, Request, RequestId};
use crate::safe::{Safe, clip};
use crate::scratch::{Scratch, ScratchError};
use crate::screen;
use crate::time::Timestamp;

/// What an earlier run left for each key: number and path.
const EXISTING: TableDefinition<'_, [u8; 20], (u64, &str)> = TableDefinition::new("existing");
/// The lines about each request, by its number.
const LISTED: TableDefinition<'_, u64, &str> = TableDefinition::new("listed");
/// The lines about those who are not in it, by key.
const BLOCKED: TableDefinition<'_, [u8; 20], &str> = TableDefinition::new("blocked");
/// The requests for which every rule holds without a note.
const CLEAN: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("clean");

/// Who is in a batch.
pub(super) struct Index {
    tables: Scratch,
    operation: OperationName,
    last: usize,
    tally: Tally,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Requests in the batch.
    pub(super) requests: usize,
    /// Of these, made in this run.
    pub(super) made: usize,
    /// Of all, without all approvals yet.
    pub(super) open: usize,
    /// Of all, with a note.
    pub(super) noted: usize,
    /// Developers who need none.
    pub(super) done: usize,
    /// Developers for whom none can be made.
    pub(super) blocked: usize,
}

/// A request that an earlier run left.
pub(super) struct Existing {
    /// Its number in the batch.
    pub(super) number: usize,
    /// Its path from the output folder on.
    pub(super) path: PathBuf,
}

/// Since when a request is in the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// An earlier run made it.
    Before,
    /// This one did.
    Now,
}

impl Index {
    /// Begins with what an earlier run left in `output`.
    pub(super) fn beside(output: &Path, operation: OperationName) -> Result<Self, Failure> {
        let tables = Scratch::beside(output)?;
        let mut index = Self { tables, operation, last: 0, tally: Tally::default() };
        let mut left = Ok(());
        exchange::visit_batches(output, ".request.asc", exchange::MAX_LISTED, |path| {
            if left.is_ok() {
                left = index.left(output, &path);
            }
        })?;
        left.map(|()| index)
    }

    /// Takes up one file of an earlier run: number and key.
    fn left(&mut self, output: &Path, path: &Path) -> Result<(), Failure> {
        if !path.starts_with(self.operation.as_str()) {
            return Ok(());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.split('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        self.last = self.last.max(number);
        let Ok(bytes) = exchange::read_beneath(output, path, MAX_BYTES) else { return Ok(()) };
        let Ok(request) = Request::parse(&bytes, MAX_BYTES) else { return Ok(()) };
        let certificate = request.certificate(&[]).ok().flatten();
        if let (Some(key), Some(path)) = (certificate.map(|c| c.fingerprint()), path.to_str()) {
            let mut table = self.tables.table(EXISTING)?;
            table.insert(key.as_bytes(), (number as u64, path)).map_err(ScratchError::from)?;
        }
        Ok(())
    }

    /// The request that an earlier run left for a key.
    pub(super) fn existing(&self, key: Fingerprint) -> Result<Option<Existing>, ScratchError> {
        let found = self.tables.table(EXISTING)?;
        let found = found.get(key.as_bytes())?.map(|row| {
            let (number, path) = row.value();
            Existing { number: usize::try_from(number).unwrap_or(0), path: path.into() }
        });
        Ok(found.filter(|existing| existing.number > 0))
    }

    /// The next number that nobody has.
    pub(super) fn next(&mut self) -> usize {
        self.last += 1;
        self.last
    }

    /// One more who needs no request.
    pub(super) fn done(&mut self) {
        self.tally.done += 1;
    }

    /// Puts a request on the list.
    pub(super) fn listed(
        &mut self,
        key: Fingerprint,
        path: &Path,
        review: &Judged,
        known: Known,
        notes: &[String],
    ) -> Result<(), Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number: u64 = name.split('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let within = path.strip_prefix(self.operation.as_str()).unwrap_or(path);
        let user_ids = review.request().operation().user_ids();
        let mut lines = line(&format!("{number:05}  {}", within.display()), key, user_ids);
        for note in notes {
            lines.push_str(&format!("       NOTE {}\n", Safe(&clip(note))));
        }
        let open = review.open();
        for violation in &open {
            let Violation { rule, reason, .. } = violation;
            lines.push_str(&format!("       NOT YET {rule}: {}\n", Safe(&clip(reason))));
        }
        self.tables.table(LISTED)?.insert(number, lines.as_str()).map_err(ScratchError::from)?;
        if notes.is_empty() {
            let id = review.request().id();
            let mut clean = self.tables.table(CLEAN)?;
            clean.insert(id.0.as_bytes(), ()).map_err(ScratchError::from)?;
        }
        self.tally.requests += 1;
        self.tally.made += usize::from(known == Known::Now);
        self.tally.noted += usize::from(!notes.is_empty());
        self.tally.open += usize::from(!open.is_empty());
        Ok(())
    }

    /// Puts a developer on the list of those for whom nothing can be asked.
    pub(super) fn blocked(
        &mut self,
        key: Fingerprint,
        developer: &Developer,
        violations: &[Violation],
    ) -> Result<(), Failure> {
        let ids = developer.certificate.user_ids();
        let ids: Vec<String> = ids.map(|id| String::from_utf8_lossy(id.value()).into()).collect();
        let mut lines = line("-", key, &ids);
        for violation in violations {
            lines.push_str(&format!("       NO {}: {}\n", violation.rule, Safe(&violation.reason)));
            lines.push_str(&format!("       → {}\n", Safe(&violation.mend)));
        }
        let mut table = self.tables.table(BLOCKED)?;
        table.insert(key.as_bytes(), lines.as_str()).map_err(ScratchError::from)?;
        self.tally.blocked += 1;
        Ok(())
    }

    /// How many of each.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Writes `INDEX.txt`, and returns the digest of the batch in hex and words.
    pub(super) fn write(
        &self,
        output: &Path,
        authority: &Authority,
        master: Fingerprint,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let clean = self.tables.table(CLEAN)?;
        let ids = clean.iter().map_err(ScratchError::from)?;
        let ids = ids.map(|row| row.map(|(id, _)| RequestId(Sha256::from(id.value()))));
        let digest = RequestId::digest_of_all(ids).map_err(ScratchError::from)?;
        let digest = screen::digest_lines(&digest);
        let mut text = BufWriter::new(tempfile::tempfile()?);
        let tally = self.tally;
        writeln!(text, "{}: requests to {}", Safe(&authority.policy().name), self.operation)?;
        writeln!(text, "to the master {}", master.spaced())?;
        writeln!(text, "as of {now}\n")?;
        writeln!(text, "{} requests, {} of them with a note", tally.requests, tally.noted)?;
        writeln!(text, "{} developers have that master's certification already", tally.done)?;
        writeln!(text, "{} cannot be certified by it as it is: see the end\n", tally.blocked)?;
        writeln!(text, "Without a note: {}. Their digest, as the station", {
            tally.requests - tally.noted
        })?;
        writeln!(text, "shows it when it asks about the batch:\n{digest}")?;
        writeln!(text, "number, file, fingerprint, user IDs")?;
        for row in self.tables.table(LISTED)?.iter().map_err(ScratchError::from)? {
            write!(text, "{}", row.map_err(ScratchError::from)?.1.value())?;
        }
        if tally.blocked > 0 {
            writeln!(text, "\nNot asked for, and why:")?;
        }
        for row in self.tables.table(BLOCKED)?.iter().map_err(ScratchError::from)? {
            write!(text, "{}", row.map_err(ScratchError::from)?.1.value())?;
        }
        let mut file = text.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        let place = exchange::make_place(output, &Path::new(self.operation.as_str()).join("x"))?;
        let folder = place.parent().unwrap_or(output);
        exchange::write_from(&folder.join("INDEX.txt"), &mut file)?;
        Ok(digest)
    }
}

fn line(begin: &str, key: Fingerprint, user_ids: &[String]) -> String {
    let ids: Vec<String> = user_ids.iter().map(|id| Safe(&clip(id)).to_string()).collect();
    format!("{begin}  {key}  {}\n", ids.join("; "))
}
