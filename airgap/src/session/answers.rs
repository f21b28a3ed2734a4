//! Answers go out: each as soon as it is complete, then a summary for people.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};

use countersign::digest::Sha256;
use countersign::exchange::{self, CourierError, Delivery};
use countersign::journal::Event;
use countersign::request::{MAX_BYTES, Request, RequestId};
use countersign::response::{Outcome, Response};
use countersign::safe::counted;

use super::intake::describe;
use super::{Session, SessionError, unsummarised};
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::recorder::Consented;

/// Most lines of a summary that are shown; the file has all.
const ON_SCREEN: usize = 200;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Hands one answer to the courier. A stick that is full or gone does not stop the session:
    /// what was signed is in the journal, and the summary names the answers that are missing.
    pub(super) fn write_answer(
        &mut self,
        request: &Request,
        response: &Response,
    ) -> Result<(), SessionError> {
        if self.options.dry_run {
            return Ok(());
        }
        let text = response.text();
        let name = request.file_name().replace(".request.asc", ".response.json");
        let place = self.agenda.place(request.id())?.join(name);
        match self.outgoing.put(&place.to_string_lossy(), text.as_bytes()) {
            Ok(Delivery::Done) => {
                let (request, response) = (request.id(), Sha256::of(&text));
                Ok(self.recorder.append_lazily(Event::Answered { request, response })?)
            }
            Ok(Delivery::Held) => Ok(self.agenda.hold(request.id(), Sha256::of(&text))?),
            Err(error) => {
                let next = match &response.outcome {
                    Outcome::Signed { .. } | Outcome::Sealed { .. } => "the next session writes it",
                    Outcome::Refused { .. } => "give the request again",
                };
                let name = describe(request);
                self.note(format!("NO ANSWER  {name}: it did not reach the stick; {next}"));
                self.lost.failed(error);
                Ok(())
            }
        }
    }

    /// Writes the answers to requests that were signed in earlier sessions.
    pub(super) fn answer_from_journal(&mut self) -> Result<(), SessionError> {
        while let Some(id) = self.agenda.take_answer()? {
            let Some(consented) = self.recorder.consented(id)? else { continue };
            let Some(outcome) = self.outcome(id, &consented)? else { continue };
            let kept = exchange::read_path(&self.recorder.kept(id), MAX_BYTES).ok();
            let Some(request) = kept.and_then(|b| Request::parse(&b, MAX_BYTES).ok()) else {
                let text = format!("request {} is not at the station any more\n", id.0.short());
                self.console.show(&text);
                continue;
            };
            let failures = self.lost.failures;
            self.write_answer(&request, &Response::new(id, outcome))?;
            if self.lost.failures == failures {
                self.tally.answered_again += 1;
                self.note(format!("again      {}: answered from the journal", describe(&request)));
            }
        }
        Ok(())
    }

    /// What the journal has of a request that was signed to its end.
    fn outcome(
        &self,
        id: RequestId,
        consented: &Consented,
    ) -> Result<Option<Outcome>, SessionError> {
        let master = consented.master;
        if let Some((sha256, message)) = self.recorder.sealed(id)? {
            return Ok(Some(Outcome::Sealed { master, sha256, message }));
        }
        let signatures = self.recorder.signatures(id)?;
        let whole = signatures.len() == consented.statements.len();
        Ok(whole.then_some(Outcome::Signed { master, signatures }))
    }

    /// Shows what the courier holds, until a person says that the other side has read it: only
    /// then is it answered.
    pub(super) fn show_answers(&mut self) -> Result<(), SessionError> {
        let (held, records) = (self.agenda.held()?, self.records_held);
        let waits = held + records > 0;
        let mut read = false;
        while waits && !read {
            if let Err(error) = self.outgoing.show() {
                self.lost.failed(error);
                break;
            }
            match was_read(self.console)? {
                WasRead::Yes => read = true,
                WasRead::Again => {}
                WasRead::No => break,
            }
        }
        if waits && !read {
            self.unread = if held > 0 { held } else { records };
            self.note(match held {
                0 => "NOT READ   the record: airgap session record shows it again".to_owned(),
                held => format!(
                    "NOT READ   {}: the next session shows again what was signed; give refused \
                     requests again; for a record: airgap session record",
                    counted(held, "answer")
                ),
            });
            return Ok(());
        }
        while let Some((request, response)) = self.agenda.take_held()? {
            self.recorder.append_lazily(Event::Answered { request, response })?;
        }
        Ok(())
    }

    /// Gives what happened in words to the courier and to the screen.
    pub(super) fn write_summary(&mut self) -> Result<(), CourierError> {
        let name = &self.station.authority().policy().name;
        let what = match &self.options.stand_in {
            Some(_) => "Rehearsal",
            None => "Session",
        };
        let (name, now) = (countersign::safe::Safe(name), self.recorder.now());
        let head = format!("{what} at the station of {name}\nended {now}\n\n");
        let tally = &self.tally;
        let mut tail = format!(
            "\n{} signed with {}, {} answered again, {} refused, {} left\n",
            tally.signed,
            counted(tally.signatures, "signature"),
            tally.answered_again,
            tally.refused,
            tally.left
        );
        if self.options.dry_run {
            tail.push_str("dry run: nothing was signed and nothing written\n");
        } else if self.options.stand_in.is_some() {
            tail.push_str("rehearsal: nothing of this is in the journal or on the stick\n");
        } else {
            let _ = writeln!(tail, "journal head {}", self.recorder.head());
        }
        let file =
            format!("session-{:06}.summary.txt", self.recorder.ledger().uncovered().sessions());
        self.lines.flush().map_err(unsummarised)?;
        let lines = self.lines.get_ref();
        self.console.show(&format!("\n{head}"));
        (&*lines).rewind().map_err(unsummarised)?;
        let mut more = 0;
        for (at, line) in BufReader::new(lines).lines().enumerate() {
            let line = line.map_err(unsummarised)?;
            if at < ON_SCREEN {
                self.console.show(&format!("{line}\n"));
            } else {
                more += 1;
            }
        }
        if more > 0 {
            self.console.show(&format!("and {more} lines more: {file} has them all\n"));
        }
        self.console.show(&tail);
        if self.options.dry_run {
            return Ok(());
        }
        (&*lines).rewind().map_err(unsummarised)?;
        let mut whole = head.as_bytes().chain(lines).chain(tail.as_bytes());
        self.outgoing.summary(&file, &mut whole)
    }
}

/// What a person says of answers that were shown.
enum WasRead {
    Yes,
    Again,
    No,
}

fn was_read(console: &mut impl Console) -> io::Result<WasRead> {
    loop {
        let question = "\nHas the other side read it all? Type Yes, Again to show it once more, \
                        or Later to show it in the next session: ";
        match console.ask(question)?.as_deref() {
            Some("Yes") => return Ok(WasRead::Yes),
            Some("Again") => return Ok(WasRead::Again),
            Some("Later") | None => return Ok(WasRead::No),
            Some(_) => console.show("Nothing but these words counts.\n"),
        }
    }
}
