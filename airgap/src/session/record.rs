//! The session's record: composed from the journal, announced in it, signed by the card, given
//! to the courier.

use countersign::digest::Sha256;
use countersign::exchange::Delivery;
use countersign::journal::{Closing, Event};
use countersign::module::write_signed;
use countersign::operation::{SessionRecord, Signable as _};
use countersign::response::SignatureBlock;

use super::hand::Hand;
use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::Console;

/// After so many requests a record is signed, and another one begun: the records of a large batch
/// stay small.
pub(super) const REQUESTS: usize = 1_000;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
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
        let part = if hand.records == 1 { String::new() } else { format!("-{}", hand.records) };
        let name = format!("session-{number:06}{part}.record.asc");
        let signed = write_signed(&text, &signature).map_err(|e| SessionError::Text(e.into()))?;
        match self.outgoing.put(&name, signed.as_bytes()) {
            Ok(Delivery::Done | Delivery::Held) => self.note(format!("record     {name}")),
            Err(error) => {
                self.note(format!(
                    "NO RECORD  {name}: it did not reach the stick; the journal has it"
                ));
                self.lost.failed(error);
            }
        }
        Ok(())
    }
}
