//! Records that were signed, made once more from the journal that they follow from.

use std::io::BufRead;

use super::entry::Event;
use super::record::Record;
use super::uncovered::{Closing, Uncovered};
use super::{Chain, JournalError};
use crate::response::SignatureBlock;

/// Hands each record that was signed behind the entry with the number `after` to `each`, with its
/// signature. Neither is checked here.
///
/// # Errors
/// [`JournalError`] where the journal does not hold together.
pub fn signed_records(
    journal: impl BufRead,
    after: u64,
    each: &mut dyn FnMut(Record, &SignatureBlock),
) -> Result<(), JournalError> {
    let mut uncovered = Uncovered::default();
    let mut announced = None;
    for entry in Chain::new(journal) {
        let entry = entry?;
        if let (Event::RecordSigned { signature }, Some(record)) = (&entry.event, announced.take())
        {
            each(record, signature);
        }
        if entry.sequence > after {
            announced = Closing::announced(&entry).and_then(|closing| uncovered.record(&closing));
        }
        uncovered.add(&entry);
    }
    Ok(())
}
