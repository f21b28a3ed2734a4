//! The transition statements in an authority's record.

use std::path::PathBuf;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;

use super::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::cleartext;
use crate::exchange;
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
        exchange::make_folder(&folder)?;
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

    /// Which of two masters signed a statement that the one follows the other, by the record.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file cannot be read.
    pub fn transition_signers(
        &self,
        old: Fingerprint,
        new: Fingerprint,
    ) -> Result<Vec<Fingerprint>, AuthorityError> {
        let folder = self.folder().join("transitions");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let says = format!("countersign-transition: version=1 old={old} new={new} ");
        let mut most = Vec::new();
        for name in exchange::list(&folder, ".asc", exchange::MAX_LISTED)? {
            let text = exchange::read(&folder, &name, MAX_BYTES)?;
            let Ok(signed) = SignedText::parse(&text) else { continue };
            let stated =
                String::from_utf8_lossy(signed.text()).lines().any(|l| l.starts_with(&says));
            let by = |m: &&Certificate| {
                let mut all = signed.signatures().iter();
                stated && all.any(|s| s.verify_document(m.primary()).is_ok())
            };
            let masters = self.masters().iter().filter(|m| [old, new].contains(&m.fingerprint()));
            let signers: Vec<_> = masters.filter(by).map(Certificate::fingerprint).collect();
            if signers.len() > most.len() {
                most = signers;
            }
        }
        Ok(most)
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
