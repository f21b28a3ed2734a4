//! A module made into the package that FreePBX downloads: `<rawname>-<version>.tgz.gpg`.
//!
//! The same files and the same time give the same bytes, with the same version of this program and
//! a key that signs the same way twice (RSA and Ed25519 do, ECDSA does not).
//!
//! In the package is what the public tool lists, and `module.sig`. What hidden names hold, and
//! folders without files, is not. A link within the module is packed as the file or folder that it
//! leads to, because that is what its line in `module.sig` is about; a link that leads out, to
//! nothing or in circles is refused, and so is everything else that `check` calls an error about
//! files.

mod contents;
mod error;
mod seal;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::archive::{self, Demand, Limits};
use super::sums::{Summing, Sums};
use super::tree::Selection;
use super::{MAX_XML, ModuleXml, RawName, Version};
use crate::certificate::Certificate;
use crate::exchange;
use crate::time::Timestamp;

pub use error::PackageError;
pub use seal::{SealError, Sealer};

/// A package that was made, and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The file: `<rawname>-<version>.tgz.gpg`.
    pub path: PathBuf,
    /// The module.
    pub raw_name: RawName,
    /// Its version.
    pub version: Version,
    /// How many files there are.
    pub files: u64,
    /// The sums of the file; FreePBX's online index has its SHA-1.
    pub gpg: Sums,
    /// The sums of the `.tgz` in it; FreePBX's online index has its MD5 and SHA-1.
    pub tgz: Sums,
}

/// How a package is made.
pub struct Making<'a> {
    /// By which rules the module was signed: what they list is packed, and what the public tool
    /// lists.
    pub selection: Selection,
    /// The date of everything in it, and of its signature.
    pub time: Timestamp,
    /// Who signs it.
    pub sealer: &'a Sealer,
    /// The signer's certificate, against which the package is verified.
    pub certificate: &'a Certificate,
}

/// Packs the module in `folder` into a new file in the folder `into`.
///
/// Two gzip streams' worth of space is needed there for a while, and little memory however large
/// the module is.
///
/// # Errors
/// [`PackageError`] where the module has no name or version, has files that cannot be packed, or
/// changes meanwhile; where the package is not signed, does not verify, is there already, or
/// cannot be written. Nothing is left behind.
pub fn package(folder: &Path, into: &Path, making: &Making<'_>) -> Result<Package, PackageError> {
    let (raw_name, version) = identity(folder)?;
    let inner = format!("{raw_name}-{version}.tgz");
    let path = into.join(format!("{inner}.gpg"));
    if path.symlink_metadata().is_ok() {
        return Err(PackageError::Exists(path));
    }
    let failed = |source| PackageError::Io { path: path.clone(), source };
    let unsummed = |error| PackageError::Sums { source: error };

    let tgz = tempfile::tempfile_in(into).map_err(failed)?;
    let mut tgz = Summing::new(BufWriter::new(tgz)).map_err(unsummed)?;
    contents::write(folder, &raw_name, making, &mut tgz)?;
    let (tgz, tgz_sums) = tgz.finish().map_err(unsummed)?;
    let mut tgz = tgz.into_inner().map_err(|e| failed(e.into_error()))?;
    tgz.rewind().map_err(failed)?;

    let sealed = tempfile::Builder::new()
        .prefix(".countersign-")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(into)
        .map_err(failed)?;
    let mut message = Summing::new(BufWriter::new(sealed)).map_err(unsummed)?;
    making.sealer.seal(&inner, making.time, tgz, &mut message)?;
    message.flush().map_err(failed)?;
    let (sealed, gpg) = message.finish().map_err(unsummed)?;
    let sealed = sealed.into_inner().map_err(|e| failed(e.into_error()))?;
    let files = verify(&sealed, &raw_name, making, &tgz_sums)?;
    keep(sealed, into, &path)?;
    Ok(Package { path, raw_name, version, files, gpg, tgz: tgz_sums })
}

/// The module's name and version, by its `module.xml`.
fn identity(folder: &Path) -> Result<(RawName, Version), PackageError> {
    let bytes = exchange::read(folder, OsStr::new("module.xml"), MAX_XML)?;
    let xml = ModuleXml::parse(&bytes)?;
    let raw_name = xml.raw_name.ok_or(PackageError::Missing("rawname"))?;
    let version = xml.version.ok_or(PackageError::Missing("version"))?;
    Ok((raw_name.text.parse()?, version.text.parse()?))
}

/// Reads the package as whoever gets it will: whoever signed it is believed only then.
fn verify(
    sealed: &NamedTempFile,
    raw_name: &RawName,
    making: &Making<'_>,
    tgz: &Sums,
) -> Result<u64, PackageError> {
    let file = sealed.reopen();
    let file = file.map_err(|e| PackageError::Unverified(archive::ArchiveError::Damaged(e)))?;
    let demand = Demand::SignedBy { certificates: &[making.certificate], now: making.time };
    let read =
        archive::read(BufReader::new(file), Some(raw_name), &demand, &Limits::NONE, |_| Ok(()));
    let contents = read.map_err(PackageError::Unverified)?;
    if contents.tgz == *tgz { Ok(contents.files) } else { Err(PackageError::OtherContent) }
}

/// Gives the file its name, once it is on the medium.
fn keep(sealed: NamedTempFile, into: &Path, path: &Path) -> Result<(), PackageError> {
    let failed = |source| PackageError::Io { path: path.to_owned(), source };
    sealed.as_file().sync_all().map_err(failed)?;
    match sealed.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(PackageError::Exists(path.to_owned()));
        }
        Err(error) => return Err(failed(error.error)),
    }
    File::open(into).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests;
