//! `airgap journal …`

use std::io::Read as _;
use std::path::Path;

use countersign::authority::StationId;
use countersign::cli::Failure;
use countersign::cli::journal::{print, report, sum_up, tell_end};
use countersign::exchange::{self, ExchangeError};
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

/// Copies the journal, as far as it is whole.
fn export(common: &Common, station: &Station, output: &Path) -> Result<(), Failure> {
    let (mut entries, mut bytes) = (0, 0);
    let (head, _) = station
        .read_journal_whole(|offset| {
            entries += 1;
            bytes = offset;
        })
        .map_err(station_failure)?;
    if output.exists() {
        return Err(ExchangeError::Exists { path: output.to_owned() }.into());
    }
    let mut journal = station.open_journal()?.take(bytes);
    exchange::write_from(output, &mut journal)?;
    if !common.quiet {
        let entries = counted(entries, "entry");
        countersign::say!("{}: {entries}, {bytes} bytes", output.display());
        countersign::cli::put(format_args!("{}", countersign::screen::digest_lines(&head)));
    }
    Ok(())
}
