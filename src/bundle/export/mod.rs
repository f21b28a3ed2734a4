//! A bundle in the forms that consumers eat: static files, which any web server or package serves.
//!
//! What is written comes from certificates that were read anew, so nothing is in it that the masters
//! and the keys' owners did not sign: no flood that a key server may hold.

mod certd;
mod debian;
mod folder;
mod freepbx;
mod gnupg;
mod wkd;

use std::path::Path;

use folder::Folder;

use super::Accepted;
use crate::certificate::{Certificate, ReadError};
use crate::exchange::ExchangeError;

/// A form that some consumer takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `<16 HEX>.key` for the masters, `signatures/<16 HEX>.key` for the developers.
    Freepbx,
    /// A keyring, ownertrust, and a script that imports both.
    Gnupg,
    /// A Web Key Directory, for these domains or for all.
    Wkd {
        /// The domains; none for all.
        domains: Vec<String>,
    },
    /// A shared OpenPGP certificate directory.
    Certd,
    /// The source of a Debian package with the keyring.
    Debian,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] ExchangeError),
    /// A certificate in the bundle cannot be read.
    #[error("a certificate in the bundle cannot be read")]
    Certificate(#[from] ReadError),
    /// A certificate cannot be written in the asked form.
    #[error("a certificate cannot be written")]
    OpenPgp(#[source] anyhow::Error),
}

/// Writes `accepted` into the new folder `into`: whole, or there is no such folder afterwards.
/// Returns how many files there are.
///
/// # Errors
/// [`ExportError`] where the folder is there already and holds something, or cannot be written.
pub fn export(accepted: &Accepted, format: &Format, into: &Path) -> Result<usize, ExportError> {
    let mut folder = Folder::beside(into)?;
    match format {
        Format::Freepbx => freepbx::write(accepted, &mut folder)?,
        Format::Gnupg => gnupg::write(accepted, &mut folder)?,
        Format::Wkd { domains } => wkd::write(accepted, domains, &mut folder)?,
        Format::Certd => certd::write(accepted, &mut folder)?,
        Format::Debian => debian::write(accepted, &mut folder)?,
    }
    Ok(folder.finish(into)?)
}

/// Masters and developers, each read when it is asked for.
fn everybody(accepted: &Accepted) -> impl Iterator<Item = Result<Certificate, ReadError>> + '_ {
    accepted.masters().iter().cloned().map(Ok).chain(accepted.developers())
}
