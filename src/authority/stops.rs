//! What stops working when a master goes.

use super::{Authority, AuthorityError};
use crate::certificate::{Certificate, Standing};
use crate::operation::Stops;
use crate::time::Timestamp;

impl Authority {
    /// What would stop if `master` were revoked at `now`: developers whom no other valid master
    /// certified, and modules whose list on record this master signed.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn stops(&self, master: &Certificate, now: Timestamp) -> Result<Stops, AuthorityError> {
        let gone = master.fingerprint();
        let mut stops = Stops::default();
        for key in self.developers()? {
            let developer = self.developer(key)?;
            let certifies = |m: &Certificate| {
                let standings = developer.standings(m, now);
                standings.iter().any(|(_, s)| matches!(s, Standing::Certified { .. }))
            };
            let others = self.masters().iter().filter(|m| m.fingerprint() != gone);
            let kept = others.filter(|m| !m.is_revoked(now)).any(certifies);
            stops.developers += u32::from(certifies(master) && !kept);
        }
        for module in self.modules_on_record()? {
            let last = self.signed_lists(&module)?.into_iter().max_by_key(|d| d.created);
            stops.modules += u32::from(last.is_some_and(|d| d.master == gone));
        }
        Ok(stops)
    }
}
