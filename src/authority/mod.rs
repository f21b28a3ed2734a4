//! The authority's public record: a folder of text files that belongs in git.
//!
//! ```text
//! policy.toml                        who may ask for what
//! agreement.txt                      the key-signing agreement
//! masters/<FINGERPRINT>.asc          the master keys' certificates
//! managers/<FINGERPRINT>.asc         who may ask for revocations
//! developers/<FINGERPRINT>.asc       what the masters say of each developer
//! requests/<ID>.request.asc          every request that was answered
//! responses/<ID>.response.json       and its answer
//! modules/<RAWNAME>/<VERSION>.module.sig          lists that a master signed
//! revocations/<FINGERPRINT>-<REASON>.pgp          a master's own revocation, sealed
//! transitions/<OLD>-<NEW>-<DATE>.asc              statements, signed by one master or by both
//! bundles/<SERIAL>.bundle            every trust bundle that was published
//! blocked.toml                       what the next one blocks
//! journals/<STATION>.jsonl           what each station published of its journal
//! journals/<STATION>-<LAST>.record.asc            and the records that came with its sessions
//! ```

pub mod adopt;
mod blocked;
mod bundles;
mod journals;
mod modules;
mod published;
mod refusals;
mod revocations;
mod roster;
mod successor;
mod transitions;

use std::path::{Path, PathBuf};

use crate::certificate::{Certificate, ReadError};
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::module::VersionError;
use crate::policy::{Context, Policy, PolicyError};
use crate::time::Timestamp;

pub use blocked::BlockedError;
pub use journals::{JournalRecordError, Kept, RecordFile, StationId};
pub use published::{Lack, Published};
pub use refusals::Refusal;
pub use roster::{Developer, Installed, Loophole};

/// Longest certificate file in the record, in bytes.
const MAX_CERTIFICATE: usize = 4 << 20;

/// An authority's record, read from its folder.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    policy: Policy,
    masters: Vec<Certificate>,
    managers: Vec<Certificate>,
}

/// Why an authority's record cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The policy is not UTF-8.
    #[error("policy.toml is not UTF-8 text")]
    NotText,
    /// The policy is refused.
    #[error("policy.toml is refused")]
    Policy(#[from] PolicyError),
    /// A certificate is refused.
    #[error("{} is refused", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A file holds another certificate than its name says.
    #[error("{} holds {actual}, not {expected}", path.display())]
    OtherCertificate {
        /// The file.
        path: PathBuf,
        /// What it holds.
        actual: Fingerprint,
        /// What it should hold.
        expected: Fingerprint,
    },
    /// The agreement's text is not the one that the policy names.
    #[error("agreement.txt has the digest {actual}, policy.toml names {expected}")]
    Agreement {
        /// The file's digest.
        actual: Sha256,
        /// The policy's.
        expected: Sha256,
    },
    /// A module's version that cannot name a file.
    #[error("the module's version is not one")]
    Version(#[source] VersionError),
    /// A list of the same version that was signed later is on record.
    #[error("{} was signed later than this: the record stays as it is", .0.display())]
    OlderList(PathBuf),
    /// A trust bundle on record is damaged.
    #[error("{} is no trust bundle", path.display())]
    Bundle {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: Box<crate::bundle::BundleError>,
    },
    /// The keyring that waits for a bundle's signature is another one.
    #[error("{} is not the keyring that was signed for: build the bundle again", .0.display())]
    OtherKeyring(PathBuf),
    /// The list of blocked modules is refused.
    #[error("blocked.toml is refused")]
    Blocked(#[source] BlockedError),
    /// A transition statement on record that is not the one that was signed.
    #[error("{} is not the statement that was signed", .0.display())]
    OtherText(PathBuf),
    /// A text that cannot be written with its signatures.
    #[error("the signed text cannot be written")]
    Text(#[source] anyhow::Error),
    /// No such developer.
    #[error("no developer {0} in the authority's record")]
    NoSuchDeveloper(Fingerprint),
    /// An answer to a request cannot be accepted.
    #[error(transparent)]
    Response(#[from] Box<crate::response::ResponseError>),
    /// A stored request is damaged.
    #[error("{} is not a request", path.display())]
    Request {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: Box<crate::request::RequestError>,
    },
    /// A station's journal.
    #[error("{} is not a station's journal", path.display())]
    Journal {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: Box<crate::journal::JournalError>,
    },
    /// A journal or a record of a session that does not belong on record.
    #[error(transparent)]
    Kept(#[from] JournalRecordError),
    /// A request for a master that is not this authority's.
    #[error("master {0} is not one of this authority's")]
    NoSuchMaster(Fingerprint),
}

impl Authority {
    /// Reads policy, masters and managers from `folder`.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file is missing, refused, or not what its name says.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let text =
            exchange::read_path(&folder.join("policy.toml"), crate::policy::MAX_POLICY_BYTES)?;
        let text = String::from_utf8(text).map_err(|_| AuthorityError::NotText)?;
        let policy = Policy::parse(&text)?;
        let read = |kind: &str, fingerprint: Fingerprint, masters: &[&Certificate]| {
            let path = folder.join(kind).join(format!("{fingerprint}.asc"));
            read_certificate(&path, fingerprint, masters)
        };
        let alone = policy
            .masters
            .iter()
            .map(|m| read("masters", m.fingerprint, &[]))
            .collect::<Result<Vec<_>, _>>()?;
        // Once more, with what they say of each other.
        let each: Vec<&Certificate> = alone.iter().collect();
        let masters = policy
            .masters
            .iter()
            .map(|m| read("masters", m.fingerprint, &each))
            .collect::<Result<Vec<_>, _>>()?;
        let managers = policy
            .managers
            .iter()
            .map(|m| read("managers", m.fingerprint, &[]))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { folder: folder.to_owned(), policy, masters, managers })
    }

    /// Writes a new record into `folder`, which must not hold one yet.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file exists already or cannot be written.
    pub fn create(
        folder: &Path,
        policy: &Policy,
        agreement: &[u8],
        masters: &[Certificate],
        managers: &[Certificate],
    ) -> Result<Self, AuthorityError> {
        exchange::make_folder(folder)?;
        let policy_path = folder.join("policy.toml");
        if policy_path.exists() {
            return Err(ExchangeError::Exists { path: policy_path }.into());
        }
        for (kind, certificates) in [("masters", masters), ("managers", managers)] {
            let at = folder.join(kind);
            exchange::make_folder(&at)?;
            for certificate in certificates {
                let name = format!("{}.asc", certificate.fingerprint());
                exchange::write(&at, &name, certificate.armored().as_bytes())?;
            }
        }
        for kind in ["developers", "requests", "responses"] {
            exchange::make_folder(&folder.join(kind))?;
        }
        exchange::write(folder, "agreement.txt", agreement)?;
        exchange::write(folder, "policy.toml", policy.to_toml().as_bytes())?;
        Self::open(folder)
    }

    /// Where the record is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The masters' certificates, in the policy's order.
    pub fn masters(&self) -> &[Certificate] {
        &self.masters
    }

    /// The certificates beside the masters' that the policy does not name any more: for journals
    /// from their time. Nobody vouches for them.
    ///
    /// # Errors
    /// [`AuthorityError`] where one is not what its name says.
    pub fn former_masters(&self) -> Result<Vec<Certificate>, AuthorityError> {
        let folder = self.folder.join("masters");
        let names = exchange::list(&folder, ".asc", exchange::MAX_LISTED)?;
        let keys = names.iter().filter_map(|n| n.to_str()?.strip_suffix(".asc")?.parse().ok());
        keys.filter(|key: &Fingerprint| self.policy.masters.iter().all(|m| m.fingerprint != *key))
            .map(|key| read_certificate(&folder.join(format!("{key}.asc")), key, &[]))
            .collect()
    }

    /// The managers' certificates.
    pub fn managers(&self) -> &[Certificate] {
        &self.managers
    }

    /// The master with this fingerprint.
    ///
    /// # Errors
    /// [`AuthorityError::NoSuchMaster`].
    pub fn master(&self, fingerprint: Fingerprint) -> Result<&Certificate, AuthorityError> {
        self.masters
            .iter()
            .find(|m| m.fingerprint() == fingerprint)
            .ok_or(AuthorityError::NoSuchMaster(fingerprint))
    }

    /// The agreement's text, checked against the policy.
    ///
    /// # Errors
    /// [`AuthorityError`] where it is missing or another one.
    pub fn agreement(&self) -> Result<Vec<u8>, AuthorityError> {
        let text = exchange::read_path(&self.folder.join("agreement.txt"), 1 << 20)?;
        let (actual, expected) = (Sha256::of(&text), self.policy.certify.agreement.sha256);
        if actual == expected {
            Ok(text)
        } else {
            Err(AuthorityError::Agreement { actual, expected })
        }
    }

    /// What a review needs to know, at `now`.
    pub fn context(&self, now: Timestamp) -> Context<'_> {
        Context { policy: &self.policy, masters: &self.masters, managers: &self.managers, now }
    }
}

/// Reads a certificate file that must hold `expected`.
pub(crate) fn read_certificate(
    path: &Path,
    expected: Fingerprint,
    masters: &[&Certificate],
) -> Result<Certificate, AuthorityError> {
    let bytes = exchange::read_path(path, MAX_CERTIFICATE)?;
    let certificate = Certificate::read(bytes.as_slice(), masters)
        .map_err(|source| AuthorityError::Certificate { path: path.to_owned(), source })?;
    let actual = certificate.fingerprint();
    if actual == expected {
        Ok(certificate)
    } else {
        Err(AuthorityError::OtherCertificate { path: path.to_owned(), actual, expected })
    }
}
