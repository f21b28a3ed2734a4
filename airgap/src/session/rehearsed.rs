//! A session that was rehearsed has to be what was rehearsed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;

use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Event;
use countersign::policy::Decided;
use countersign::request::{Request, RequestId};
use countersign::safe::counted;

use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::rehearsal::{PIN, Real, Rehearsal};
use crate::station::StationError;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Where a rehearsal waits for its session: stops this one, before anybody is asked and before
    /// anything is written, if the requests are not those that were rehearsed.
    pub(super) fn begins_as_rehearsed(&mut self, count: usize) -> Result<(), SessionError> {
        if self.options.stand_in.is_some() {
            return Ok(());
        }
        let Some((rehearsal, _)) = self.station.rehearsal()? else { return Ok(()) };
        if self.is_done(&rehearsal)? {
            return if self.options.dry_run { Ok(()) } else { self.put_away() };
        }
        let there = self.there(count)?;
        let policy = self.station.authority().policy().digest();
        let decided = |id| self.is_decided(id).unwrap_or(false);
        let differences = rehearsal.differs_from(policy, &there, decided);
        match differences.is_empty() {
            true => Ok(()),
            false => Err(SessionError::NotAsRehearsed(differences)),
        }
    }

    /// Every request that waits or was brought, with what it asks for, where that can be told.
    fn there(
        &self,
        count: usize,
    ) -> Result<BTreeMap<RequestId, Option<Vec<Sha256>>>, SessionError> {
        let mut there = BTreeMap::new();
        let mut last = None;
        while let Some(pending) = self.recorder.ledger().pending_after(last)? {
            let id = pending.request;
            last = Some(id);
            there.insert(id, self.recorder.consented(id)?.map(|consented| consented.statements));
        }
        let mut last: Option<std::ffi::OsString> = None;
        for _ in 0..count {
            let after = last.as_deref().map(OsStr::as_encoded_bytes);
            let Some(name) = self.agenda.file_after(after)? else { break };
            let read = self.inbox.read(&name, self.limit()).ok();
            last = Some(name);
            // What is no request is refused in any session.
            let request = read.and_then(|bytes| Request::parse(&bytes, self.limit()).ok());
            let Some(request) = request else { continue };
            let master = self.station.authority().master(request.master()).ok();
            let asked = master.and_then(|master| request.prediction(master).ok());
            let asked =
                asked.map(|p| p.statements.iter().map(|s| Sha256::of(s.digest())).collect());
            there.entry(request.id()).or_insert(asked);
        }
        Ok(there)
    }

    fn is_decided(&self, request: RequestId) -> Result<bool, SessionError> {
        Ok(self.recorder.history(request, None)?.this.is_some())
    }

    /// Once the card is there: stops the session unless it is what was rehearsed. In the
    /// rehearsal itself there is nothing to compare with.
    pub(super) fn as_rehearsed(
        &mut self,
        master: Fingerprint,
        ident: &str,
    ) -> Result<(), SessionError> {
        if self.options.stand_in.is_some() {
            self.console.show(&format!("\nThe practice card's PIN is {PIN}\n"));
            return Ok(());
        }
        let Some((rehearsal, digest)) = self.station.rehearsal()? else { return Ok(()) };
        if self.is_done(&rehearsal)? {
            return self.put_away();
        }
        let real = Real {
            policy: self.station.authority().policy().digest(),
            master,
            card: ident.to_owned(),
            requests: self.about_to_sign()?,
        };
        let differences = rehearsal.differences(&real, |id| self.is_signed(id).unwrap_or(false));
        if !differences.is_empty() {
            return Err(SessionError::NotAsRehearsed(differences));
        }
        let requests = counted(real.requests.len(), "request");
        self.console.show(&format!("as rehearsed at {}: {requests}\n", rehearsal.made));
        self.journal(Event::Rehearsed { rehearsal: digest })
    }

    /// Puts a rehearsal away whose session has been held.
    pub(super) fn rehearsal_held(&mut self) -> Result<(), SessionError> {
        if self.options.dry_run || self.options.stand_in.is_some() {
            return Ok(());
        }
        match self.station.rehearsal()? {
            Some((rehearsal, _)) if self.is_done(&rehearsal)? => self.put_away(),
            Some(_) | None => Ok(()),
        }
    }

    fn about_to_sign(&self) -> Result<BTreeMap<RequestId, Vec<Sha256>>, SessionError> {
        let mut ids = Vec::new();
        self.agenda.each_to_sign(|id| ids.push(id))?;
        let mut requests = BTreeMap::new();
        for id in ids {
            let consented = self.recorder.consented(id)?.ok_or(SessionError::Changed(id))?;
            requests.insert(id, consented.statements);
        }
        Ok(requests)
    }

    fn is_signed(&self, request: RequestId) -> Result<bool, SessionError> {
        let history = self.recorder.history(request, None)?;
        Ok(matches!(history.this, Some(Decided::Signed { .. })))
    }

    fn is_done(&self, rehearsal: &Rehearsal) -> Result<bool, SessionError> {
        for request in rehearsal.requests.keys() {
            if !self.is_signed(*request)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn put_away(&self) -> Result<(), SessionError> {
        let (from, folder) =
            (self.station.rehearsal_path(), self.station.folder().join("rehearsals"));
        let session = self.recorder.ledger().uncovered().sessions();
        let to = folder.join(format!("session-{session:06}.json"));
        let moved = fs::create_dir_all(&folder).and_then(|()| fs::rename(&from, &to));
        moved.map_err(|source| ExchangeError::Io { path: from, action: "put away", source })?;
        exchange::sync_folder(&folder).map_err(StationError::from)?;
        exchange::sync_folder(self.station.folder()).map_err(StationError::from)?;
        Ok(())
    }
}
