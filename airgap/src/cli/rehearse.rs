//! `airgap session rehearse`

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs};

use countersign::certificate::Certificate;
use countersign::cli::qr::CAMERA;
use countersign::cli::{Exit, Failure};
use countersign::drill::Gpg;
use countersign::fingerprint::Fingerprint;
use countersign::safe::{Safe, counted};
use countersign::screen;

use super::args::{Common, FromArgs};
use super::session::{inbox, session_exit};
use super::{card_failure, confirmed_time, station_failure, terminal};
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::rehearsal::{self, Plan, Rehearsal, RehearsalError};
use crate::shelf::Kept;
use crate::software;
use crate::station::Station;

/// `airgap session rehearse`
#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("what").required(true).args(["input", "camera", "discard"])))]
pub struct RehearseArgs {
    /// The folder with the requests
    #[arg(long = "in", value_name = "DIR")]
    input: Option<PathBuf>,
    /// Read the requests with this camera; or from a picture, video, PDF or folder of pictures
    #[arg(long, value_name = "DEVICE", num_args = 0..=1, default_missing_value = CAMERA)]
    camera: Option<PathBuf>,
    /// Drop a rehearsal whose session will not be held
    #[arg(long)]
    discard: bool,
    /// The master to stand in for; default: the one on the card in the reader, or the only one
    #[arg(long, value_name = "FINGERPRINT")]
    master: Option<Fingerprint>,
    /// The gpg program, which is asked what it makes of the answers where it is there
    #[arg(long, value_name = "PROGRAM", default_value = "gpg")]
    gpg: PathBuf,
}

pub(super) fn run(common: &Common, args: &RehearseArgs) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    if args.discard {
        return discard(common, &station);
    }
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let seen = card_in_reader(common)?;
    match &seen {
        Some((ident, _)) => console.show(&format!("card {ident} is in the reader\n")),
        None => console.show("No card is in a reader: any of the master's may sign then.\n"),
    }
    let plan = Plan {
        master: master(&station, args, seen.as_ref())?,
        station: &station,
        card: seen.map(|(ident, _)| ident),
        gpg: Gpg::find(&args.gpg),
        software: software::this()?,
        now,
    };
    if plan.gpg.is_none() {
        console.show("There is no gpg: what it would say is our model of it.\n");
    }
    let from = FromArgs { input: args.input.clone(), camera: args.camera.clone() };
    let shelf = Kept::new(&station);
    let rehearsal =
        rehearsal::rehearse(&plan, inbox(from, &shelf), &mut console).map_err(failure)?;
    told(args, &rehearsal, &mut console);
    Ok(())
}

fn told(args: &RehearseArgs, rehearsal: &Rehearsal, console: &mut impl Console) {
    let requests = counted(rehearsal.requests.len(), "request");
    let signatures = counted(rehearsal.signatures(), "signature");
    let digest = countersign::digest::Sha256::of(rehearsal.text());
    console.show(&format!("\nREHEARSED {requests} with {signatures}\n"));
    console.show(&screen::digest_lines(&digest));
    let run = match &args.input {
        Some(folder) => {
            let folder = Safe(&folder.display().to_string()).to_string();
            format!("airgap session run --in {folder} --out {folder}")
        }
        None => "airgap session run --camera --screen".to_owned(),
    };
    console.show(&format!("The next session has to be the same: {run}\n"));
}

/// The card in the reader and its master; none where there is no card.
fn card_in_reader(common: &Common) -> Result<Option<(String, Option<Fingerprint>)>, Failure> {
    let mut card = match Card::open(&common.selector()) {
        Ok(card) => card,
        Err(CardError::NoReader | CardError::NoCard(_) | CardError::NoService(_)) => {
            return Ok(None);
        }
        Err(error) => return Err(card_failure(error)),
    };
    let session = card.session().map_err(card_failure)?;
    Ok(Some((session.ident().map_err(card_failure)?, session.master())))
}

fn master(
    station: &Station,
    args: &RehearseArgs,
    seen: Option<&(String, Option<Fingerprint>)>,
) -> Result<Fingerprint, Failure> {
    let masters = station.authority().masters();
    let only = || masters.first().filter(|_| masters.len() == 1).map(Certificate::fingerprint);
    let on_card = seen.and_then(|(_, master)| *master);
    let master = args.master.or(on_card).or_else(only).ok_or_else(|| {
        Failure::say(Exit::Usage, "there are several masters, and no card in a reader")
            .hint("airgap session rehearse … --master FINGERPRINT")
    })?;
    match masters.iter().any(|m| m.fingerprint() == master) {
        true => Ok(master),
        false => {
            let text = format!("{master} is not one of this station's masters");
            Err(Failure::say(Exit::Card, text))
        }
    }
}

fn discard(common: &Common, station: &Station) -> Result<(), Failure> {
    let path = station.rehearsal_path();
    match std::fs::remove_file(&path) {
        Ok(()) if common.quiet => Ok(()),
        Ok(()) => {
            countersign::say!("the rehearsal is dropped: sessions need not be the same");
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::say(Exit::Failed, "no rehearsal waits for its session"))
        }
        Err(source) => {
            let action = "removed";
            Err(countersign::exchange::ExchangeError::Io { path, action, source }.into())
        }
    }
}

fn failure(error: RehearsalError) -> Failure {
    match error {
        RehearsalError::Session(error) => Failure::new(session_exit(&error), *error)
            .hint("nothing was changed: it was a rehearsal; hold it again"),
        error @ (RehearsalError::Consumers(_) | RehearsalError::Response(_)) => {
            Failure::new(Exit::Untrue, error)
        }
        error @ RehearsalError::Nothing => Failure::new(Exit::Refused, error)
            .hint("every request was refused or left: see above why"),
        error @ RehearsalError::Pending => Failure::new(Exit::Refused, error)
            .hint("with its card, and any folder: airgap session run --in stick --out stick"),
        RehearsalError::Station(error) => station_failure(error),
        error => Failure::new(Exit::Failed, error),
    }
}
