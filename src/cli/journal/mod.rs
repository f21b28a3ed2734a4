//! `countersign journal …`, and what `airgap journal` prints in the same way.

pub mod args;
mod report;
mod words;

use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError, Kept};
use crate::exchange::{self, ExchangeError};
use crate::journal::{Audited, Chain, End, Entry, JournalError};
use crate::safe::{Safe, counted};
use args::JournalVerb;
pub use report::report;
pub use words::words;

/// Brings a journal out of its station.
const EXPORT: &str = "airgap journal export --output stick/journal.jsonl";
/// And into the record.
const INSTALL: &str = "countersign journal install stick/journal.jsonl";

pub(super) fn run(common: &Common, verb: &JournalVerb) -> Result<(), Failure> {
    match verb {
        JournalVerb::Install { files } => {
            let authority = Authority::open(&common.authority)?;
            files.iter().try_for_each(|file| install(common, &authority, file))
        }
        JournalVerb::Verify(form) => verify(common, form.json),
        JournalVerb::Show { file: Some(file), form } => show(file, form.json),
        JournalVerb::Show { file: None, form } => {
            let authority = Authority::open(&common.authority)?;
            let stations = stations(&authority)?;
            stations.iter().try_for_each(|path| show(path, form.json))
        }
    }
}

/// The journals on record.
fn stations(authority: &Authority) -> Result<Vec<PathBuf>, Failure> {
    let stations: Vec<PathBuf> =
        authority.stations()?.iter().map(|station| authority.journal_path(station)).collect();
    if stations.is_empty() {
        return Err(Failure::say(Exit::Failed, "no station's journal is on record")
            .hint(format!("at the station: {EXPORT}; then here: {INSTALL}")));
    }
    Ok(stations)
}

fn install(common: &Common, authority: &Authority, file: &Path) -> Result<(), Failure> {
    if is_signed(file)? {
        return install_record(common, authority, file);
    }
    let (station, kept, end) = authority.keep_journal(file).map_err(untrue)?;
    let text = match kept {
        Kept::First { bytes } => format!("the first of it, {bytes} bytes"),
        Kept::Longer { bytes } => format!("{bytes} bytes more than were on record"),
        Kept::Nothing => "all of it is on record already".to_owned(),
    };
    if !common.quiet {
        crate::say!("journal of station {station}: {text}");
        if let End::Torn { at } = end {
            crate::say!("its last line is cut off at byte {at}, and was left out");
        }
    }
    Ok(())
}

/// Keeps the record of a session, and says so.
pub(super) fn install_record(
    common: &Common,
    authority: &Authority,
    file: &Path,
) -> Result<(), Failure> {
    let record = authority.read_record(file).map_err(untrue)?;
    authority.keep_record(&record).map_err(untrue)?;
    if !common.quiet {
        let (session, station) = (record.record().session, record.station());
        let signatures = counted(record.record().signatures(), "signature");
        crate::say!("record of session {session} at station {station}: {signatures}");
    }
    Ok(())
}

/// Whether a file begins as a signed text does.
fn is_signed(file: &Path) -> Result<bool, Failure> {
    let error = |source| ExchangeError::Io { path: file.to_owned(), action: "read", source };
    let mut begin = Vec::new();
    exchange::open_path(file)?.take(5).read_to_end(&mut begin).map_err(error)?;
    Ok(begin == b"-----")
}

fn untrue(error: AuthorityError) -> Failure {
    match error {
        error @ (AuthorityError::Journal { .. } | AuthorityError::Kept(_)) => {
            Failure::new(Exit::Untrue, error)
                .hint("nothing was changed: compare it with your other copies, and ask the station")
        }
        error => error.into(),
    }
}

fn verify(common: &Common, json: bool) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    stations(&authority)?;
    let published = authority.published().map_err(untrue)?;
    let mut wrong = 0;
    for (station, audited) in &published.stations {
        if !json && !common.quiet {
            crate::say!("station {}", Safe(&station.to_string()));
        }
        wrong += report(&station.to_string(), audited, json);
    }
    for lack in &published.lacks {
        wrong += 1;
        match json {
            true => crate::say!(
                "{}",
                serde_json::json!({ "version": 1, "disagrees": lack.to_string() })
            ),
            false => crate::say!("WRONG {}", Safe(&lack.to_string())),
        }
    }
    if !json && !common.quiet && published.older > 0 {
        let older = counted(published.older, "signature");
        crate::say!("{older} by masters older than the journals: in none, and not looked at");
    }
    let late = published.lacks.iter().filter(|lack| lack.may_be_late()).count();
    sum_up(wrong, published.stations.iter().map(|(_, audited)| audited))
        .map_err(|failure| if late > 0 { failure.hint(bring(late, wrong)) } else { failure })?;
    if !json && !common.quiet {
        crate::say!("journals and record agree: nothing is missing, and nothing is there besides");
    }
    Ok(())
}

/// What to do where so many findings are what a journal looks like that is older than the rest.
fn bring(late: usize, wrong: usize) -> String {
    let of_them = match late {
        all if all == wrong => "all of it".to_owned(),
        some => format!("{some} of it"),
    };
    format!(
        "{of_them} is explained where a station's newest journal was not brought yet: at the \
         station: {EXPORT}; then here: {INSTALL}"
    )
}

/// What so many findings, and what no master vouches for, come to.
///
/// # Errors
/// Where there is any of either.
pub fn sum_up<'a>(
    wrong: usize,
    journals: impl Iterator<Item = &'a Audited>,
) -> Result<(), Failure> {
    if wrong > 0 {
        let text = match wrong {
            1 => "1 thing is not as it should be".to_owned(),
            more => format!("{more} things are not as they should be"),
        };
        return Err(Failure::say(Exit::Untrue, text));
    }
    let (mut uncovered, mut former) = (0, false);
    for audited in journals {
        uncovered += audited.uncovered.signatures();
        former |= audited.unvouched.is_some();
    }
    // Nothing is wrong, but somebody without a card could have made this up.
    if uncovered > 0 {
        let text = counted(uncovered, "signature");
        let text = format!("{text} in no record: no master vouches for what the journal says");
        let failure = Failure::say(Exit::Interrupted, text);
        return Err(failure.hint("at the station: airgap session record --out stick"));
    }
    if former {
        let text = "only a former master vouches for what the journal says";
        let failure = Failure::say(Exit::Interrupted, text);
        return Err(failure.hint("the next session signs a record of all that came before"));
    }
    Ok(())
}

fn show(file: &Path, json: bool) -> Result<(), Failure> {
    let mut chain = Chain::new(BufReader::new(exchange::open_path(file)?));
    for entry in chain.by_ref() {
        print(&entry.map_err(|source| damaged(file, source))?, json);
    }
    tell_end(chain.end())
}

fn damaged(file: &Path, source: JournalError) -> Failure {
    let text = format!("{} is not a station's journal", Safe(&file.display().to_string()));
    Failure::new(Exit::Untrue, anyhow::Error::new(source).context(text))
}

/// Prints one entry: for people, or as it stands.
pub fn print(entry: &Entry, json: bool) {
    if !json {
        crate::say!("{}  {}", entry.at, words(&entry.event));
    } else if let Ok(line) = serde_json::to_string(entry) {
        crate::say!("{line}");
    }
}

/// What the end of a journal says.
///
/// # Errors
/// Where its last line was cut off.
pub fn tell_end(end: End) -> Result<(), Failure> {
    match end {
        End::Whole => Ok(()),
        End::Torn { at } => Err(Failure::say(
            Exit::Interrupted,
            format!("the last line is cut off at byte {at}, as when the power goes"),
        )
        .hint("the next session sets it aside: airgap session run …")),
    }
}
