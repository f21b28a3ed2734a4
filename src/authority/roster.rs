//! The developers in an authority's record: what the masters say of each.

use std::path::PathBuf;

use super::{Authority, AuthorityError, read_certificate};
use crate::certificate::{Certificate, Standing};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::operation::{Object, Operation, SignModule, TrustBundle};
use crate::policy::History;
use crate::request::Request;
use crate::response::{Response, Verified};
use crate::time::Timestamp;

/// One developer's certificate with what the masters say on it.
#[derive(Debug)]
pub struct Developer {
    /// The certificate.
    pub certificate: Certificate,
}

/// What an installed answer changed.
#[derive(Debug)]
pub struct Installed {
    /// The file that holds what was signed.
    pub path: PathBuf,
}

impl Developer {
    /// What `master` says of each user ID at `now`.
    pub fn standings(&self, master: &Certificate, now: Timestamp) -> Vec<(String, Standing)> {
        self.certificate
            .user_ids()
            .map(|id| {
                let text = String::from_utf8_lossy(id.value()).into_owned();
                (text, self.certificate.standing(id, master, now))
            })
            .collect()
    }
}

impl Authority {
    /// The fingerprints of all developers on record, sorted.
    ///
    /// # Errors
    /// [`AuthorityError`] where the folder cannot be read.
    pub fn developers(&self) -> Result<Vec<Fingerprint>, AuthorityError> {
        let folder = self.folder().join("developers");
        let names = exchange::list(&folder, ".asc", exchange::MAX_LISTED)?;
        let fingerprint = |n: &std::ffi::OsString| n.to_str()?.strip_suffix(".asc")?.parse().ok();
        Ok(names.iter().filter_map(fingerprint).collect())
    }

    /// One developer's record.
    ///
    /// # Errors
    /// [`AuthorityError`] where there is none, or it is damaged.
    pub fn developer(&self, key: Fingerprint) -> Result<Developer, AuthorityError> {
        let path = self.developer_path(key);
        if !path.exists() {
            return Err(AuthorityError::NoSuchDeveloper(key));
        }
        let masters: Vec<&Certificate> = self.masters().iter().collect();
        read_certificate(&path, key, &masters).map(|certificate| Developer { certificate })
    }

    fn developer_path(&self, key: Fingerprint) -> PathBuf {
        self.folder().join("developers").join(format!("{key}.asc"))
    }

    /// Checks an answer to `request` against the prediction.
    ///
    /// # Errors
    /// [`AuthorityError`] where it is anything but what was asked for.
    pub fn verify(
        &self,
        request: &Request,
        response: Response,
    ) -> Result<Verified, AuthorityError> {
        let master = self.master(request.master())?;
        response.verify(request, master).map_err(|e| AuthorityError::Response(Box::new(e)))
    }

    /// Adds a verified answer to the record: the certificate first, a developer's or a master's,
    /// then request and response. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file cannot be written.
    pub fn install(
        &self,
        request: &Request,
        verified: &Verified,
    ) -> Result<Installed, AuthorityError> {
        let masters: Vec<&Certificate> = self.masters().iter().collect();
        let refused = |source| AuthorityError::Certificate {
            path: PathBuf::from(request.file_name()),
            source,
        };
        let signed = verified.certificate(&masters).map_err(refused)?;
        let certificate = signed.map(|signed| {
            let key = signed.fingerprint();
            let (path, merged) = match (self.master(key), self.developer(key)) {
                (Ok(master), _) => {
                    let merged = master.merged(&signed, &masters).map_err(refused)?;
                    (self.folder().join("masters").join(format!("{key}.asc")), merged)
                }
                (Err(_), Ok(developer)) => {
                    let merged = developer.certificate.merged(&signed, &masters);
                    (self.developer_path(key), merged.map_err(refused)?)
                }
                (Err(_), Err(AuthorityError::NoSuchDeveloper(_))) => {
                    (self.developer_path(key), signed)
                }
                (Err(_), Err(error)) => return Err(error),
            };
            exchange::write_path(&path, merged.armored().as_bytes())?;
            Ok(path)
        });
        let (folder, id) = (self.folder(), request.id());
        let certificate = certificate.transpose()?;
        let list = request
            .operation()
            .as_any::<SignModule>()
            .and_then(|asked| Some(self.keep_list(asked, &verified.signed_text(&asked.text())?)));
        let bundle = request.operation().as_any::<TrustBundle>().and_then(|asked| {
            let head = &asked.head;
            Some(self.keep_bundle(head, &verified.signed_text(&head.text())?))
        });
        let signed = certificate.or(list.transpose()?).or(bundle.transpose()?);
        let path = folder.join("requests").join(format!("{id}.request.asc"));
        exchange::write_path(&path, request.text().as_bytes())?;
        let path = folder.join("responses").join(format!("{id}.response.json"));
        exchange::write_path(&path, verified.response().text().as_bytes())?;
        Ok(Installed { path: signed.unwrap_or(path) })
    }

    /// What the record knows about one object: for the lint before a request travels.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record is damaged.
    pub fn history(&self, object: &Object) -> Result<History, AuthorityError> {
        let key = match object {
            Object::Key(key) => key,
            Object::Module(name) => {
                return Ok(History { this: None, decisions: self.signed_lists(name)? });
            }
            Object::Bundle => {
                return Ok(History {
                    this: None,
                    decisions: self.signed_bundle()?.into_iter().collect(),
                });
            }
        };
        let certificate = match (self.master(*key), self.developer(*key)) {
            (Ok(master), _) => master.clone(),
            (Err(_), Ok(developer)) => developer.certificate,
            (Err(_), Err(AuthorityError::NoSuchDeveloper(_))) => return Ok(History::default()),
            (Err(_), Err(error)) => return Err(error),
        };
        let all = self.masters().iter().flat_map(|m| certificate.decisions_of(m));
        Ok(History { this: None, decisions: all.collect() })
    }

    /// The revocation of everything that `master` ever certified on `key`.
    ///
    /// # Errors
    /// [`AuthorityError`] where the developer is not on record.
    pub fn revocation(
        &self,
        key: Fingerprint,
        master: &Certificate,
        reason: crate::operation::Reason,
        text: String,
    ) -> Result<Operation, AuthorityError> {
        let developer = self.developer(key)?;
        let certificate =
            Certificate::read(developer.certificate.to_bytes().as_slice(), &[master]).map_err(
                |source| AuthorityError::Certificate { path: self.developer_path(key), source },
            )?;
        let user_ids = self.history(&Object::Key(key))?.certified_user_ids(&certificate, master);
        Ok(Operation::RevokeCertification(crate::operation::RevokeCertification {
            certificate: crate::operation::CertificateBlock::new(certificate.to_bytes()),
            user_ids: user_ids.into_iter().collect(),
            reason,
            text,
        }))
    }
}
