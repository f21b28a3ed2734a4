//! A session that was rehearsed has to be what was rehearsed.

use std::collections::BTreeMap;
use std::fs;

use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Event;
use countersign::policy::Decided;
use countersign::request::RequestId;
use countersign::safe::counted;

use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::Console;
use crate::rehearsal::{Real, Rehearsal};
use crate::station::StationError;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// Where a rehearsal waits for its session: stops this one unless it is that session. In the
    /// rehearsal itself there is nothing to compare with.
    pub(super) fn as_rehearsed(
        &mut self,
        master: Fingerprint,
        ident: &str,
    ) -> Result<(), SessionError> {
        if self.options.stand_in.is_some() {
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
        exchange::sync_folder(self.station.folder()).map_err(StationError::from)?;
        Ok(())
    }
}
