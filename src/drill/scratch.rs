//! A copy of an authority's record that nobody misses: revocations are tried on it.

use std::path::Path;

use tempfile::TempDir;

use crate::authority::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::exchange::{self, ExchangeError};

/// What of a record is copied: what its keyring is made of.
const FOLDERS: [&str; 3] = ["masters", "managers", "developers"];
/// Longest file of a record that is copied, in bytes.
const MAX_FILE: usize = 4 << 20;

/// A copy of a record in a temporary folder, which goes away with this.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Copies a record.
    ///
    /// # Errors
    /// [`AuthorityError`] where it cannot be read, or nothing can be written.
    pub fn of(authority: &Authority) -> Result<Self, AuthorityError> {
        let folder = TempDir::with_prefix("countersign-drill-").map_err(|source| {
            let path = std::env::temp_dir();
            ExchangeError::Io { path, action: "used for a scratch copy", source }
        })?;
        let (from, to) = (authority.folder(), folder.path());
        exchange::write(to, "policy.toml", authority.policy().to_toml().as_bytes())?;
        for kind in FOLDERS {
            make(&to.join(kind))?;
            for name in exchange::list(&from.join(kind), ".asc", exchange::MAX_LISTED)? {
                let content = exchange::read(&from.join(kind), &name, MAX_FILE)?;
                exchange::write_many(&to.join(kind).join(name), &content)?;
            }
        }
        for kind in ["requests", "responses"] {
            make(&to.join(kind))?;
        }
        Ok(Self { folder })
    }

    /// The record, as it is in the copy by now.
    ///
    /// # Errors
    /// [`AuthorityError`] where what was tried made it unreadable.
    pub fn record(&self) -> Result<Authority, AuthorityError> {
        Authority::open(self.folder.path())
    }

    /// Puts another version of a certificate into the copy.
    ///
    /// # Errors
    /// [`AuthorityError`] where it cannot be written.
    pub fn put(&self, certificate: &Certificate) -> Result<(), AuthorityError> {
        let name = format!("{}.asc", certificate.fingerprint());
        let of_master = self.folder.path().join("masters").join(&name);
        let path = match of_master.exists() {
            true => of_master,
            false => self.folder.path().join("developers").join(&name),
        };
        Ok(exchange::write_path(&path, certificate.armored().as_bytes())?)
    }
}

fn make(path: &Path) -> Result<(), ExchangeError> {
    let path = path.to_owned();
    std::fs::create_dir(&path).map_err(|source| ExchangeError::Io {
        path,
        action: "created",
        source,
    })
}
