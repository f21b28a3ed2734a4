//! What the station refused, as far as somebody took the answers in. A refusal proves nothing: it
//! is kept so that people see whom they have to write to.

use super::{Authority, AuthorityError};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::operation::Object;
use crate::policy::Violation;
use crate::request::{self, Request};
use crate::response::{self, Outcome, Response};
use crate::time::Timestamp;

/// A request that the station refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The master that was asked.
    pub master: Fingerprint,
    /// The key that it was about.
    pub key: Fingerprint,
    /// When the request was made.
    pub asked: Timestamp,
    /// Every reason.
    pub violations: Vec<Violation>,
}

impl Authority {
    /// Keeps a refusal, unless the same request has an answer on record.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file cannot be written.
    pub fn keep_refusal(
        &self,
        request: &Request,
        response: &Response,
    ) -> Result<(), AuthorityError> {
        let (folder, id) = (self.folder(), request.id());
        let answer = folder.join("responses").join(format!("{id}.response.json"));
        if answer.exists() {
            return Ok(());
        }
        let path = folder.join("requests").join(format!("{id}.request.asc"));
        exchange::write_path(&path, request.text().as_bytes())?;
        Ok(exchange::write_path(&answer, response.text().as_bytes())?)
    }

    /// Every refusal on record of a request about a key.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn refusals(&self) -> Result<Vec<Refusal>, AuthorityError> {
        let folder = self.folder().join("responses");
        let mut refusals = Vec::new();
        for name in exchange::list(&folder, ".response.json", exchange::MAX_LISTED)? {
            let bytes = exchange::read(&folder, &name, response::MAX_BYTES)?;
            let Ok(response) = Response::parse(&bytes) else { continue };
            if let Outcome::Refused { violations, .. } = response.outcome {
                let path = self.folder().join("requests");
                let path = path.join(format!("{}.request.asc", response.request));
                let Ok(bytes) = exchange::read_path(&path, request::MAX_BYTES) else { continue };
                let Ok(request) = Request::parse(&bytes, request::MAX_BYTES) else { continue };
                if let Some(Object::Key(key)) = request.operation().object() {
                    let (master, asked) = (request.master(), request.created());
                    refusals.push(Refusal { master, key, asked, violations });
                }
            }
        }
        Ok(refusals)
    }
}
