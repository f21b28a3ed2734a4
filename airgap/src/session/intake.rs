//! Requests come in: read without trust, judged, shown, consented to, written down.

use std::ffi::{OsStr, OsString};

use countersign::digest::Sha256;
use countersign::exchange::{self, CourierError, ExchangeError, Records};
use countersign::operation::Recertify;
use countersign::policy::rules::ABOUT_EVIDENCE;
use countersign::policy::{
    Decided, Evidence, Files, History, KeyringFile, Policy, Rejection, Review, Violation,
};
use countersign::request::{MAX_BYTES, Request, RequestId};
use countersign::response::Refuser;
use countersign::safe::{Safe, chain};
use countersign::screen::{self, Detail};

use super::batch::Joined;
use super::refusal::by_operator;
use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::consent::{Answer, Consent, Source};
use crate::console::{Console, Step};

/// Whether to go on with the next request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Stop,
}

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Takes in what an interrupted session left, then what the courier brought.
    pub(super) fn take_in(&mut self, count: usize) -> Result<(), SessionError> {
        let mut last = None;
        while let Some(pending) = self.recorder.ledger().pending_after(last)? {
            let id = pending.request;
            last = Some(id);
            let label = format!("kept at the station: {}", id.0.short());
            let Ok(bytes) = exchange::read_path(&self.recorder.kept(id), self.limit()) else {
                self.lost(id)?;
                continue;
            };
            if self.consider(&label, &Source::Kept, &bytes)? == Next::Stop {
                return Ok(());
            }
        }
        let mut last: Option<OsString> = None;
        for at in 1..=count {
            let after = last.as_deref().map(OsStr::as_encoded_bytes);
            let Some(name) = self.agenda.file_after(after)? else { break };
            let label = format!("Request {at} of {count}: {}", name.to_string_lossy());
            let label = Safe(&label).to_string();
            let read = self.inbox.read(&name, self.limit());
            last = Some(name.clone());
            self.console.progress(Step::Reading, at, count, "");
            match read {
                Ok(bytes) => {
                    if self.consider(&label, &Source::Courier(name), &bytes)? == Next::Stop {
                        return Ok(());
                    }
                }
                Err(error) => {
                    let too_long =
                        matches!(error, CourierError::File(ExchangeError::TooLong { .. }));
                    let rule = if too_long { "size" } else { "readable" };
                    self.unreadable(&label, None, rule, &chain(&error))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn limit(&self) -> usize {
        self.station.authority().policy().limits.max_request_bytes
    }

    /// One request, from untrusted bytes to a decision.
    fn consider(
        &mut self,
        label: &str,
        source: &Source,
        untrusted: &[u8],
    ) -> Result<Next, SessionError> {
        let request = match Request::parse(untrusted, self.limit()) {
            Ok(request) => request,
            Err(error) => {
                self.console.show(&format!("\n{label}\n"));
                self.unreadable(label, Some(untrusted), "format", &chain(&error))?;
                return Ok(Next::GoOn);
            }
        };
        if let Source::Courier(name) = source {
            self.agenda.lay_in(request.id(), name)?;
        }
        if request.operation().as_any::<Recertify>().is_some()
            && self.join_batch(&request, source)? == Joined::Yes
        {
            return Ok(Next::GoOn);
        }
        self.console.show(&format!("\n{label}\n"));
        if self.agenda.was_seen(request.id())? {
            self.console.show("the same request as one above: nothing to do\n");
            return Ok(Next::GoOn);
        }
        let object = request.operation().object();
        let history = self.recorder.history(request.id(), object.as_ref())?;
        if let Some(Decided::Signed { at }) = &history.this {
            let text = format!("signed already at {at}: the answer is written again\n");
            self.console.show(&text);
            self.agenda.answer_again(request.id())?;
            return Ok(Next::GoOn);
        }
        if let Some(Decided::Refused { at, reason }) = &history.this {
            let reason = reason.clone();
            let text = format!("refused by the operator at {at}: {}\n", Safe(&reason));
            self.console.show(&text);
            self.refuse_again(&request, reason)?;
            return Ok(Next::GoOn);
        }
        let authority = self.station.authority();
        let context = authority.context(self.recorder.now());
        let Some(evidence) = self.evidence(&request, &history) else {
            self.without_files(&request);
            return Ok(Next::GoOn);
        };
        match Policy::review(&context, request, &history, &evidence) {
            Err(rejection) if self.lacks_files(&rejection, &evidence)? => {
                // The summary names it among what waits at the station.
                self.agenda.see(rejection.request.id())?;
                let mend: String = rejection.violations().into_iter().map(|v| v.mend).collect();
                let text = format!("left: consented to already, but without its files: {mend}\n");
                self.console.show(&text);
                Ok(Next::GoOn)
            }
            Err(rejection) => {
                self.console.show(&screen::rejection(&rejection, &context, &history));
                self.refuse(&rejection, untrusted)?;
                Ok(Next::GoOn)
            }
            Ok(review) => {
                // Only now: a copy with a bad signature must not keep the request itself out.
                self.agenda.see(review.request().id())?;
                if !self.card_fits(&review)? {
                    return Ok(Next::GoOn);
                }
                self.console.show(&screen::review(&review, &context, &history, Detail::Brief));
                self.ask(review, untrusted)
            }
        }
    }

    /// Judges a request once more as it was judged before, from its text; none where its text is
    /// not that of `id` any more, or a rule is broken by now.
    pub(super) fn judged(
        &self,
        id: RequestId,
        untrusted: &[u8],
    ) -> Result<Option<(Review, History)>, SessionError> {
        let request = Request::parse(untrusted, self.limit()).ok();
        let Some(request) = request.filter(|request| request.id() == id) else { return Ok(None) };
        let object = request.operation().object();
        let history = self.recorder.history(id, object.as_ref())?;
        let context = self.station.authority().context(self.recorder.now());
        let review = Policy::review(&context, request, &history, &Evidence::default());
        Ok(review.ok().map(|review| (review, history)))
    }

    /// What lies beside the request, and what was signed before. None where it takes files, and
    /// the courier brings none.
    fn evidence(&self, request: &Request, history: &History) -> Option<Evidence> {
        let kept = |id| exchange::read_path(&self.recorder.kept(id), MAX_BYTES).ok();
        let operation = request.operation();
        // Files on a stick are read only for somebody who may ask.
        let authority = self.station.authority();
        let context = authority.context(self.recorder.now());
        let without = Policy::review(&context, request.clone(), history, &Evidence::default());
        let broken = without.err().map(|rejection| rejection.violations()).unwrap_or_default();
        if !broken.iter().all(about_files) {
            return Some(Evidence::default());
        }
        let folder = self.inbox.beside();
        let records = Records {
            masters: authority.masters(),
            kept: &kept,
            decisions: &|each| self.recorder.on_keys(each),
        };
        (broken.is_empty() || folder.is_some())
            .then(|| exchange::evidence(operation, history, folder, &records))
    }

    /// A request that is good as far as one can see without the files that it is about.
    fn without_files(&mut self, request: &Request) {
        self.console.show(
            "left: the files that it is about are not here, and the station hashes them itself. \
             They travel by stick: bring request and files on one.\n",
        );
        self.tally.left += 1;
        self.note(format!("left       {}: its files travel by stick", describe(request)));
    }

    /// Whether the operator's word stands in the journal, and nothing else is wrong than that the
    /// stick of this session holds no files: that is no reason to take the word back.
    fn lacks_files(
        &self,
        rejection: &Rejection,
        evidence: &Evidence,
    ) -> Result<bool, SessionError> {
        let only_files = rejection.violations().iter().all(about_files);
        let absent = matches!(evidence.files, Files::Absent)
            && matches!(evidence.keyring, KeyringFile::Absent);
        let pending = self.recorder.ledger().pending(rejection.request.id())?;
        Ok(only_files && absent && pending.is_some())
    }

    pub(super) fn ask(&mut self, review: Review, untrusted: &[u8]) -> Result<Next, SessionError> {
        let (id, label) = (review.request().id(), describe(review.request()));
        match Consent::ask(review, self.console)? {
            Answer::Consent(consent) => {
                if self.options.dry_run {
                    self.note(format!("would sign {label}"));
                    self.console.show("dry run: nothing is written down and nothing signed\n");
                } else {
                    let recorded = self.recorder.record(*consent)?;
                    self.to_sign += recorded.open_signatures();
                    self.agenda.sign(recorded.request())?;
                }
                Ok(Next::GoOn)
            }
            Answer::Refused { review, reason } => {
                let file = Sha256::of(untrusted);
                let violations = vec![by_operator(reason)];
                self.refused(review.request(), file, Refuser::Operator, violations)?;
                Ok(Next::GoOn)
            }
            // What waits at the station is named at the end.
            Answer::Later if self.recorder.ledger().pending(id)?.is_some() => Ok(Next::GoOn),
            Answer::Later => {
                self.tally.left += 1;
                self.note(format!("left       {label}"));
                Ok(Next::GoOn)
            }
            Answer::Gone => {
                self.tally.left += 1;
                self.console.show("\nNobody answers any more: the rest is left undecided.\n");
                Ok(Next::Stop)
            }
        }
    }
}

/// Whether a rule is broken that asks for files beside the request.
fn about_files(violation: &Violation) -> bool {
    ABOUT_EVIDENCE.contains(&violation.rule.as_str())
}

/// One line that names a request to a person.
pub(super) fn describe(request: &Request) -> String {
    let operation = request.operation();
    let (id, name, brief) = (request.id().0.short(), operation.name(), operation.brief());
    format!("{id} {name} {}", Safe(&brief))
}
