//! Recertifications of a campaign: taken in without a word each, then asked about together.

use std::collections::BTreeMap;

use countersign::digest::Sha256;
use countersign::exchange;
use countersign::fingerprint::Fingerprint;
use countersign::policy::rules::recertification::standing;
use countersign::policy::{Decided, Evidence, History, Policy, Review};
use countersign::request::Request;
use countersign::response::Refuser;
use countersign::safe::counted;
use countersign::screen::{self, Detail};

use super::intake::{Next, describe};
use super::reader::CardFor;
use super::refusal::by_operator;
use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::consent::{Agreed, Batch, BatchAnswer, Item, Source};
use crate::console::{Console, Step};

/// What a session keeps of its batch.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    batch: Option<Batch>,
    /// Recertifications that ask another master than the one in the reader.
    elsewhere: BTreeMap<Fingerprint, usize>,
    /// Recertifications that were signed before and are answered again.
    signed: usize,
}

/// Whether a request needs no word of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// It is in the batch, or left or answered with the others.
    Yes,
    /// It has to be looked at by itself.
    No,
}

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Takes a recertification into the batch, where every rule holds without a warning.
    pub(super) fn join_batch(
        &mut self,
        request: &Request,
        source: &Source,
    ) -> Result<Joined, SessionError> {
        let id = request.id();
        if self.agenda.was_seen(id)? {
            return Ok(Joined::Yes);
        }
        let object = request.operation().object();
        let history = self.recorder.history(id, object.as_ref())?;
        match history.this {
            Some(Decided::Signed { .. }) => {
                self.agenda.answer_again(id)?;
                self.gathered.signed += 1;
                return Ok(Joined::Yes);
            }
            Some(Decided::Refused { .. }) => return Ok(Joined::No),
            None => {}
        }
        let authority = self.station.authority();
        let context = authority.context(self.recorder.now());
        let review = Policy::review(&context, request.clone(), &history, &Evidence::default()).ok();
        let Some(review) = review.filter(Batch::takes) else { return Ok(Joined::No) };
        let asked = request.master();
        let user_ids = request.operation().user_ids();
        let Ok(rests_on) = standing(&context, review.certificate(), asked, user_ids) else {
            return Ok(Joined::No);
        };
        self.agenda.see(id)?;
        if let CardFor::Another(_) = self.card_for(asked)? {
            *self.gathered.elsewhere.entry(asked).or_default() += 1;
            return Ok(Joined::Yes);
        }
        if self.gathered.batch.is_none() {
            self.gathered.batch = Some(Batch::beside(self.station.folder())?);
        }
        if let Some(batch) = &mut self.gathered.batch {
            batch.add(&review, &rests_on, &context.policy.certify.agreement, source)?;
        }
        Ok(Joined::Yes)
    }

    /// Asks about the batch, if there is one, and does what the operator says.
    pub(super) fn ask_about_batch(&mut self) -> Result<(), SessionError> {
        if self.gathered.signed > 0 {
            let text = counted(self.gathered.signed, "recertification");
            let text = format!("\n{text} signed already: answered again\n");
            self.console.show(&text);
        }
        for (master, count) in std::mem::take(&mut self.gathered.elsewhere) {
            let text = format!("{} for the card of {master}", counted(count, "recertification"));
            self.console.show(&format!("\nleft: {text}. Run another session with that card.\n"));
            self.note(format!("left       {text}"));
            self.tally.left += count;
        }
        let Some(batch) = self.gathered.batch.take() else { return Ok(()) };
        if batch.count() == 1 {
            return self.ask_singly(&batch);
        }
        let list = match self.options.dry_run {
            true => None,
            false => Some(batch.write_list(&self.station.folder().join("batches"))?),
        };
        let context = self.station.authority().context(self.recorder.now());
        match batch.ask(&context, list.as_deref(), self.console)? {
            BatchAnswer::Consent(agreed) => self.record_batch(&agreed),
            BatchAnswer::Refused(batch, reason) => self.refuse_batch(&batch, &reason),
            BatchAnswer::Singly(batch) => self.ask_singly(&batch),
            BatchAnswer::Later(batch) => {
                self.leave(batch.count());
                Ok(())
            }
            BatchAnswer::Gone(batch) => {
                self.leave(batch.count());
                self.console.show("\nNobody answers any more: the batch is left undecided.\n");
                Ok(())
            }
        }
    }

    fn leave(&mut self, count: usize) {
        self.tally.left += count;
        self.note(format!("left       a batch of {}", counted(count, "recertification")));
    }

    /// Writes down the consent to each request of the batch. The card comes after all of them.
    fn record_batch(&mut self, agreed: &Agreed) -> Result<(), SessionError> {
        let (all, mut done, mut last) = (agreed.batch().count(), 0, None);
        if self.options.dry_run {
            self.note(format!("would sign a batch of {}", counted(all, "recertification")));
            self.console.show("dry run: nothing is written down and nothing signed\n");
            return Ok(());
        }
        while let Some(item) = agreed.batch().item_after(last.as_ref())? {
            let consent = match self.again(&item)? {
                Some((review, _, _)) => agreed.consent(review)?.ok(),
                None => None,
            };
            match consent {
                Some(consent) => {
                    let recorded = self.recorder.record(consent)?;
                    self.to_sign += recorded.open_signatures();
                    self.agenda.sign(recorded.request())?;
                }
                None => self.changed(&item),
            }
            done += 1;
            self.console.progress(Step::Recording, done, all, "");
            last = Some(item);
        }
        Ok(())
    }

    fn refuse_batch(&mut self, batch: &Batch, reason: &str) -> Result<(), SessionError> {
        let mut last = None;
        while let Some(item) = batch.item_after(last.as_ref())? {
            match self.again(&item)? {
                Some((review, _, untrusted)) => {
                    let (file, why) = (Sha256::of(untrusted), vec![by_operator(reason.to_owned())]);
                    self.refused(review.request(), file, Refuser::Operator, why)?;
                }
                None => self.changed(&item),
            }
            last = Some(item);
        }
        Ok(())
    }

    fn ask_singly(&mut self, batch: &Batch) -> Result<(), SessionError> {
        let mut last = None;
        while let Some(item) = batch.item_after(last.as_ref())? {
            match self.again(&item)? {
                Some((review, history, untrusted)) => {
                    let context = self.station.authority().context(self.recorder.now());
                    let screen = screen::review(&review, &context, &history, Detail::Brief);
                    self.console.show(&format!("\n{}\n{screen}", describe(review.request())));
                    if self.ask(review, &untrusted)? == Next::Stop {
                        return Ok(());
                    }
                }
                None => self.changed(&item),
            }
            last = Some(item);
        }
        Ok(())
    }

    /// Reads and judges a request of the batch once more.
    fn again(&self, item: &Item) -> Result<Option<(Review, History, Vec<u8>)>, SessionError> {
        let bytes = match &item.source {
            Source::Courier(name) => self.inbox.read(name, self.limit()).ok(),
            Source::Kept => {
                exchange::read_path(&self.recorder.kept(item.request), self.limit()).ok()
            }
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let judged = self.judged(item.request, &bytes)?;
        Ok(judged.map(|(review, history)| (review, history, bytes)))
    }

    fn changed(&mut self, item: &Item) {
        self.tally.left += 1;
        let id = item.request.0.short();
        self.note(format!("left       {id}: its text is not what was shown, or gone"));
    }
}
