//! The command line of `airgap`: parse, call one function, print.

pub mod args;
mod card;
mod disclose;
mod journal;
mod master;
mod rehearse;
mod report;
mod selftest;
mod session;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use countersign::cli::qr::{self, Shelf, Voice, Whole};
use countersign::cli::{Exit, Failure};
use countersign::exchange;
use countersign::policy::Policy;
use countersign::request::{MAX_BYTES, Request};
use countersign::safe::Safe;
use countersign::screen::{self, Detail};
use countersign::time::Timestamp;

use crate::card::CardError;
use crate::console::{Console, PinEntry, PinWay, Terminal};
use crate::recorder::{Access, RecorderError};
use crate::shelf::Kept;
use crate::station::{Station, StationError, Update};
use args::{Args, Command, Common, GenerateVerb, MasterVerb, QrVerb, RequestVerb, StationVerb};

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    countersign::cli::end(dispatch(Args::parse()))
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let common = args.common;
    let several = matches!(&args.command, Command::Master(MasterVerb::Generate(g)) if g.in_memory);
    if common.practice_card.len() > 1 && !several {
        return Err(Failure::say(Exit::Usage, "this command uses one --practice-card"));
    }
    match args.command {
        Command::Station(StationVerb::Init { authority }) => station_init(&common, &authority),
        Command::Station(StationVerb::Update { authority }) => station_update(&common, &authority),
        Command::Station(StationVerb::SelfTest(form)) => selftest::run(&common, &form),
        Command::Station(StationVerb::Report(args)) => report::run(&common, &args),
        Command::Master(verb) => master::run(&common, &verb),
        Command::Card(verb) => card::run(&common, &verb),
        Command::Request(RequestVerb::Review { files }) => review(&common, &files),
        Command::Session(verb) => session::run(&common, verb),
        Command::Qr(verb) => carry(&common, &verb),
        Command::Journal(verb) => journal::run(&common, &verb),
        Command::Generate(GenerateVerb::Man { folder }) => {
            countersign::cli::manual(Args::command(), &folder)
        }
        Command::Generate(GenerateVerb::Completions { folder }) => {
            countersign::cli::completions(Args::command(), &folder)
        }
    }
}

fn station_init(common: &Common, authority: &Path) -> Result<(), Failure> {
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let station = Station::create(&common.station, authority, now).map_err(station_failure)?;
    if !common.quiet {
        let policy = station.authority().policy();
        countersign::say!("station for {} in {}", Safe(&policy.name), common.station.display());
        countersign::say!("policy digest, to be compared with `countersign authority show`:");
        countersign::cli::put(format_args!("{}", screen::digest_lines(&policy.digest())));
    }
    Ok(())
}

fn station_update(common: &Common, authority: &Path) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let update = Update::read(&station, authority).map_err(station_failure)?;
    if update.changes().is_empty() {
        console.show("Nothing differs from the record at the station.\n");
        return Ok(());
    }
    console.show("This record differs from the one at the station:\n\n");
    for change in update.changes() {
        console.show(&format!("  {}\n", Safe(change)));
    }
    console.show("\npolicy digest, to be compared with `countersign authority show`:\n");
    console.show(&screen::digest_lines(&update.policy()));
    if console.ask("\nType Yes to go by this record from here on: ")?.as_deref() != Some("Yes") {
        return Err(Failure::say(Exit::Refused, "nothing was changed"));
    }
    let (mut recorder, _) = station.recorder(now, Access::Write).map_err(station_failure)?;
    update.install(&station, &mut recorder).map_err(station_failure)
}

fn review(common: &Common, files: &[PathBuf]) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let ledger = station.ledger().map_err(station_failure)?;
    let journal = station.open_journal()?;
    let context = station.authority().context(countersign::cli::now(common.time));
    let limit = context.policy.limits.max_request_bytes;
    let mut refused = 0;
    for file in files {
        countersign::say!("\n{}", Safe(&file.display().to_string()));
        let read = exchange::read_path(file, MAX_BYTES).map_err(Failure::from);
        let parse = |bytes: Vec<u8>| Request::parse(&bytes, limit).map_err(Failure::from);
        let request = match read.and_then(parse) {
            Ok(request) => request,
            Err(failure) => {
                failure.report();
                refused += 1;
                continue;
            }
        };
        let object = request.operation().object();
        let history = station.history(&ledger, request.id(), object.as_ref());
        let history = history.map_err(station_failure)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let kept = |id| exchange::read_path(&station.kept(id), MAX_BYTES).ok();
        let records = exchange::Records {
            masters: station.authority().masters(),
            kept: &kept,
            decisions: &|each| station.on_keys(&ledger, &journal, each),
        };
        let folder = Some(folder);
        let evidence = exchange::evidence(request.operation(), &history, folder, &records);
        match Policy::review(&context, request, &history, &evidence) {
            Ok(review) => countersign::cli::put(format_args!(
                "{}",
                screen::review(&review, &context, &history, Detail::Full)
            )),
            Err(rejection) => {
                countersign::cli::put(format_args!(
                    "{}",
                    screen::rejection(&rejection, &context, &history)
                ));
                refused += 1;
            }
        }
    }
    match refused {
        0 => Ok(()),
        n => {
            let requests = countersign::safe::counted(n, "request");
            Err(Failure::say(Exit::Refused, format!("{requests} would be refused")))
        }
    }
}

/// `airgap qr …`: with what the station keeps, where there is one.
fn carry(common: &Common, verb: &QrVerb) -> Result<(), Failure> {
    let station = Station::open(&common.station).ok();
    let shelf = station.as_ref().map(Kept::new);
    let shelf = shelf.as_ref().map_or(&Whole as &dyn Shelf, |shelf| shelf);
    let voice = Voice::of(common.quiet);
    match verb {
        QrVerb::Show(args) => qr::show(args, shelf, "countersign", voice),
        QrVerb::Scan(args) => qr::scan(args, shelf, voice),
    }
}

fn terminal(common: &Common) -> Result<Terminal, Failure> {
    let pins = PinEntry::new(common.pin_way()).map_err(|error| {
        let (text, hint) = match common.pin_way() {
            PinWay::Descriptor(fd) => (
                format!("--pin-fd {fd}: the file descriptor {fd} cannot be read"),
                format!("airgap … --pin-fd {fd} {fd}<FILE"),
            ),
            PinWay::Pinentry(program) => (
                format!("--pinentry {program}: there is no such program"),
                "one is in the package pinentry-curses".into(),
            ),
            PinWay::Best | PinWay::Terminal => ("no terminal".into(), String::new()),
        };
        Failure::new(Exit::Usage, anyhow::Error::new(error).context(text)).hint(hint)
    })?;
    Ok(Terminal::new(pins))
}

/// The date that a person confirms: freshness, expiry and the journal rest on it.
fn confirmed_time(common: &Common, console: &mut impl Console) -> Result<Timestamp, Failure> {
    if let Some(time) = common.time {
        return Ok(time);
    }
    let clock = countersign::cli::now(None);
    loop {
        let question = format!(
            "By this machine's clock it is {clock} (UTC). Type Yes if that is right, or the right \
             time (2026-11-22T05:40:00Z, or a date for its midnight): "
        );
        match console.ask(&question)?.as_deref() {
            Some("Yes") => return Ok(clock),
            Some(text) => match Timestamp::parse(text) {
                Ok(time) if far(time, clock) && !sure(console, time)? => {}
                Ok(time) => return Ok(time),
                Err(error) => console.show(&format!("{error}\n")),
            },
            None => return Err(Failure::say(Exit::Refused, "nobody confirmed the date")),
        }
    }
}

/// Whether two times are more than two days apart. A wrong date in the future would keep the
/// station from working until then, because its journal never goes back.
fn far(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).max(other.since(one)) > 2 * Timestamp::DAY
}

fn sure(console: &mut impl Console, time: Timestamp) -> Result<bool, Failure> {
    let question = format!("{time} is far from this machine's clock. Type it again to go by it: ");
    let again = console.ask(&question)?;
    Ok(again.and_then(|text| Timestamp::parse(&text).ok()) == Some(time))
}

/// Why a card could not be used outside of a session.
fn card_failure(error: CardError) -> Failure {
    let hint = match &error {
        CardError::Removed => Some("put the same card back and try again".to_owned()),
        other => other.hint(),
    };
    hint.into_iter().fold(Failure::new(Exit::Card, error), Failure::hint)
}

pub(super) fn station_failure(error: StationError) -> Failure {
    match &error {
        StationError::NotAStation(_) => Failure::new(Exit::Failed, error)
            .hint("set one up: airgap station init --authority DIR, or name it with --station"),
        StationError::CutOff(_) => Failure::new(Exit::Failed, error)
            .hint("set it up again: airgap station init --authority DIR"),
        StationError::Journal(_) | StationError::Recorder(RecorderError::Journal { .. }) => {
            Failure::new(Exit::Untrue, error)
                .hint("stop, keep the journal as it is, and compare it with your copies")
        }
        StationError::Recorder(RecorderError::Clock { .. }) => Failure::new(Exit::Failed, error)
            .hint("set the machine's clock, or give the right date with --time"),
        _ => Failure::new(Exit::Failed, error),
    }
}
