//! The developers in an authority's record: what the masters say of each.

use std::path::PathBuf;

use super::{Authority, AuthorityError, read_certificate};
use crate::certificate::{Certificate, Standing};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::Keyring;
use crate::operation::{Object, Operation, SignModule, TransitionStatement, TrustBundle};
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

/// A certification that stands although the key's certification was revoked elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loophole {
    /// The master whose certification it is.
    pub master: Fingerprint,
    /// The user ID.
    pub user_id: String,
}

/// What an installed answer changed.
#[derive(Debug)]
pub struct Installed {
    /// The file that holds what was signed.
    pub path: PathBuf,
}

impl Developer {
    /// What still stands of a developer of whom some master revoked something: while there is
    /// one, a PBX goes on trusting the key. Empty where nothing is revoked, or everything.
    pub fn half_revoked(&self, masters: &[Certificate], now: Timestamp) -> Vec<Loophole> {
        let each = masters.iter().filter(|m| !m.is_revoked(now)).flat_map(|master| {
            let standings = self.standings(master, now).into_iter();
            standings.map(|(user_id, standing)| (master.fingerprint(), user_id, standing))
        });
        let each: Vec<_> = each.collect();
        let revoked = each.iter().any(|(_, _, s)| matches!(s, Standing::Revoked { .. }));
        let standing =
            each.into_iter().filter(|(_, _, s)| revoked && matches!(s, Standing::Certified { .. }));
        standing.map(|(master, user_id, _)| Loophole { master, user_id }).collect()
    }

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
        let path = self.certificate_path(key);
        if !path.exists() {
            return Err(AuthorityError::NoSuchDeveloper(key));
        }
        let masters: Vec<&Certificate> = self.masters().iter().collect();
        read_certificate(&path, key, &masters).map(|certificate| Developer { certificate })
    }

    /// The masters and everybody on record, as modules are judged with them.
    pub fn keyring(&self) -> Keyring {
        Keyring::of(self.masters()).folder(&self.folder().join("developers")).finish()
    }

    /// Where a key's certificate is: a master's or a developer's.
    fn certificate_path(&self, key: Fingerprint) -> PathBuf {
        let kind = if self.master(key).is_ok() { "masters" } else { "developers" };
        self.folder().join(kind).join(format!("{key}.asc"))
    }

    /// Whether a certificate of `key` is on record: a master's, today's or a former one, or a
    /// developer's.
    pub(super) fn has_certificate(&self, key: Fingerprint) -> bool {
        self.certificate_path(key).exists() || self.former_path(key).exists()
    }

    /// The certificate of a former master, with what today's masters say on it.
    ///
    /// # Errors
    /// [`AuthorityError`] where it is damaged.
    pub(super) fn former_master(
        &self,
        key: Fingerprint,
    ) -> Result<Option<Certificate>, AuthorityError> {
        let path = self.former_path(key);
        if self.master(key).is_ok() || !path.exists() {
            return Ok(None);
        }
        let masters: Vec<&Certificate> = self.masters().iter().collect();
        read_certificate(&path, key, &masters).map(Some)
    }

    fn former_path(&self, key: Fingerprint) -> PathBuf {
        self.folder().join("masters").join(format!("{key}.asc"))
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
        let certificate = self.keep_certificate(request, verified)?;
        let text = self.keep_text(request, verified)?;
        let path = self.keep_exchange(request, &verified.response())?;
        Ok(Installed { path: certificate.or(text).unwrap_or(path) })
    }

    /// Adds what was signed to the certificate that it is about, where it is about one.
    fn keep_certificate(
        &self,
        request: &Request,
        verified: &Verified,
    ) -> Result<Option<PathBuf>, AuthorityError> {
        let masters: Vec<&Certificate> = self.masters().iter().collect();
        let refused = |source| AuthorityError::Certificate {
            path: PathBuf::from(request.file_name()),
            source,
        };
        let Some(signed) = verified.certificate(&masters).map_err(refused)? else {
            return Ok(None);
        };
        let key = signed.fingerprint();
        let path = self.certificate_path(key);
        // From the disk: an answer before this one may have changed it.
        let merged = match path.exists() {
            true => {
                let there = read_certificate(&path, key, &masters)?;
                there.merged(&signed, &masters).map_err(refused)?
            }
            false => signed,
        };
        exchange::write_path(&path, merged.armored().as_bytes())?;
        Ok(Some(path))
    }

    /// Adds what a master said of a master to that one's certificate in this record, so that
    /// whoever signed it goes by it from then on. Everything else is left as it is.
    ///
    /// # Errors
    /// [`AuthorityError`] where the file cannot be written.
    pub fn learn(&self, request: &Request, verified: &Verified) -> Result<(), AuthorityError> {
        match request.operation().object() {
            Some(Object::Key(key)) if self.master(key).is_ok() => {
                self.keep_certificate(request, verified).map(drop)
            }
            Some(Object::Key(_) | Object::Module(_) | Object::Bundle) | None => Ok(()),
        }
    }

    /// Keeps a request and its answer; returns where the answer is.
    pub(super) fn keep_exchange(
        &self,
        request: &Request,
        response: &Response,
    ) -> Result<PathBuf, AuthorityError> {
        let (folder, id) = (self.folder(), request.id());
        let path = folder.join("requests").join(format!("{id}.request.asc"));
        exchange::write_path(&path, request.text().as_bytes())?;
        let path = folder.join("responses").join(format!("{id}.response.json"));
        exchange::write_path(&path, response.text().as_bytes())?;
        Ok(path)
    }

    /// Keeps the text that the answer signs, where it signs one.
    fn keep_text(
        &self,
        request: &Request,
        verified: &Verified,
    ) -> Result<Option<PathBuf>, AuthorityError> {
        let operation = request.operation();
        if let Some(asked) = operation.as_any::<SignModule>() {
            let signed = verified.signed_text(&asked.text());
            return signed.map(|text| self.keep_list(asked, &text)).transpose();
        }
        if let Some(asked) = operation.as_any::<TransitionStatement>() {
            let signature = verified.text_signature();
            return signature.map(|s| self.keep_transition(asked, s)).transpose();
        }
        if let Some(asked) = operation.as_any::<TrustBundle>() {
            let head = &asked.head;
            let signed = verified.signed_text(&head.text());
            return signed.map(|text| self.keep_bundle(head, &text)).transpose();
        }
        Ok(None)
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
        let developer = match self.developer(*key) {
            Ok(developer) => developer,
            Err(AuthorityError::NoSuchDeveloper(_)) => return Ok(History::default()),
            Err(error) => return Err(error),
        };
        let all = self.masters().iter().flat_map(|m| developer.certificate.decisions_of(m));
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
                |source| AuthorityError::Certificate { path: self.certificate_path(key), source },
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
