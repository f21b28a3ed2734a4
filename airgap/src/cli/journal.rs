//! `airgap journal …`

use std::io::{BufReader, Read as _};
use std::path::Path;

use countersign::authority::StationId;
use countersign::cli::journal::{print, report, sum_up, tell_end};
use countersign::cli::{Exit, Failure};
use countersign::exchange::{self, ExchangeError};
use countersign::journal::{Compared, compare};
use countersign::safe::counted;

use super::args::{Common, JournalVerb};
use super::station_failure;
use crate::station::Station;

pub(super) fn run(common: &Common, verb: &JournalVerb) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    match verb {
        JournalVerb::Show(form) => {
            let (_, end) =
                station.read_journal(|entry| print(entry, form.json)).map_err(station_failure)?;
            tell_end(end)
        }
        JournalVerb::Verify(form) => verify(&station, form.json),
        JournalVerb::Export { output } => export(common, &station, output),
    }
}

fn verify(station: &Station, json: bool) -> Result<(), Failure> {
    let audited = station.audit().map_err(station_failure)?;
    let name = audited.first.map(StationId::of);
    let name = name.map(|name| name.to_string()).unwrap_or_default();
    let wrong = report(&name, &audited, json);
    if wrong == 0 {
        tell_end(audited.end)?;
    }
    sum_up(wrong, std::iter::once(&audited))
}

/// Copies the journal, as far as it is whole: also over a copy of its beginning.
fn export(common: &Common, station: &Station, output: &Path) -> Result<(), Failure> {
    let (mut entries, mut bytes) = (0, 0);
    let (head, _) = station
        .read_journal_whole(|offset| {
            entries += 1;
            bytes = offset;
        })
        .map_err(station_failure)?;
    let more = match compared(station, output, bytes)? {
        None => String::new(),
        Some(Compared::Same) => ", all of them there already".to_owned(),
        Some(Compared::Longer { bytes }) => format!(", {bytes} more than were there"),
        Some(Compared::Shorter | Compared::Differs { .. }) => return Err(another(output)),
    };
    exchange::write_from(output, &mut station.open_journal()?.take(bytes))?;
    if !common.quiet {
        let entries = counted(entries, "entry");
        countersign::say!("{}: {entries}, {bytes} bytes{more}", output.display());
        countersign::cli::put(format_args!("{}", countersign::screen::digest_lines(&head)));
    }
    Ok(())
}

/// How the journal goes on from the file that is at `output`; none where there is no file.
fn compared(station: &Station, output: &Path, bytes: u64) -> Result<Option<Compared>, Failure> {
    // A link that leads nowhere is something, too.
    if output.symlink_metadata().is_err() {
        return Ok(None);
    }
    let old = BufReader::new(exchange::open_path(output)?);
    let new = BufReader::new(station.open_journal()?.take(bytes));
    let error = |source| ExchangeError::Io { path: output.to_owned(), action: "compared", source };
    Ok(Some(compare(old, new).map_err(error)?))
}

fn another(output: &Path) -> Failure {
    Failure::new(Exit::Failed, ExchangeError::Exists { path: output.to_owned() })
        .hint("it is no beginning of this station's journal: keep it, and give another name")
}
