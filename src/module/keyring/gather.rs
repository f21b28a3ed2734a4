//! Reading a keyring from files: what is bad in them is reported, and the rest is used.

use std::path::Path;

use super::Keyring;
use super::split::{SplitError, split};
use crate::certificate::{Certificate, ReadError};
use crate::exchange::{self, ExchangeError};

/// How the names of key files end.
const SUFFIXES: [&str; 4] = [".key", ".asc", ".pgp", ".gpg"];
/// Most key files of a folder.
const MAX_FILES: usize = 10_000;
/// Longest key file, in bytes.
const MAX_FILE: usize = 32 << 20;
/// Most bytes of all certificates together.
const MAX_TOTAL: usize = 64 << 20;
/// Most certificates.
const MAX_CERTIFICATES: usize = 20_000;
/// Most introducers that masters may have appointed.
const MAX_INTRODUCERS: usize = 64;
/// Most certificates of which each is held against every other.
const MAX_EVERYBODY: usize = 2_000;

/// Why a file or a certificate in it is not in the keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ExchangeError),
    /// It is damaged from some point on.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// There is no certificate in it.
    #[error("it holds no certificate")]
    Empty,
    /// A certificate in it was refused.
    #[error(transparent)]
    Certificate(#[from] ReadError),
    /// More than a keyring may hold.
    #[error("the keyring is full: it has {what}, at most {limit} are read")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Something that was left out of a keyring.
#[derive(Debug)]
pub struct Refused {
    /// The file, as it was named.
    pub source: String,
    /// Why.
    pub error: KeyringError,
}

/// A keyring being gathered.
#[derive(Debug)]
pub struct Gatherer {
    masters: Vec<Certificate>,
    found: Vec<Found>,
    bytes: usize,
    refused: Vec<Refused>,
}

/// The packets of one certificate, and where they are from.
#[derive(Debug)]
struct Found {
    source: String,
    untrusted: Vec<u8>,
}

impl Gatherer {
    pub(super) fn new(masters: &[Certificate]) -> Self {
        Self { masters: masters.to_vec(), found: Vec::new(), bytes: 0, refused: Vec::new() }
    }

    /// Adds the certificates in `untrusted`: one or many, armored or binary.
    #[must_use]
    pub fn bytes(mut self, source: &str, untrusted: &[u8]) -> Self {
        let (certificates, error) = split(untrusted);
        let empty = certificates.is_empty() && error.is_none();
        for certificate in certificates {
            if let Err(error) = self.take(source, certificate) {
                self.refuse(source, error);
                return self;
            }
        }
        if let Some(error) = error {
            self.refuse(source, error.into());
        } else if empty {
            self.refuse(source, KeyringError::Empty);
        }
        self
    }

    /// Adds the key files of a folder (`*.key`, `*.asc`, `*.pgp`, `*.gpg`), in the order of their
    /// names. A folder that cannot be listed is reported like a file that cannot be read.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        let mut names = Vec::new();
        for suffix in SUFFIXES {
            match exchange::list(folder, suffix, MAX_FILES) {
                Ok(listing) => names.extend(listing),
                Err(error) => {
                    self.refuse(&folder.display().to_string(), error.into());
                    return self;
                }
            }
        }
        names.sort();
        if names.len() > MAX_FILES {
            let error = KeyringError::Full { what: "more files", limit: MAX_FILES };
            self.refuse(&folder.display().to_string(), error);
            names.truncate(MAX_FILES);
        }
        for name in names {
            let source = name.to_string_lossy().into_owned();
            match exchange::read(folder, &name, MAX_FILE) {
                Ok(untrusted) => self = self.bytes(&source, &untrusted),
                Err(error) => self.refuse(&source, error.into()),
            }
        }
        self
    }

    fn refuse(&mut self, source: &str, error: KeyringError) {
        self.refused.push(Refused { source: source.to_owned(), error });
    }

    fn take(&mut self, source: &str, untrusted: Vec<u8>) -> Result<(), KeyringError> {
        self.bytes += untrusted.len();
        if self.bytes > MAX_TOTAL {
            return Err(KeyringError::Full { what: "more bytes", limit: MAX_TOTAL });
        }
        if self.found.len() == MAX_CERTIFICATES {
            return Err(KeyringError::Full { what: "more keys", limit: MAX_CERTIFICATES });
        }
        self.found.push(Found { source: source.to_owned(), untrusted });
        Ok(())
    }

    /// Reads everything that was added.
    ///
    /// What an introducer certified is only kept once it is known who is one, so certificates are
    /// read a second time where the masters appointed any.
    pub fn finish(mut self) -> Keyring {
        let others = self.read(&[]);
        let introducers: Vec<Certificate> =
            others.iter().filter(|c| self.appointed(c)).take(MAX_INTRODUCERS).cloned().collect();
        let others = if introducers.is_empty() {
            others
        } else {
            self.refused.retain(|r| !matches!(r.error, KeyringError::Certificate(_)));
            self.read(&introducers)
        };
        let (masters, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|c| self.is_master(c));
        let masters = self.masters.into_iter().map(|m| joined(m, &masters)).collect();
        Keyring::new(masters, others, self.refused)
    }

    /// Reads everything that was added, with what each says of every other: for a project of which
    /// nobody knows yet who its masters are. Returns what could not be read beside that.
    pub fn everybody(mut self) -> (Vec<Certificate>, Vec<Refused>) {
        let alone = self.read(&[]);
        if alone.len() > MAX_EVERYBODY {
            let error = KeyringError::Full { what: "more keys to compare", limit: MAX_EVERYBODY };
            self.refuse("the keyring", error);
            return (alone, self.refused);
        }
        self.refused.retain(|r| !matches!(r.error, KeyringError::Certificate(_)));
        let all = self.read(&alone);
        (all, self.refused)
    }

    fn is_master(&self, certificate: &Certificate) -> bool {
        self.masters.iter().any(|m| m.fingerprint() == certificate.fingerprint())
    }

    fn appointed(&self, certificate: &Certificate) -> bool {
        let mut opinions = self.masters.iter().flat_map(|m| certificate.opinions_of(m));
        !self.is_master(certificate) && opinions.any(|o| o.introduces.is_some())
    }

    fn read(&mut self, introducers: &[Certificate]) -> Vec<Certificate> {
        let signers: Vec<&Certificate> = self.masters.iter().chain(introducers).collect();
        let mut read: Vec<Certificate> = Vec::new();
        let mut refused = Vec::new();
        for found in &self.found {
            let certificate = Certificate::read(found.untrusted.as_slice(), &signers);
            let merged = certificate.and_then(|new| {
                match read.iter().position(|c| c.fingerprint() == new.fingerprint()) {
                    Some(at) => read[at].merged(&new, &signers).map(|both| read[at] = both),
                    None => {
                        read.push(new);
                        Ok(())
                    }
                }
            });
            if let Err(error) = merged {
                refused.push(Refused { source: found.source.clone(), error: error.into() });
            }
        }
        self.refused.extend(refused);
        read
    }
}

/// `master` with what a file of the keyring knows more of it: its revocation, say.
fn joined(master: Certificate, copies: &[Certificate]) -> Certificate {
    let copy = copies.iter().find(|c| c.fingerprint() == master.fingerprint());
    copy.and_then(|copy| master.merged(copy, &[]).ok()).unwrap_or(master)
}
