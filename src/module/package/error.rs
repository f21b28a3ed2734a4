//! Why no package was made.

use std::io;
use std::path::PathBuf;

use super::SealError;
use crate::exchange::ExchangeError;
use crate::module::archive::ArchiveError;
use crate::module::check::Finding;
use crate::module::tree::{ReadError, TreeError};
use crate::module::{NameError, VersionError, XmlError};
use crate::safe::Safe;

/// Why no package was made. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// `module.xml` cannot be read.
    #[error("the module's module.xml cannot be read")]
    NoXml(#[from] ExchangeError),
    /// `module.xml` is none.
    #[error("the module's module.xml is not as it should be")]
    Xml(#[from] XmlError),
    /// `module.xml` does not say how to call the package.
    #[error("the module's module.xml has no <{0}>")]
    Missing(&'static str),
    /// No name.
    #[error("the module's <rawname> cannot be one")]
    RawName(#[from] NameError),
    /// No version.
    #[error("the module's <version> cannot be one")]
    Version(#[from] VersionError),
    /// The folder cannot be listed.
    #[error("the module cannot be listed")]
    Tree(#[from] TreeError),
    /// Files that cannot be packed.
    #[error("the module has files that cannot be packed: {}", told(.0))]
    Findings(Vec<Finding>),
    /// A file cannot be read.
    #[error("{} cannot be packed", Safe(path))]
    File {
        /// Its path within the module.
        path: String,
        /// Why.
        source: ReadError,
    },
    /// There is such a package.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The operating system said no.
    #[error("{} cannot be written", path.display())]
    Io {
        /// The package.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The tar or its compression failed, because the disk did.
    #[error("the package cannot be written")]
    Write(#[source] io::Error),
    /// SHA-1 or MD5 cannot be computed.
    #[error("the package's sums cannot be computed")]
    Sums {
        /// Why.
        source: anyhow::Error,
    },
    /// Not signed.
    #[error("the package is not signed")]
    Seal(#[from] SealError),
    /// What was made does not verify.
    #[error("the package that was made does not verify")]
    Unverified(#[source] ArchiveError),
    /// What was signed is not what was made.
    #[error("the package that was made holds something else than was packed")]
    OtherContent,
}

fn told(findings: &[Finding]) -> String {
    let told = findings.iter().map(|f| format!("{}: {}", Safe(&f.path), Safe(&f.reason)));
    told.collect::<Vec<_>>().join("; ")
}
