//! `airgap session …`

use std::fs::File;
use std::io::Write as _;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use countersign::cli::qr::args::LookArgs;
use countersign::cli::qr::{CAMERA, Camera, Screen, Shelf};
use countersign::cli::{Exit, Failure};
use countersign::exchange::{Inbox, Outbox, Stick};
use countersign::safe::counted;

use super::args::{Common, FromArgs, SessionVerb, ToArgs};
use super::{confirmed_time, disclose, rehearse, station_failure, terminal};
use crate::card::Card;
use crate::console::Console;
use crate::recorder::{Access, Recorder};
use crate::session::{self, Couriers, Options, SessionError, Task};
use crate::shelf::Kept;
use crate::software;
use crate::station::Station;

pub(super) fn run(common: &Common, verb: SessionVerb) -> Result<(), Failure> {
    let stand_in = None;
    match verb {
        SessionVerb::Run { from, to, look, dry_run, explain_counter, last_try } => {
            let (task, software) = (Task::Requests, software::this()?);
            let last_try = last_try.rule();
            let options = Options { task, dry_run, explain_counter, last_try, software, stand_in };
            hold(common, &options, Some(from), to, look)
        }
        SessionVerb::Record { to, look, explain_counter, last_try } => {
            let (task, software) = (Task::Record, software::this()?);
            let (dry_run, last_try) = (false, last_try.rule());
            let options = Options { task, dry_run, explain_counter, last_try, software, stand_in };
            hold(common, &options, None, to, look)
        }
        SessionVerb::Disclose(args) => disclose::run(common, &args),
        SessionVerb::Rehearse(args) => rehearse::run(common, &args),
    }
}

fn hold(
    common: &Common,
    options: &Options,
    from: Option<FromArgs>,
    to: ToArgs,
    look: LookArgs,
) -> Result<(), Failure> {
    // Whatever shows codes or looks for them has an ear of its own for Ctrl-C.
    if from.as_ref().is_none_or(|from| from.input.is_some()) && to.output.is_some() {
        tell_of_interruption();
    }
    let station = Station::open(&common.station).map_err(station_failure)?;
    let shelf = Kept::new(&station);
    let mut console = terminal(common)?;
    let recorder = recorder(common, &station, options, &mut console)?;
    let open = || Card::open(&common.selector());
    let inbox = match from {
        Some(from) => inbox(from, &shelf),
        // It is not asked for anything.
        None => Box::new(Stick::new(station.folder())),
    };
    let couriers = Couriers { inbox, outbox: outbox(to, look, &shelf) };
    let result = session::run(&station, recorder, couriers, options, &mut console, open);
    match result.map_err(session_failure)? {
        tally if tally.refused > 0 => {
            let refused = counted(tally.refused, "request");
            Err(Failure::say(Exit::Refused, format!("{refused} refused")))
        }
        _ => Ok(()),
    }
}

/// Has Ctrl-C say what became of the session before it ends the program. Where the system gives no
/// thread for that, it ends without a word.
fn tell_of_interruption() {
    /// In bytes: it writes one line.
    const STACK: usize = 128 << 10;
    /// What shells know a program by that Ctrl-C ended.
    const STATUS: i32 = 130;
    let Ok(mut signals) = Signals::new([SIGINT]) else { return };
    let terminal = File::open("/dev/tty").ok();
    let before = terminal.and_then(|tty| tcgetattr(&tty).ok().map(|before| (tty, before)));
    let listen = move || {
        if signals.forever().next().is_some() {
            // A PIN that was being typed left the terminal without its echo.
            if let Some((tty, before)) = &before {
                let _ = tcsetattr(tty, OptionalActions::Flush, before);
            }
            let text = "\ninterrupted: what was consented to waits at the station; run the \
                        session again";
            let _ = writeln!(std::io::stderr(), "{text}");
            std::process::exit(STATUS);
        }
    };
    let _ = std::thread::Builder::new().stack_size(STACK).spawn(listen);
}

/// Opens the journal for a session, at the date that a person confirms.
fn recorder(
    common: &Common,
    station: &Station,
    options: &Options,
    console: &mut impl Console,
) -> Result<Recorder, Failure> {
    let now = confirmed_time(common, console)?;
    let access = if options.dry_run { Access::Look } else { Access::Write };
    let (recorder, torn) = station.recorder(now, access).map_err(station_failure)?;
    if torn {
        console.show("The journal's last line was cut off, as when the power goes: set aside.\n");
    }
    Ok(recorder)
}

pub(super) fn inbox<'a>(from: FromArgs, shelf: &'a dyn Shelf) -> Box<dyn Inbox + 'a> {
    match (from.input, from.camera) {
        (Some(folder), _) => Box::new(Stick::new(folder)),
        (None, camera) => Box::new(Camera::new(camera.unwrap_or(CAMERA.into()), shelf)),
    }
}

fn outbox<'a>(to: ToArgs, look: LookArgs, shelf: &'a dyn Shelf) -> Box<dyn Outbox + 'a> {
    match (to.output, to.screen) {
        (Some(folder), _) => Box::new(Stick::new(folder)),
        (None, file) => Box::new(Screen::new(file.flatten(), look, shelf, "countersign")),
    }
}

fn session_failure(error: SessionError) -> Failure {
    let (exit, hint) = (session_exit(&error), error.hint());
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}

/// The status with which a session's error ends the program.
pub(super) fn session_exit(error: &SessionError) -> Exit {
    match error {
        SessionError::Card(_) | SessionError::Counter { .. } => Exit::Card,
        SessionError::Interrupted { .. } | SessionError::Stick { .. } | SessionError::Unread(_) => {
            Exit::Interrupted
        }
        SessionError::Batch { .. } => Exit::Refused,
        SessionError::Signature(_)
        | SessionError::Response(_)
        | SessionError::Changed(_)
        | SessionError::NotAsRehearsed(_)
        | SessionError::SelfTest(_) => Exit::Untrue,
        _ => Exit::Failed,
    }
}
