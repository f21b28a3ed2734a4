//! The transition statements in an authority's record.

use std::path::PathBuf;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

use super::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::cleartext;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::module::SignedText;
use crate::operation::TransitionStatement;

/// Longest statement, in bytes.
const MAX_BYTES: usize = 64 << 10;

impl Authority {
    /// Keeps one master's signature under a statement, beside the other one's.
    pub(super) fn keep_transition(
        &self,
        statement: &TransitionStatement,
        signature: &Signature,
    ) -> Result<PathBuf, AuthorityError> {
        let path = self.transition_path(statement);
        let folder = self.folder().join("transitions");
        std::fs::create_dir_all(&folder).map_err(|source| ExchangeError::Io {
            path: folder,
            action: "created",
            source,
        })?;
        let by = |s: &Signature| s.issuer_fingerprints().next().cloned();
        let mut signatures = self.transition_signatures(statement)?;
        signatures.retain(|there| by(there) != by(signature));
        signatures.push(signature.clone());
        // The old master's first.
        signatures.sort_by_key(|s| by(s) != Some(statement.old.into()));
        let text =
            cleartext::write(&statement.text(), &signatures).map_err(AuthorityError::Text)?;
        exchange::write_path(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Which masters signed a statement, by the record.
    ///
    /// # Errors
    /// [`AuthorityError`] where the file cannot be read or holds another text.
    pub fn stated_by(
        &self,
        statement: &TransitionStatement,
    ) -> Result<Vec<Fingerprint>, AuthorityError> {
        let signatures = self.transition_signatures(statement)?;
        let signed =
            |m: &&Certificate| signatures.iter().any(|s| s.verify_document(m.primary()).is_ok());
        Ok(self.masters().iter().filter(signed).map(Certificate::fingerprint).collect())
    }

    fn transition_path(&self, statement: &TransitionStatement) -> PathBuf {
        let TransitionStatement { old, new, effective, .. } = statement;
        let name = format!("{}-{}-{}.asc", old.key_id(), new.key_id(), effective.date());
        self.folder().join("transitions").join(name)
    }

    /// The signatures under a statement, none of them verified.
    fn transition_signatures(
        &self,
        statement: &TransitionStatement,
    ) -> Result<Vec<Signature>, AuthorityError> {
        let path = self.transition_path(statement);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let there = SignedText::parse(&exchange::read_path(&path, MAX_BYTES)?).ok();
        let same = |there: &SignedText| {
            there.text().trim_ascii_end() == statement.text().trim_end().as_bytes()
        };
        let there = there.filter(same).ok_or(AuthorityError::OtherText(path))?;
        Ok(there.signatures().to_vec())
    }
}
