//! The modules in an authority's record: `modules/<raw name>/<version>.module.sig`.

use std::path::PathBuf;

use super::{Authority, AuthorityError};
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::{Installed, MAX_BYTES, Manifest, RawName, SignedText, Version};
use crate::operation::SignModule;
use crate::policy::{Decision, Kind};
use crate::request::RequestId;
use crate::time::Timestamp;

impl Authority {
    /// Every time that a master signed this module, by the record.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub(super) fn signed_lists(&self, name: &RawName) -> Result<Vec<Decision>, AuthorityError> {
        let lists = self.lists(name)?;
        Ok(lists.into_iter().map(|(decision, _)| decision).collect())
    }

    /// The list that a master signed last for this module, by the record.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn last_list(&self, name: &RawName) -> Result<Option<Manifest>, AuthorityError> {
        let last = self.lists(name)?.into_iter().max_by_key(|(decision, _)| decision.created);
        Ok(last.map(|(_, list)| list))
    }

    /// Every module that a master signed, by the list that was signed last: its files count as
    /// they are listed. For what a revocation would do.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn signed_modules(&self) -> Result<Vec<Installed>, AuthorityError> {
        let folder = self.folder().join("modules");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut modules = Vec::new();
        for name in exchange::list(&folder, "", exchange::MAX_LISTED)? {
            let Ok(name) = name.to_string_lossy().parse::<RawName>() else { continue };
            let at = self.modules(&name);
            if !at.is_dir() {
                continue;
            }
            let mut last: Option<(Timestamp, Installed)> = None;
            for file in exchange::list(&at, ".module.sig", exchange::MAX_LISTED)? {
                let module =
                    Installed::of_list(name.as_str(), &exchange::read(&at, &file, MAX_BYTES)?);
                let signature = module.reading().and_then(|r| r.signed.signatures().first());
                let made = signature.and_then(|s| s.signature_creation_time());
                let made = made.map_or(Timestamp::from_unix(0), Timestamp::from);
                if last.as_ref().is_none_or(|(newest, _)| *newest < made) {
                    last = Some((made, module));
                }
            }
            modules.extend(last.map(|(_, module)| module));
        }
        Ok(modules)
    }

    /// Keeps a signed list.
    pub(super) fn keep_list(
        &self,
        asked: &SignModule,
        text: &str,
    ) -> Result<PathBuf, AuthorityError> {
        // It names a file; the station's rules saw it, but not whoever made the record.
        let version: Version = asked.version.parse().map_err(AuthorityError::Version)?;
        let folder = self.modules(&asked.module);
        exchange::make_folder(&folder)?;
        let path = folder.join(format!("{version}.module.sig"));
        let made = |bytes: &[u8]| {
            let signed = SignedText::parse(bytes).ok()?;
            signed.signatures().first()?.signature_creation_time()
        };
        // A later signature replaces an earlier one, never the other way round.
        if let Ok(there) = exchange::read_path(&path, MAX_BYTES)
            && made(&there) > made(text.as_bytes())
        {
            return Err(AuthorityError::OlderList(path));
        }
        exchange::write_path(&path, text.as_bytes())?;
        Ok(path)
    }

    fn modules(&self, name: &RawName) -> PathBuf {
        self.folder().join("modules").join(name.as_str())
    }

    fn lists(&self, name: &RawName) -> Result<Vec<(Decision, Manifest)>, AuthorityError> {
        let folder = self.modules(name);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut lists = Vec::new();
        for file in exchange::list(&folder, ".module.sig", exchange::MAX_LISTED)? {
            let text = exchange::read(&folder, &file, MAX_BYTES)?;
            let file = file.to_string_lossy();
            let version = file.strip_suffix(".module.sig").unwrap_or_default();
            lists.extend(SignedText::parse(&text).ok().and_then(|text| decision(&text, version)));
        }
        Ok(lists)
    }
}

/// The record is the authority's own, checked when it was installed: only time and list count.
fn decision(signed: &SignedText, version: &str) -> Option<(Decision, Manifest)> {
    let signature = signed.signatures().first()?;
    let list = Manifest::parse(signed.text()).ok()?;
    let signer = signature.issuer_fingerprints().next()?.clone();
    let decision = Decision {
        // Which request asked for it is not written on a signature.
        request: RequestId(Sha256::ZERO),
        master: Fingerprint::try_from(signer).ok()?,
        created: Timestamp::from(signature.signature_creation_time()?),
        kind: Kind::SignedModule,
        names: vec![version.to_owned()],
    };
    Some((decision, list))
}
