//! `airgap station report`

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use countersign::cli::{Exit, Failure};
use countersign::exchange::{self, ExchangeError};

use super::args::Common;
use super::{confirmed_time, station_failure, terminal};
use crate::console::Console;
use crate::report::{ItemName, Report, Sources, Subject};
use crate::station::Station;

/// `airgap station report`
#[derive(Debug, ClapArgs)]
pub struct ReportArgs {
    /// Where the report goes: a new file
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Leave an item out; may be given several times
    #[arg(long, value_name = "ITEM")]
    without: Vec<ItemName>,
    /// Show it as the JSON that is written, instead of item by item with the reasons
    #[arg(long)]
    json: bool,
}

pub(super) fn run(common: &Common, args: &ReportArgs) -> Result<(), Failure> {
    let (folder, name) = place(&args.output)?;
    let station = Station::open(&common.station).map_err(station_failure)?;
    // Said before anybody reads a screen for nothing.
    if args.output.symlink_metadata().is_ok() {
        return Err(ExchangeError::Exists { path: args.output.clone() }.into());
    }
    exchange::try_folder_of(&args.output)?;
    let mut console = terminal(common)?;
    let confirmed = confirmed_time(common, &mut console)?;
    let clock = countersign::cli::now(None);
    let card = common.selector();
    let subject = Subject { station: &station, card: &card, confirmed, clock };
    let report = Report::make(&subject, &Sources::of_this_machine(), &args.without);
    let agreed = agree(report, args, &mut console)?;
    exchange::write(folder, name, agreed.text().as_bytes())?;
    console.show(&format!("written: {}\n", args.output.display()));
    Ok(())
}

/// Shows the report until a person says `Yes` to just what is shown.
fn agree(
    mut report: Report,
    args: &ReportArgs,
    console: &mut impl Console,
) -> Result<Report, Failure> {
    let mut slip = None;
    loop {
        let text = report.text();
        let shown = if args.json { text.clone() } else { report.to_string() };
        console.show(&shown);
        let question = format!(
            "\nThis and nothing else, {} bytes with the JSON around it, goes into {}.\nType Yes to \
             write it, No, or the name of an item to leave it out: ",
            text.len(),
            args.output.display()
        );
        if let Some(unknown) = slip.take() {
            console.show(&format!("\n{unknown}\n"));
        }
        let answer = console.ask(&question)?;
        match answer.as_deref().map(str::parse::<ItemName>) {
            Some(_) if answer.as_deref() == Some("Yes") => return Ok(report),
            Some(Ok(item)) => report = report.without(item),
            // Nobody loses a report to a slip.
            Some(Err(unknown)) if !is_no(answer.as_deref()) => slip = Some(unknown),
            Some(Err(_)) | None => {
                return Err(Failure::say(Exit::Refused, "nothing was written"));
            }
        }
        console.show("\n");
    }
}

/// Whether a person does not want it at all.
fn is_no(answer: Option<&str>) -> bool {
    matches!(answer, Some("No" | "no" | ""))
}

/// The folder and the name of the file that is to be made.
fn place(output: &Path) -> Result<(&Path, &str), Failure> {
    let name = output.file_name().and_then(|name| name.to_str()).filter(|name| *name != "-");
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    name.map(|name| (folder, name))
        .ok_or_else(|| Failure::say(Exit::Usage, "--output: a report goes into a file with a name"))
}
