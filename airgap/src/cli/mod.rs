//! The command line of `airgap`: parse, call one function, print.

pub mod args;
mod journal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use countersign::cli::args::Form;
use countersign::cli::{Exit, Failure};
use countersign::exchange::{self, Stick};
use countersign::policy::Policy;
use countersign::request::{MAX_BYTES, Request};
use countersign::safe::Safe;
use countersign::screen::{self, Detail};
use countersign::time::Timestamp;

use crate::card::{Card, CardError, NewPins};
use crate::console::{Console, Terminal};
use crate::master::{self, MasterError};
use crate::recorder::{Access, RecorderError};
use crate::session::{self, Couriers, Options, SessionError};
use crate::station::{Station, StationError, Update};
use args::{
    Args, CardVerb, Command, Common, GenerateVerb, MasterVerb, RequestVerb, SessionVerb,
    StationVerb,
};

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    countersign::cli::end(dispatch(Args::parse()))
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let common = args.common;
    match args.command {
        Command::Station(StationVerb::Init { authority }) => station_init(&common, &authority),
        Command::Station(StationVerb::Update { authority }) => station_update(&common, &authority),
        Command::Master(MasterVerb::Generate { user_id, expires, output }) => {
            generate(&common, &user_id, expires, &output)
        }
        Command::Card(CardVerb::Status(form)) => card_status(&common, &form),
        Command::Request(RequestVerb::Review { files }) => review(&common, &files),
        Command::Session(SessionVerb::Run { input, output, dry_run, explain_counter }) => {
            let options = Options { dry_run, explain_counter };
            let (inbox, outbox) = (Box::new(Stick::new(input)), Box::new(Stick::new(output)));
            session_run(&common, &options, &mut Couriers { inbox, outbox })
        }
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

fn generate(
    common: &Common,
    user_id: &str,
    expires: Option<Timestamp>,
    output: &Path,
) -> Result<(), Failure> {
    if output.exists() {
        return Err(Failure::say(Exit::Failed, format!("{} exists already", output.display())));
    }
    if user_id.chars().any(countersign::safe::is_unsafe) || !user_id.contains('@') {
        let text = "the user ID is not like 'Name <mail@example.org>' in plain characters";
        return Err(Failure::say(Exit::Usage, text));
    }
    let clock = countersign::cli::now(None);
    if common.time.is_some_and(|time| time.since(clock).max(clock.since(time)) > 600) {
        let text = "a card dates its key by the machine's clock, which differs from --time";
        return Err(Failure::say(Exit::Usage, text).hint("set the machine's clock"));
    }
    if expires.is_some_and(|at| at <= clock.after(Timestamp::DAY)) {
        return Err(Failure::say(Exit::Usage, "a master that ends within a day is of no use"));
    }
    // Better to find out now than with a key on the card and no certificate.
    exchange::try_folder_of(output)?;
    let mut console = terminal(common)?;
    let mut card = Card::open_or_make(&common.selector()).map_err(card_failure)?;
    let mut card = card.session().map_err(card_failure)?;
    let ident = card.ident().map_err(card_failure)?;
    console.show(&format!("A master is made on card {ident}: this takes seconds to minutes.\n"));
    let pin = console.new_pin("New PIN (6 characters at least): ", 6)?;
    let admin = console.new_pin("New Admin PIN (8 characters at least): ", 8)?;
    let pins = NewPins::new(pin, admin).map_err(card_failure)?;
    let certificate =
        master::generate(&mut card, &pins, user_id, expires).map_err(|error| match error {
            MasterError::Card(error) => card_failure(error),
            other => Failure::new(Exit::Card, other),
        })?;
    exchange::write_path(output, certificate.armored().as_bytes())?;
    if !common.quiet {
        countersign::say!("master {}", certificate.fingerprint().spaced());
        countersign::say!("its certificate is in {}", output.display());
    }
    Ok(())
}

fn card_status(common: &Common, form: &Form) -> Result<(), Failure> {
    let mut card = Card::open(&common.selector()).map_err(card_failure)?;
    let status = card.session().and_then(|mut s| s.status()).map_err(card_failure)?;
    let station = Station::open(&common.station).ok();
    let policy = station.as_ref().map(|s| s.authority().policy());
    let master = policy.and_then(|p| p.masters.iter().find(|m| Some(m.fingerprint) == status.key));
    if form.json {
        let value = serde_json::json!({
            "version": 1,
            "card": status.ident,
            "key": status.key,
            "is_master": station.as_ref().map(|_| master.is_some()),
            "algorithm": status.algorithm,
            "pin_tries": status.tries[0],
            "pin_once": status.pin_once,
            "touch": status.touch,
            "kdf": status.kdf,
            "counter": status.counter,
        });
        countersign::say!("{value}");
        return Ok(());
    }
    countersign::cli::put(format_args!("{status}"));
    match (policy, master) {
        (Some(_), Some(master)) => {
            countersign::say!("master            yes: {}", Safe(&master.name));
        }
        (Some(policy), None) => {
            countersign::say!("master            NO: not one of {}'s", Safe(&policy.name));
        }
        (None, _) => {
            countersign::say!("master            no station here to compare with (--station DIR)");
        }
    }
    Ok(())
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
        n => Err(Failure::say(Exit::Refused, format!("{n} request(s) would be refused"))),
    }
}

fn session_run(common: &Common, options: &Options, couriers: &mut Couriers) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let mut console = terminal(common)?;
    let now = confirmed_time(common, &mut console)?;
    let access = if options.dry_run { Access::Look } else { Access::Write };
    let (recorder, torn) = station.recorder(now, access).map_err(station_failure)?;
    if torn {
        console.show("The journal's last line was cut off, as when the power goes: set aside.\n");
    }
    let open = || Card::open(&common.selector());
    let result = session::run(&station, recorder, couriers, options, &mut console, open);
    match result.map_err(session_failure)? {
        tally if tally.refused > 0 => {
            Err(Failure::say(Exit::Refused, format!("{} request(s) were refused", tally.refused)))
        }
        _ => Ok(()),
    }
}

fn terminal(common: &Common) -> Result<Terminal, Failure> {
    Terminal::new(common.pin_fd).map_err(|error| {
        let fd = common.pin_fd.unwrap_or_default();
        let text = format!("--pin-fd {fd}: the file descriptor {fd} cannot be read");
        Failure::new(Exit::Usage, anyhow::Error::new(error).context(text))
            .hint(format!("airgap … --pin-fd {fd} {fd}<FILE"))
    })
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

fn card_failure(error: CardError) -> Failure {
    let hint = error.hint();
    hint.into_iter().fold(Failure::new(Exit::Card, error), Failure::hint)
}

pub(super) fn station_failure(error: StationError) -> Failure {
    match &error {
        StationError::NotAStation(_) => Failure::new(Exit::Failed, error)
            .hint("set one up: airgap station init --authority DIR, or name it with --station"),
        StationError::Journal(_) | StationError::Recorder(RecorderError::Journal { .. }) => {
            Failure::new(Exit::Untrue, error)
                .hint("stop, keep the journal as it is, and compare it with your copies")
        }
        StationError::Recorder(RecorderError::Clock { .. }) => Failure::new(Exit::Failed, error)
            .hint("set the machine's clock, or give the right date with --time"),
        _ => Failure::new(Exit::Failed, error),
    }
}

fn session_failure(error: SessionError) -> Failure {
    let exit = match &error {
        SessionError::Card(_) | SessionError::Counter { .. } => Exit::Card,
        SessionError::Interrupted { .. } | SessionError::Stick { .. } | SessionError::Unread(_) => {
            Exit::Interrupted
        }
        SessionError::Batch { .. } => Exit::Refused,
        SessionError::Signature(_) | SessionError::Response(_) | SessionError::Changed(_) => {
            Exit::Untrue
        }
        _ => Exit::Failed,
    };
    let hint = error.hint();
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}
