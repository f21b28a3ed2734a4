//! One session at the station, from courier to courier. Start reading here.
//!
//! ```text
//! intake     each request: read, judged by every rule, shown, consented to, written down
//! refusal    what a rule or the operator refused: written down and answered at once
//! batch      a campaign's requests: the same, with one question for all of them
//! reader     the card, opened when the first request needs it; whose it is
//! rehearsed  the session is the one that was rehearsed, where one was
//! signing    one PIN; each signature: card, check, journal
//! sealing    a master's own revocation: made, sealed, never written down in clear
//! answers    to the courier, as each request is done
//! record     what the session did, signed by the card at its end
//! ```

mod agenda;
mod answers;
mod batch;
mod error;
mod hand;
mod intake;
mod reader;
mod record;
mod refusal;
mod rehearsed;
mod sealing;
mod signing;
mod terms;
mod told;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use countersign::exchange::{CourierError, ExchangeError, Inbox};
use countersign::fingerprint::Fingerprint;
use countersign::journal::{Event, SelfCheck};
use countersign::policy::Verdict;
use countersign::policy::rules::common;
use countersign::safe::{Safe, counted};

use self::agenda::Agenda;
pub use self::error::SessionError;
pub(crate) use self::record::{REQUESTS, record_name};
pub use self::terms::{Couriers, Options, StandIn, Tally, Task};
use self::told::Told;
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::outgoing::{self, Outgoing};
use crate::recorder::Recorder;
use crate::selftest;
use crate::station::Station;

/// One session under way.
struct Session<'a, C, O> {
    station: &'a Station,
    recorder: Recorder,
    console: &'a mut C,
    options: &'a Options,
    inbox: Box<dyn Inbox + 'a>,
    outgoing: Outgoing<'a>,
    open_card: O,
    card: Option<OpenedCard>,
    agenda: Agenda,
    gathered: batch::Gathered,
    /// Signatures that were consented to in this session and are not made yet.
    to_sign: usize,
    /// The summary's lines so far, in a file without a name: a batch has thousands.
    lines: BufWriter<File>,
    lost: Lost,
    /// Records that wait to be read by the other side.
    records_held: usize,
    /// Answers that nobody said were read.
    unread: usize,
    tally: Tally,
}

/// What could not be handed to the courier.
#[derive(Debug, Default)]
struct Lost {
    failures: usize,
    first: Option<CourierError>,
}

impl Lost {
    fn failed(&mut self, error: CourierError) {
        self.failures += 1;
        self.first.get_or_insert(error);
    }
}

/// The card of this session, and which master is on it.
struct OpenedCard {
    card: Card,
    ident: String,
    master: Option<Fingerprint>,
}

/// Holds a session. `open_card` is called when the first request needs the card.
///
/// # Errors
/// [`SessionError`]. Whatever it is, the journal says how far the session came, and the next one
/// goes on from there.
pub fn run<C, O>(
    station: &Station,
    recorder: Recorder,
    couriers: Couriers<'_>,
    options: &Options,
    console: &mut C,
    open_card: O,
) -> Result<Tally, SessionError>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    let session = Session::new(station, recorder, couriers, options, console, open_card)?;
    match options.task {
        Task::Requests => session.run(),
        Task::Record => session.record_only(),
    }
}

impl<'a, C, O> Session<'a, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    fn new(
        station: &'a Station,
        recorder: Recorder,
        couriers: Couriers<'a>,
        options: &'a Options,
        console: &'a mut C,
        open_card: O,
    ) -> Result<Self, SessionError> {
        let session = recorder.ledger().uncovered().sessions() + 1;
        let list = outgoing::list_of(station.folder(), session);
        Ok(Self {
            station,
            recorder,
            console,
            options,
            inbox: couriers.inbox,
            outgoing: Outgoing::new(couriers.outbox, list),
            open_card,
            card: None,
            agenda: Agenda::beside(station.folder())?,
            gathered: batch::Gathered::default(),
            to_sign: 0,
            lines: BufWriter::new(tempfile::tempfile()?),
            lost: Lost::default(),
            records_held: 0,
            unread: 0,
            tally: Tally::default(),
        })
    }

    /// Begins a session in the journal.
    fn begin(&mut self) -> Result<(), SessionError> {
        if self.recorder.ledger().session_is_open() {
            self.console.show("The last session was interrupted.\n");
        }
        if !self.options.dry_run && self.options.stand_in.is_none() {
            self.outgoing.tidy();
            if self.recorder.ledger().record_may_be_lost() {
                self.put_records_again()?;
            }
        }
        let checks = selftest::before_session(&self.recorder, self.recorder.now());
        self.journal(Event::SessionStarted {
            policy: self.station.authority().policy().digest(),
            software: self.options.software.clone(),
        })?;
        self.journal(Event::SelfTested { checks: checks.clone() })?;
        let failed: Vec<String> = checks.iter().filter_map(SelfCheck::why_failed).collect();
        if failed.is_empty() {
            return Ok(());
        }
        self.journal(Event::SessionEnded)?;
        Err(SessionError::SelfTest(failed.join("; ")))
    }

    /// Ends it, whatever came of it.
    fn end(mut self, result: Result<(), SessionError>) -> Result<Tally, SessionError> {
        // Whatever stopped it: what was signed until then goes out.
        let result = match result {
            Ok(()) => self.show_answers(),
            Err(error @ SessionError::Recorder(_)) => Err(error),
            Err(error) => {
                // What stopped it counts, and not that the answers could not be shown either.
                let _ = self.show_answers();
                Err(error)
            }
        };
        // A session that stopped while signing has no end: the next one looks at the counter.
        if !matches!(result, Err(SessionError::Interrupted { .. } | SessionError::Recorder(_))) {
            self.journal(Event::SessionEnded)?;
        }
        if result.is_ok() {
            self.rehearsal_held()?;
        }
        match self.recorder.ledger().uncovered().signatures() {
            0 => {}
            more => self.note(format!(
                "NO RECORD  {} in none yet: airgap session record",
                counted(more, "signature")
            )),
        }
        if let Err(error) = self.write_summary() {
            self.lost.failed(error);
        }
        self.tell_what_left();
        result?;
        match self.lost.first.take() {
            Some(source) => Err(SessionError::Stick { count: self.lost.failures, source }),
            None if self.unread > 0 => Err(SessionError::Unread(self.unread)),
            None => Ok(self.tally),
        }
    }

    fn tell_what_left(&mut self) {
        let (files, bytes) = self.outgoing.sum();
        if files > 0 && self.options.stand_in.is_none() {
            let files = counted(files, "file");
            self.console.show(&format!(
                "given out: {files}, {bytes} bytes, and nothing else (airgap session disclose)\n"
            ));
        }
    }
}

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    fn run(mut self) -> Result<Tally, SessionError> {
        let count = self.receive()?;
        self.begins_as_rehearsed(count)?;
        self.begin()?;
        self.tell_what_waits()?;
        let result = self
            .take_in(count)
            .and_then(|()| self.ask_about_batch())
            .and_then(|()| self.answer_from_journal())
            .and_then(|()| self.sign());
        self.end(result)
    }

    /// Puts the requests that the courier brings on the agenda, and returns how many there are.
    fn receive(&mut self) -> Result<usize, SessionError> {
        // Better to find out now than after an hour of signing.
        self.outgoing.check()?;
        let policy = self.station.authority().policy();
        let most = policy.limits.max_batch;
        let mut added = Ok(());
        let agenda = &self.agenda;
        let count = self.inbox.receive(".request.asc", most, &mut |name| {
            if added.is_ok() {
                added = agenda.add_file(name.as_encoded_bytes());
            }
        })?;
        added?;
        if let Verdict::Broken { reason, mend } = common::batch_size(count, policy).verdict {
            return Err(SessionError::Batch { reason, mend });
        }
        let ledger = self.recorder.ledger();
        let waits =
            ledger.pending_after(None)?.is_some() || ledger.unanswered_after(None)?.is_some();
        if count == 0 && !waits {
            return Err(SessionError::NoRequest(self.inbox.place()));
        }
        let place = self.inbox.place();
        self.console.show(&format!("{} in {}\n", counted(count, "request"), Safe(&place)));
        Ok(count)
    }

    /// Names what earlier sessions left, and puts the answers that they owe on the agenda.
    fn tell_what_waits(&mut self) -> Result<(), SessionError> {
        let (mut last, mut told) = (None, Told::default());
        while let Some(id) = self.recorder.ledger().unanswered_after(last)? {
            let id_shown = id.0.short();
            told.show(self.console, || {
                format!(
                    "request {id_shown} is signed, its answer was not written: it is written now"
                )
            });
            self.agenda.answer_again(id)?;
            last = Some(id);
        }
        told.end(self.console, "more are signed and answered now");
        let (mut last, mut told) = (None, Told::default());
        while let Some(pending) = self.recorder.ledger().pending_after(last)? {
            let (id, signed, all) = (pending.request, pending.signed, pending.statements);
            told.show(self.console, || {
                let id = id.0.short();
                format!("request {id} waits: {signed} of {all} signatures were made; you will be asked again")
            });
            last = Some(id);
        }
        told.end(self.console, "more wait; you will be asked again");
        Ok(())
    }

    /// Adds to the summary.
    fn note(&mut self, line: impl AsRef<str>) {
        if let Err(source) = writeln!(self.lines, "{}", line.as_ref()) {
            self.lost.failed(unsummarised(source));
        }
    }

    /// Writes to the journal, unless this is a dry run.
    fn journal(&mut self, event: Event) -> Result<(), SessionError> {
        if self.options.dry_run { Ok(()) } else { Ok(self.recorder.append(event)?) }
    }
}

/// The summary's lines could not be kept until its end.
fn unsummarised(source: io::Error) -> CourierError {
    let path = "the summary".into();
    ExchangeError::Io { path, action: "written", source }.into()
}
