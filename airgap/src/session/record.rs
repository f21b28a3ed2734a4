//! The session's record: composed from the journal, announced in it, signed by the card, given
//! to the courier.

use countersign::digest::Sha256;
use countersign::exchange::Delivery;
use countersign::journal::{Closing, Event, Record};
use countersign::module::write_signed;
use countersign::operation::{SessionRecord, Signable as _};
use countersign::response::SignatureBlock;
use countersign::safe::{Safe, chain};

use super::hand::Hand;
use super::{Session, SessionError, Tally};
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::station::StationError;

/// After so many requests a record is signed, and another one begun: the records of a large batch
/// stay small.
pub(crate) const REQUESTS: usize = 1_000;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// A session without requests.
    pub(super) fn record_only(mut self) -> Result<Tally, SessionError> {
        self.outgoing.check()?;
        if self.recorder.ledger().uncovered().decisions() == 0 {
            return self.record_once_more();
        }
        self.begin()?;
        self.tell_what_waits()?;
        self.answer_from_journal()?;
        let result = self.open_the_card().and_then(|_| match self.card.take() {
            Some(opened) => self.sign_with(opened, 0),
            None => Err(CardError::Removed.into()),
        });
        self.end(result)
    }

    /// Nothing is in no record: the last ones go out once more, without the card, because the
    /// stick did not take them or nobody knows.
    fn record_once_more(mut self) -> Result<Tally, SessionError> {
        if self.recorder.ledger().recorded().is_none() {
            return Err(SessionError::NothingToRecord);
        }
        let went_out = self.recorder.ledger().record_may_be_lost();
        self.console.show("Nothing happened since the last record: it goes out once more.\n");
        self.begin()?;
        let result = if went_out { Ok(()) } else { self.put_records_again() };
        self.end(result)
    }

    /// Has the record signed of everything that no record covers yet; the card's counter is at
    /// `count`.
    pub(super) fn sign_record(
        &mut self,
        hand: &mut Hand<'_, '_>,
        count: u32,
    ) -> Result<(), SessionError> {
        let ledger = self.recorder.ledger();
        let created = self.recorder.now();
        let closing = Closing {
            created,
            master: hand.master.fingerprint(),
            count,
            last: ledger.entries().saturating_sub(1),
            head: self.recorder.head(),
            card: hand.ident,
        };
        let record = ledger.uncovered().record(&closing).ok_or(SessionError::NothingToRecord)?;
        let text = record.text();
        let number = record.session;
        let statements =
            SessionRecord { record: Box::new(record) }.statements(created, hand.master, None)?;
        let [statement] = statements.as_slice() else { return Err(SessionError::NothingToRecord) };
        self.recorder.append(Event::RecordAnnounced {
            created,
            master: closing.master,
            card: hand.ident.to_owned(),
            count,
            record: Sha256::of(&text),
            statement: Sha256::of(statement.digest()),
        })?;
        let signature = statement.complete(&hand.sign(statement.digest())?)?;
        let signed = Event::RecordSigned { signature: SignatureBlock::new(&signature) };
        self.recorder.append(signed)?;
        hand.records += 1;
        let signed = write_signed(&text, &signature).map_err(|e| SessionError::Text(e.into()))?;
        let nth = usize::try_from(hand.records).unwrap_or(usize::MAX);
        self.put_record(&record_name(number, nth), &signed);
        Ok(())
    }

    /// Gives the courier once more what the last session to sign any records had signed: it may
    /// have been cut off before they were there, or the stick was full.
    pub(super) fn put_records_again(&mut self) -> Result<(), SessionError> {
        let mut records = Vec::new();
        self.recorder.records_again(&mut |record, signature| {
            let name = record_name(record.session, records.len() + 1);
            records.push((name, self.signed_text(record, signature)));
        })?;
        for (name, signed) in records {
            match signed {
                Ok(signed) => self.put_record(&name, &signed),
                // Its master may have left the authority since. What waits goes on all the same.
                Err(error) => self.note(format!("NO RECORD  {name}: {}", Safe(&chain(&error)))),
            }
        }
        Ok(())
    }

    /// A record with its signature, which is checked.
    fn signed_text(&self, record: Record, block: &SignatureBlock) -> Result<String, SessionError> {
        let master = self.station.authority().master(record.master).map_err(StationError::from)?;
        let (created, text) = (record.created, record.text());
        let record = SessionRecord { record: Box::new(record) };
        let packet = block.untrusted_bytes()?;
        let mut signed = Err(SessionError::NothingToRecord);
        for statement in record.statements(created, master, None)? {
            let signature = statement.accept(&packet)?;
            signed = write_signed(&text, &signature).map_err(|e| SessionError::Text(e.into()));
        }
        signed
    }

    fn put_record(&mut self, name: &str, signed: &str) {
        match self.outgoing.put(name, signed.as_bytes()) {
            Ok(delivery) => {
                self.records_held += usize::from(delivery == Delivery::Held);
                self.note(format!("record     {name}"));
            }
            Err(error) => {
                self.note(format!(
                    "NO RECORD  {name}: it did not reach the stick: airgap session record"
                ));
                self.lost.failed(error);
            }
        }
    }
}

/// The name of a session's first record, or of another one.
pub(crate) fn record_name(session: u64, number: usize) -> String {
    let part = if number == 1 { String::new() } else { format!("-{number}") };
    format!("session-{session:06}{part}.record.asc")
}
