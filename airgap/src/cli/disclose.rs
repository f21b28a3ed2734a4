//! `airgap session disclose`

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args as ClapArgs};

use countersign::cli::args::Form;
use countersign::cli::{Exit, Failure};
use countersign::safe::{Safe, counted};

use super::args::Common;
use super::station_failure;
use crate::disclosure::{self, Disclosed, DisclosureError, OnStick};
use crate::recorder::Access;
use crate::software;
use crate::station::Station;

/// `airgap session disclose`
#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["input", "output"])))]
pub struct DiscloseArgs {
    /// What a session over the requests in this folder can write, at most
    #[arg(long = "in", value_name = "DIR")]
    input: Option<PathBuf>,
    /// What a session wrote into this folder, and what else is in it
    #[arg(long = "out", value_name = "DIR")]
    output: Option<PathBuf>,
    /// Which session; default: the last one that wrote something
    #[arg(long, value_name = "NUMBER", requires = "output")]
    session: Option<u64>,
    #[command(flatten)]
    #[allow(missing_docs)]
    form: Form,
}

pub(super) fn run(common: &Common, args: &DiscloseArgs) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    if let Some(folder) = &args.input {
        before(common, &station, folder, args.form.json)?;
    }
    match &args.output {
        Some(folder) => after(&station, folder, args),
        None => Ok(()),
    }
}

fn before(common: &Common, station: &Station, folder: &Path, json: bool) -> Result<(), Failure> {
    // Nothing is decided here: the date of the last entry will do where the clock is behind.
    let last = station.ledger().map_err(station_failure)?.last();
    let now = countersign::cli::now(common.time);
    let now = last.map_or(now, |last| now.max(last));
    let (recorder, _) = station.recorder(now, Access::Look).map_err(station_failure)?;
    let files = disclosure::before(station, &recorder, &software::this()?, folder);
    let files = files.map_err(failure)?;
    if json {
        countersign::say!("{}", serde_json::json!({ "before": files }));
        return Ok(());
    }
    countersign::say!("BEFORE: all that a session over {} can write", shown(folder));
    print(&files);
    let known: u64 = files.iter().filter_map(|file| file.bytes).sum();
    countersign::say!("together {known} bytes at most, beside those of unknown length");
    countersign::say!("nothing else");
    Ok(())
}

fn after(station: &Station, folder: &Path, args: &DiscloseArgs) -> Result<(), Failure> {
    let on_stick = disclosure::after(station, args.session, folder).map_err(failure)?;
    if args.form.json {
        countersign::say!("{}", serde_json::json!({ "after": on_stick }));
    } else {
        countersign::say!("AFTER: what session {} wrote into {}", on_stick.session, shown(folder));
        tell(&on_stick);
    }
    let (changed, missing) = (on_stick.changed.len(), on_stick.missing.len());
    match (changed, missing) {
        (0, 0) => Ok(()),
        (0, missing) => {
            let text = format!("{} not there", files_are(missing));
            Err(Failure::say(Exit::Failed, text))
        }
        (changed, _) => {
            let text = format!("{} not what the session wrote", files_are(changed));
            Err(Failure::say(Exit::Untrue, text))
        }
    }
}

fn files_are(files: usize) -> String {
    format!("{} {}", counted(files, "file"), if files == 1 { "is" } else { "are" })
}

fn tell(on_stick: &OnStick) {
    print(&on_stick.files);
    let bytes: u64 = on_stick.files.iter().filter_map(|file| file.bytes).sum();
    countersign::say!("{}, {bytes} bytes", counted(on_stick.files.len(), "file"));
    if !on_stick.missing.is_empty() {
        countersign::say!("{} not there:", files_are(on_stick.missing.len()));
    }
    for name in &on_stick.missing {
        countersign::say!("NOT HERE {}", Safe(name));
    }
    for name in &on_stick.changed {
        countersign::say!("CHANGED  {}: not what the session wrote", Safe(name));
    }
    if on_stick.strays.is_empty() {
        countersign::say!("nothing else is there");
        return;
    }
    countersign::say!("also there, and not written by this session:");
    for stray in &on_stick.strays {
        let by = stray.session.map(|session| format!("  written by session {session}"));
        let (bytes, by) = (stray.bytes, by.unwrap_or_default());
        countersign::say!("    {}  {bytes} bytes{by}", Safe(&stray.name));
    }
    if on_stick.more > 0 {
        countersign::say!("    and {} more", on_stick.more);
    }
}

fn print(files: &[Disclosed]) {
    for line in files.iter().flat_map(Disclosed::lines) {
        countersign::say!("{}", Safe(&line));
    }
}

fn shown(folder: &Path) -> String {
    Safe(&folder.display().to_string()).to_string()
}

fn failure(error: DisclosureError) -> Failure {
    match error {
        DisclosureError::Station(error) => station_failure(error),
        error => Failure::new(Exit::Failed, error),
    }
}
