//! Records: each is composed again from the entries that it covers, and its signature held against
//! that.

use super::super::entry::{Entry, Event};
use super::super::record::Covered;
use super::super::uncovered::{Closing, Uncovered};
use super::finding::Wrong;
use super::{Basis, accept};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{SessionRecord, Signable as _, Statement};
use crate::response::SignatureBlock;
use crate::time::Timestamp;

/// A record that is about to be signed.
pub(super) struct Announced {
    covered: Covered,
    digest: Sha256,
    statement: Statement,
    /// Who signs it.
    pub(super) master: Fingerprint,
}

/// Composes the record that an entry announces, from what was read until there.
pub(super) fn announced(
    entry: &Entry,
    above: Option<Timestamp>,
    uncovered: &Uncovered,
    basis: &Basis<'_>,
) -> Result<Announced, Wrong> {
    let (Event::RecordAnnounced { created, master, record, statement, .. }, Some(closing)) =
        (&entry.event, Closing::announced(entry))
    else {
        return Err(Wrong::NotAnnounced);
    };
    let known = basis.master(*master).ok_or(Wrong::Master(*master))?;
    if *created > entry.at || above.is_some_and(|above| *created < above) {
        return Err(Wrong::RecordDate);
    }
    let composed = uncovered.record(&closing).ok_or(Wrong::Record)?;
    let (covered, digest) = (composed.journal, Sha256::of(composed.text()));
    let made = SessionRecord { record: Box::new(composed) }.statements(*created, known, None);
    let made = made.ok().and_then(|mut made| made.pop()).ok_or(Wrong::Record)?;
    if digest != *record || Sha256::of(made.digest()) != *statement {
        return Err(Wrong::Record);
    }
    Ok(Announced { covered, digest, statement: made, master: *master })
}

impl Announced {
    /// What it covers and the digest of its text, if the signature is the predicted one.
    pub(super) fn signed(self, signature: &SignatureBlock) -> Result<(Covered, Sha256), Wrong> {
        accept(&self.statement, signature).map_err(Wrong::RecordSignature)?;
        Ok((self.covered, self.digest))
    }
}
