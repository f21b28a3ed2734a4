//! What stations published of their journals, and the records of their sessions.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::fingerprint::Fingerprint;
use crate::journal::{self, Audited, Basis, Chain, Compared, End, Record, RecordError};
use crate::operation::{SessionRecord, Signable as _, StatementError};
use crate::request::{MAX_BYTES, Request, RequestId};
use crate::response::SignatureBlock;

/// The name of a station in the record: the first 16 hex digits of its journal's first entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StationId(String);

/// What became of a journal that was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the first of its station.
    First {
        /// How many bytes it has.
        bytes: u64,
    },
    /// It goes on where the one on record ended.
    Longer {
        /// By how many bytes.
        bytes: u64,
    },
    /// The one on record has all of it.
    Nothing,
}

/// The record of a session, with its master's signature.
#[derive(Debug)]
pub struct RecordFile {
    record: Record,
    text: String,
}

/// Why a journal or a record cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalRecordError {
    /// A journal with no entry.
    #[error("{} holds no entry", .0.display())]
    Empty(PathBuf),
    /// A journal that says something else than the one on record.
    #[error(
        "{} differs from the journal on record at byte {at}: one of them was rewritten",
        path.display()
    )]
    Rewritten {
        /// The file.
        path: PathBuf,
        /// The first byte that differs.
        at: u64,
    },
    /// Not a signed record.
    #[error("{} is not the signed record of a session", .0.display())]
    NotSigned(PathBuf),
    /// A signed text that is no record.
    #[error("{} is not the record of a session", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: RecordError,
    },
    /// Not what the master signed.
    #[error("{} is not what the master signed", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StatementError,
    },
}

impl StationId {
    /// The station whose journal begins with the entry of this digest.
    pub fn of(first: Sha256) -> Self {
        Self(first.to_string().chars().take(16).collect())
    }
}

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RecordFile {
    /// What it says.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The digest of the text that the master signed.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.record.text())
    }

    /// The station that made it.
    pub fn station(&self) -> StationId {
        StationId::of(self.record.station)
    }

    fn name(&self) -> String {
        format!("{}-{:09}.record.asc", self.station(), self.record.journal.last)
    }
}

impl Authority {
    fn journals_folder(&self) -> PathBuf {
        self.folder().join("journals")
    }

    /// Where the journal of a station is.
    pub fn journal_path(&self, station: &StationId) -> PathBuf {
        self.journals_folder().join(format!("{station}.jsonl"))
    }

    /// The stations whose journals are on record, sorted.
    ///
    /// # Errors
    /// [`AuthorityError`] where the folder cannot be read.
    pub fn stations(&self) -> Result<Vec<StationId>, AuthorityError> {
        let names = self.listed(".jsonl")?;
        let names = names.iter().filter_map(|name| name.strip_suffix(".jsonl"));
        Ok(names.map(|name| StationId(name.to_owned())).collect())
    }

    /// The records of sessions that were brought, sorted by station and by what they cover.
    ///
    /// # Errors
    /// [`AuthorityError`] where one is not what a master signed.
    pub fn session_records(&self) -> Result<Vec<RecordFile>, AuthorityError> {
        let folder = self.journals_folder();
        let names = self.listed(".record.asc")?;
        names.iter().map(|name| self.read_record(&folder.join(name))).collect()
    }

    fn listed(&self, suffix: &str) -> Result<Vec<String>, AuthorityError> {
        let folder = self.journals_folder();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let names = exchange::list(&folder, suffix, exchange::MAX_LISTED)?;
        let mut names: Vec<String> =
            names.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Reads the record of a session and checks it against its master's signature.
    ///
    /// # Errors
    /// [`AuthorityError`] where it is anything else.
    pub fn read_record(&self, path: &Path) -> Result<RecordFile, AuthorityError> {
        let at = || path.to_owned();
        let not_signed = || JournalRecordError::NotSigned(at());
        let untrusted = String::from_utf8(exchange::read_path(path, journal::MAX_BYTES)?)
            .map_err(|_| not_signed())?;
        let (text, signatures) =
            crate::request::read_cleartext(&untrusted).map_err(|_| not_signed())?;
        let [signature] = signatures.as_slice() else { return Err(not_signed().into()) };
        let record = Record::parse(&text)
            .map_err(|source| JournalRecordError::Record { path: at(), source })?;
        let master = self.present_or_former(record.master)?;
        let master = master.as_ref();
        let wrong = |source| JournalRecordError::Signature { path: at(), source };
        let (created, asked) = (record.created, SessionRecord { record: Box::new(record) });
        let statements = asked.statements(created, master, None).map_err(wrong)?;
        let block = SignatureBlock::new(signature);
        let packet = block.untrusted_bytes().map_err(|_| not_signed())?;
        for statement in &statements {
            statement.accept(&packet).map_err(wrong)?;
        }
        Ok(RecordFile { record: *asked.record, text: untrusted })
    }

    /// Keeps the record of a session; returns where.
    ///
    /// # Errors
    /// [`AuthorityError`] where another one of the same entries is there, or the disk fails.
    pub fn keep_record(&self, record: &RecordFile) -> Result<PathBuf, AuthorityError> {
        let folder = self.made_journals_folder()?;
        Ok(exchange::write(&folder, &record.name(), record.text.as_bytes())?)
    }

    fn made_journals_folder(&self) -> Result<PathBuf, AuthorityError> {
        let path = self.journals_folder();
        std::fs::create_dir_all(&path).map_err(|source| ExchangeError::Io {
            path: path.clone(),
            action: "created",
            source,
        })?;
        Ok(path)
    }

    /// Keeps the journal of a station, as far as it was published: in place of the one on record,
    /// if it goes on where that ended. A line that the power cut off is left out; the end says so.
    ///
    /// # Errors
    /// [`AuthorityError`] where it does not hold together, or says something else.
    pub fn keep_journal(&self, path: &Path) -> Result<(StationId, Kept, End), AuthorityError> {
        let damaged =
            |source| AuthorityError::Journal { path: path.to_owned(), source: Box::new(source) };
        let mut chain = Chain::new(BufReader::new(exchange::open_path(path)?));
        let (mut first, mut bytes) = (None, 0);
        while let Some(entry) = chain.next() {
            entry.map_err(damaged)?;
            first.get_or_insert(chain.head());
            bytes = chain.offset();
        }
        let station = first.map(StationId::of);
        let station = station.ok_or_else(|| JournalRecordError::Empty(path.to_owned()))?;
        let there = self.journal_path(&station);
        let old =
            if there.exists() { Some(BufReader::new(exchange::open_path(&there)?)) } else { None };
        let kept = match old {
            None => Kept::First { bytes },
            Some(old) => news(path, old, BufReader::new(exchange::open_path(path)?).take(bytes))?,
        };
        if kept != Kept::Nothing {
            self.made_journals_folder()?;
            exchange::write_from(&there, &mut exchange::open_path(path)?.take(bytes))?;
        }
        Ok((station, kept, chain.end()))
    }

    /// Checks the journal of a station on record from its first entry on.
    ///
    /// # Errors
    /// [`AuthorityError`] where it does not hold together.
    pub fn audit(&self, station: &StationId) -> Result<Audited, AuthorityError> {
        let path = self.journal_path(station);
        let request = |id| self.request(id);
        let former = self.former_masters()?;
        let basis = Basis { masters: self.masters(), former: &former, request: &request };
        journal::audit(BufReader::new(exchange::open_path(&path)?), &basis)
            .map_err(|source| AuthorityError::Journal { path, source: Box::new(source) })
    }

    /// A request on record, where it is there.
    pub fn request(&self, id: RequestId) -> Option<Request> {
        let path = self.folder().join("requests").join(format!("{id}.request.asc"));
        Request::parse(&exchange::read_path(&path, MAX_BYTES).ok()?, MAX_BYTES).ok()
    }

    fn present_or_former(&self, key: Fingerprint) -> Result<Cow<'_, Certificate>, AuthorityError> {
        match self.master(key) {
            Ok(master) => Ok(Cow::Borrowed(master)),
            Err(error) => {
                let mut former = self.former_masters()?.into_iter();
                former.find(|m| m.fingerprint() == key).map(Cow::Owned).ok_or(error)
            }
        }
    }
}

/// What is new in a journal that is held against the one on record.
fn news(path: &Path, old: impl BufRead, new: impl BufRead) -> Result<Kept, AuthorityError> {
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "compared", source };
    match journal::compare(old, new).map_err(error)? {
        Compared::Same | Compared::Shorter => Ok(Kept::Nothing),
        Compared::Longer { bytes } => Ok(Kept::Longer { bytes }),
        Compared::Differs { at } => {
            Err(JournalRecordError::Rewritten { path: path.to_owned(), at }.into())
        }
    }
}
