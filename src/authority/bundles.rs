//! The trust bundles in an authority's record: `bundles/<serial>.bundle`, and the keyring of one
//! that waits for its signature, `bundles/<serial>.keyring`.

use std::path::PathBuf;

use super::{Authority, AuthorityError};
use crate::bundle::{Bundle, Head, MAX_KEYRING, Serial};
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::policy::{Decision, Kind};
use crate::request::RequestId;

const BUNDLE: &str = ".bundle";
const KEYRING: &str = ".keyring";

impl Authority {
    /// The serial number that was used last, for a bundle or for one that waits.
    ///
    /// # Errors
    /// [`AuthorityError`] where the folder cannot be read.
    pub fn last_serial(&self) -> Result<Serial, AuthorityError> {
        let both = [self.serials(BUNDLE)?, self.serials(KEYRING)?];
        Ok(both.into_iter().flatten().max().unwrap_or(Serial(0)))
    }

    /// The newest bundle on record.
    ///
    /// # Errors
    /// [`AuthorityError`] where it cannot be read.
    pub fn last_bundle(&self) -> Result<Option<Bundle>, AuthorityError> {
        let last = self.serials(BUNDLE)?.into_iter().max();
        last.map(|serial| self.read_bundle(serial)).transpose()
    }

    /// Every bundle on record.
    pub(super) fn all_bundles(&self) -> Result<Vec<Bundle>, AuthorityError> {
        self.serials(BUNDLE)?.into_iter().map(|serial| self.read_bundle(serial)).collect()
    }

    /// Where the bundle with this serial number is, or will be.
    pub fn bundle_path(&self, serial: Serial) -> PathBuf {
        self.bundles().join(format!("{serial}{BUNDLE}"))
    }

    /// Keeps the keyring of a bundle until its head is signed.
    ///
    /// # Errors
    /// [`AuthorityError`] where it cannot be written.
    pub fn keep_keyring(&self, head: &Head, keyring: &[u8]) -> Result<PathBuf, AuthorityError> {
        let folder = self.bundles();
        exchange::make_folder(&folder)?;
        let path = self.keyring_path(head.serial);
        exchange::write_path(&path, keyring)?;
        Ok(path)
    }

    /// Puts the signed head in front of the keyring that waits for it. Doing it again changes
    /// nothing.
    pub(super) fn keep_bundle(&self, head: &Head, signed: &str) -> Result<PathBuf, AuthorityError> {
        let (path, waiting) = (self.bundle_path(head.serial), self.keyring_path(head.serial));
        let limit = usize::try_from(MAX_KEYRING).unwrap_or(usize::MAX);
        if !waiting.exists() && self.read_bundle(head.serial).is_ok_and(|b| b.head() == head) {
            return Ok(path);
        }
        let keyring = exchange::read_path(&waiting, limit)?;
        if Sha256::of(&keyring) != head.keyring.sha256 {
            return Err(AuthorityError::OtherKeyring(waiting));
        }
        let mut whole = std::io::Read::chain(signed.as_bytes(), keyring.as_slice());
        exchange::write_from(&path, &mut whole)?;
        // What waits no more, and what was overtaken.
        for serial in self.serials(KEYRING)?.into_iter().filter(|s| *s <= head.serial) {
            let path = self.keyring_path(serial);
            std::fs::remove_file(&path).map_err(|source| ExchangeError::Io {
                path,
                action: "removed",
                source,
            })?;
        }
        Ok(path)
    }

    /// The bundle that a master signed last, by the record.
    pub(super) fn signed_bundle(&self) -> Result<Option<Decision>, AuthorityError> {
        let Some(bundle) = self.last_bundle()? else { return Ok(None) };
        let by = bundle.signature().issuer_fingerprints().next().cloned();
        let master = by.and_then(|by| Fingerprint::try_from(by).ok());
        Ok(master.map(|master| Decision {
            // Which request asked for it is not written on a signature.
            request: RequestId(Sha256::ZERO),
            master,
            created: bundle.head().made,
            kind: Kind::Bundled,
            names: vec![bundle.head().serial.to_string()],
        }))
    }

    fn read_bundle(&self, serial: Serial) -> Result<Bundle, AuthorityError> {
        let path = self.bundle_path(serial);
        let file = exchange::open_path(&path)?;
        let bundle = Bundle::read(file);
        bundle.map_err(|source| AuthorityError::Bundle { path, source: Box::new(source) })
    }

    fn serials(&self, suffix: &str) -> Result<Vec<Serial>, AuthorityError> {
        let folder = self.bundles();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let names = exchange::list(&folder, suffix, exchange::MAX_LISTED)?;
        let serial = |name: &std::ffi::OsString| {
            name.to_str()?.strip_suffix(suffix)?.parse().ok().map(Serial)
        };
        Ok(names.iter().filter_map(serial).collect())
    }

    fn keyring_path(&self, serial: Serial) -> PathBuf {
        self.bundles().join(format!("{serial}{KEYRING}"))
    }

    fn bundles(&self) -> PathBuf {
        self.folder().join("bundles")
    }
}
