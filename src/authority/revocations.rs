//! The masters' own revocations in an authority's record, sealed: `revocations/<FINGERPRINT>-<reason>.pgp`.

use std::path::Path;

use super::{Authority, AuthorityError, Installed};
use crate::exchange;
use crate::request::{MAX_BYTES, Request};
use crate::response::{self, Response, SealedAnswer};
use crate::sealed::SealedMessage;

impl Authority {
    /// Checks a sealed answer as far as that is possible without opening it.
    ///
    /// # Errors
    /// [`AuthorityError`] where it is anything but what was asked for.
    pub fn verify_sealed(
        &self,
        request: &Request,
        response: Response,
    ) -> Result<SealedAnswer, AuthorityError> {
        let master = self.master(request.master())?;
        response.unopened(request, master).map_err(|e| AuthorityError::Response(Box::new(e)))
    }

    /// Keeps a sealed revocation, its request and the answer. A newer one for the same reason takes
    /// the place of an older.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file cannot be written.
    pub fn install_sealed(
        &self,
        request: &Request,
        sealed: &SealedAnswer,
    ) -> Result<Installed, AuthorityError> {
        let folder = self.folder().join("revocations");
        exchange::make_folder(&folder)?;
        let bytes = sealed.message().untrusted_bytes();
        let bytes = bytes.map_err(|e| AuthorityError::Response(Box::new(e.into())))?;
        let path = folder.join(sealed.file_name());
        exchange::write_path(&path, &bytes)?;
        self.keep_exchange(request, &sealed.response())?;
        Ok(Installed { path })
    }

    /// The request on record whose answer is this sealed message.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn request_of_sealed(&self, untrusted: &[u8]) -> Result<Option<Request>, AuthorityError> {
        let message = SealedMessage::new(untrusted);
        let folder = self.folder().join("responses");
        for name in exchange::list(&folder, ".response.json", exchange::MAX_LISTED)? {
            let text = exchange::read(&folder, &name, response::MAX_BYTES)?;
            let Ok(response) = Response::parse(&text) else { continue };
            if response.sealed() == Some(&message) {
                let name = format!("{}.request.asc", response.request);
                return self.request_in(&self.folder().join("requests").join(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn request_in(&self, path: &Path) -> Result<Request, AuthorityError> {
        let bytes = exchange::read_path(path, MAX_BYTES)?;
        let path = path.to_owned();
        Request::parse(&bytes, MAX_BYTES)
            .map_err(|source| AuthorityError::Request { path, source: Box::new(source) })
    }
}
