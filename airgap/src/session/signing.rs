//! The card signs: one PIN, then for each signature the card, the check, the journal.

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::exchange;
use countersign::journal::{self, Event, Moment};
use countersign::operation::{PrepareRevocation, Statement};
use countersign::request::{MAX_BYTES, Request};
use countersign::response::{Outcome, Response, SignatureBlock};
use countersign::safe::{Safe, counted};

use super::hand::Hand;
use super::intake::describe;
use super::record;
use super::{OpenedCard, Session, SessionError};
use crate::card::{
    self, Advisories, BeforeUnlocking, Card, CardError, LastTry, Secret, counted_tries,
};
use crate::console::{Console, Step};
use crate::recorder::Recorded;
use crate::selftest;

/// Bytes of one signature's RSA value, by a key of 4096 bits, with its length.
const RSA_BYTES: usize = 514;
/// Bytes of a record for each signature that it lists.
const RECORD_BYTES: usize = 240;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Signs everything that was recorded; what is left unsigned is named in the summary.
    pub(super) fn sign(&mut self) -> Result<(), SessionError> {
        let result = self.sign_batch();
        if self.options.stand_in.is_some() {
            return result;
        }
        let mut last = None;
        while let Some(pending) = self.recorder.ledger().pending_after(last)? {
            let id = pending.request;
            last = Some(id);
            self.tally.left += 1;
            let kept = exchange::read_path(&self.recorder.kept(id), MAX_BYTES).ok();
            let request = kept.and_then(|bytes| Request::parse(&bytes, MAX_BYTES).ok());
            let name = request.map_or_else(|| id.0.short(), |request| describe(&request));
            self.note(format!("NOT SIGNED {name}: consented to, waits at the station"));
        }
        result
    }

    fn sign_batch(&mut self) -> Result<(), SessionError> {
        self.recorder.settle()?;
        let requests = self.agenda.to_sign()?;
        match self.card.take().filter(|_| requests > 0) {
            Some(opened) => self.sign_with(opened, requests),
            None => Ok(()),
        }
    }

    /// One PIN, every signature that was consented to, and the record.
    pub(super) fn sign_with(
        &mut self,
        mut opened: OpenedCard,
        requests: usize,
    ) -> Result<(), SessionError> {
        let master = opened.master.ok_or(CardError::Removed)?;
        let asked =
            self.station.authority().master(master).map_err(crate::station::StationError::from)?;
        let stand_in = self.options.stand_in.as_ref();
        let master = stand_in.map_or(asked, |stand_in| &stand_in.master);
        let OpenedCard { card, ident, .. } = &mut opened;
        let mut card = card.session()?;
        let before = card.before_unlocking()?;
        if before.ident != *ident {
            let (actual, expected) = (before.ident, ident.clone());
            return Err(CardError::OtherCard { actual, expected }.into());
        }
        card.check_master(master)?;
        let count = self.check_counter(&mut card, ident)?;
        let card_read = selftest::card_was_read(ident, master.fingerprint(), count);
        self.journal(Event::SelfTested { checks: vec![card_read] })?;
        if requests > 0 {
            self.as_rehearsed(asked.fingerprint(), ident)?;
        }
        let all = self.to_sign;
        // While a stick can still be fetched.
        if let Some(text) =
            self.outgoing.forecast(requests + 1, (all + 1) * RSA_BYTES + all * RECORD_BYTES)
        {
            self.console.show(&format!("\n{text}\n"));
        }
        if requests > 0 {
            let answers = counted(requests, "answer");
            self.console.show(&format!(
                "\nFrom here on this writes {answers}, the session's record and a summary, and \
                 nothing else.\n"
            ));
        }
        self.unlock(&mut card, master, &before, all)?;
        // Only now: from here on a signature can be made, and with the power be lost.
        let (on, moment) = (ident.clone(), Moment::Before);
        let key = master.fingerprint();
        self.journal(Event::Counter { card: on, master: key, count, moment })?;

        let mut hand = Hand::new(&mut card, (asked, master), ident, count);
        let result = self.sign_each(&mut hand);
        self.tally.signatures = hand.done;
        let cut_off =
            |done| move |source| SessionError::Interrupted { done, all, source: Box::new(source) };
        result.map_err(cut_off(hand.done))?;
        let count = hand.counted()?;
        self.sign_record(&mut hand, count).map_err(cut_off(hand.done))?;
        let count = hand.counted()?;
        let (master, card) = (master.fingerprint(), ident.clone());
        self.journal(Event::Counter { card, master, count, moment: Moment::After })
    }

    fn sign_each(&mut self, hand: &mut Hand<'_, '_>) -> Result<(), SessionError> {
        let mut since_record = 0;
        while let Some(id) = self.agenda.take_to_sign()? {
            let recorded = self.recorder.recorded(id)?.ok_or(SessionError::Changed(id))?;
            if since_record == record::REQUESTS {
                let count = hand.counted()?;
                self.sign_record(hand, count)?;
                since_record = 0;
            }
            self.sign_one(recorded, hand)?;
            since_record += 1;
        }
        Ok(())
    }

    /// Whether the counter is what the journal expects, or a person explained why it is not.
    pub(super) fn counter_fits(&self, ident: &str, actual: u32) -> Result<(), SessionError> {
        let ledger = self.recorder.ledger();
        let Some((expected, most)) = ledger.expected_counter(ident) else {
            return Ok(());
        };
        if actual == expected || actual == most || self.options.explain_counter.is_some() {
            return Ok(());
        }
        let (card, since) = (ident.to_owned(), ledger.counted_at(ident));
        Err(SessionError::Counter { card, actual, expected, since })
    }

    /// Reads the card's counter, compares it, and writes down what it takes to explain it.
    fn check_counter(
        &mut self,
        card: &mut card::Session<'_>,
        ident: &str,
    ) -> Result<u32, SessionError> {
        let actual = card.counter()?;
        self.counter_fits(ident, actual)?;
        let Some((expected, most)) = self.recorder.ledger().expected_counter(ident) else {
            return Ok(actual);
        };
        if actual == expected {
            return Ok(actual);
        }
        let explanation = match &self.options.explain_counter {
            Some(explanation) if actual != most => explanation.clone(),
            _ if self.recorder.ledger().record_was_cut_off(ident) => {
                self.console.show(
                    "The card's counter is one ahead of the journal: the record that was under way \
                     when the last session was interrupted. Its text is in the journal; the next \
                     record covers the same.\n",
                );
                "the record under way when the session before was interrupted".to_owned()
            }
            _ => {
                self.console.show(
                    "The card's counter is one ahead of the journal: the signature that was under \
                     way when the last session was interrupted. The very same one is made again.\n",
                );
                "the signature under way when the session before was interrupted".to_owned()
            }
        };
        let unknown = i64::from(actual) - i64::from(expected);
        let card = ident.to_owned();
        self.journal(Event::CounterExplained { card, unknown, explanation })?;
        Ok(actual)
    }

    fn unlock(
        &mut self,
        card: &mut card::Session<'_>,
        master: &Certificate,
        before: &BeforeUnlocking,
        all: usize,
    ) -> Result<(), SessionError> {
        match (before.tries, self.options.last_try) {
            (0, _) => return Err(CardError::PinBlocked.into()),
            (1, LastTry::Keep) => return Err(CardError::LastTry { secret: Secret::Pin }.into()),
            (1, LastTry::Use) | (2.., _) => {}
        }
        let made = match all {
            0 => String::new(),
            all => format!("make {}, and ", counted(all, "signature")),
        };
        self.console.show(&format!(
            "\nThe master {} on card {} will {made}sign the record of this session.\n",
            master.fingerprint(),
            before.ident,
        ));
        for line in Advisories::bundled().lines(&before.model, self.recorder.now()) {
            self.console.show(&format!("{line}\n"));
        }
        if before.pin_once {
            self.console
                .show("This card wants its PIN before each one: it is sent again for you.\n");
        }
        if before.touch {
            self.console.show("TOUCH THE CARD for each one, when it blinks.\n");
        }
        if before.tries == 1 {
            self.console.show("ONLY ONE TRY IS LEFT before the card blocks its PIN.\n");
        }
        loop {
            let question = format!("PIN ({} left): ", counted_tries(before.tries));
            let pin = self.console.signing_pin(&question, before.pad)?;
            self.console.show("\n");
            match card.unlock(pin, before) {
                // Never sent to the card: somebody at a terminal may type it again.
                Err(error @ (CardError::PinLength | CardError::FactoryPin))
                    if self.console.consent() == journal::Consent::Typed =>
                {
                    self.console.show(&format!("{error}\n"));
                }
                other => return Ok(other?),
            }
        }
    }

    /// Signs one request to its end and answers it.
    fn sign_one(
        &mut self,
        recorded: Recorded,
        hand: &mut Hand<'_, '_>,
    ) -> Result<(), SessionError> {
        let id = recorded.into_request();
        let changed = || SessionError::Changed(id);
        let bytes = exchange::read_path(&self.recorder.kept(id), MAX_BYTES)?;
        let request = Request::parse(&bytes, MAX_BYTES).map_err(|_| changed())?;
        if request.id() != id {
            return Err(changed());
        }
        let operation = request.operation();
        let mut statements = request.prediction(hand.asked)?.statements;
        let consented = self.recorder.consented(id)?.ok_or_else(changed)?;
        if !statements.iter().map(|s| Sha256::of(s.digest())).eq(consented.statements) {
            return Err(changed());
        }
        if self.options.stand_in.is_some() {
            statements = request.rehearsal(hand.master)?.statements;
        }
        if let Some(asked) = operation.as_any::<PrepareRevocation>() {
            return self.sign_sealed(&request, asked, &statements, hand);
        }
        let mut blocks = self.recorder.signatures(id)?;
        for (at, statement) in statements.iter().enumerate().skip(blocks.len()) {
            let signature = statement.complete(&hand.sign(statement.digest())?)?;
            let block = SignatureBlock::new(&signature);
            self.recorder.append(Event::Signed {
                request: id,
                statement: u32::try_from(at).map_err(|_| changed())?,
                signature: block.clone(),
            })?;
            blocks.push(block);
            hand.done += 1;
            let about = Safe(&statement.about()).to_string();
            self.console.progress(Step::Signing, hand.done, self.to_sign, &about);
        }
        let outcome = Outcome::Signed { master: hand.master.fingerprint(), signatures: blocks };
        let response = self.checked(&request, Response::new(id, outcome), hand)?;
        self.signed(&request, &statements, &response)
    }

    /// The answer, if it is just what was asked for.
    fn checked(
        &self,
        request: &Request,
        response: Response,
        hand: &Hand<'_, '_>,
    ) -> Result<Response, SessionError> {
        if self.options.stand_in.is_some() {
            response.clone().rehearsed(request, hand.master)?;
            return Ok(response);
        }
        let verified = response.verify(request, hand.master)?;
        // A master that revoked itself here is revoked here, before any record comes back.
        let authority = self.station.authority();
        authority.learn(request, &verified).map_err(crate::station::StationError::from)?;
        Ok(verified.response())
    }

    /// Notes a request that is signed to its end, and answers it.
    pub(super) fn signed(
        &mut self,
        request: &Request,
        statements: &[Statement],
        response: &Response,
    ) -> Result<(), SessionError> {
        self.tally.signed += 1;
        let mut line = format!("signed     {}", describe(request));
        if let Some(object) = request.operation().object() {
            line.push_str(&format!("\n           {object}"));
        }
        for statement in statements {
            line.push_str(&format!("\n           {}", Safe(&statement.about())));
        }
        self.note(line);
        self.write_answer(request, response)
    }
}
