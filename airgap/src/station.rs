//! The station's folder: a copy of the authority's rules, the journal, and every request that was
//! consented to.
//!
//! ```text
//! authority/                       policy, agreement, masters, managers: copied at set-up
//! journal.jsonl                    append-only, chained
//! requests/<ID>.request.asc        what was consented to
//! rehearsal.json                   what was rehearsed, until the session that has to be the same
//! rehearsals/<SESSION>.json        what sessions had to be the same as
//! ```

mod update;

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use countersign::authority::{Authority, AuthorityError};
use countersign::certificate::ReadError;
use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::fingerprint::Fingerprint;
use countersign::journal::{
    Audited, Basis, Chain, End, Entry, Event, JournalError, Ledger, MAX_LINE, audit,
};
use countersign::operation::Object;
use countersign::policy::{Decision, History};
use countersign::request::{MAX_BYTES, Request, RequestId};
use countersign::response::SignatureBlock;
use countersign::scratch::{Scratch, ScratchError};
use countersign::time::Timestamp;

use crate::recorder::{Access, Recorder, RecorderError, entry_at};
use crate::rehearsal::{MAX_REHEARSAL, Rehearsal};

pub use update::Update;

/// This program and its version, as the journal names it.
pub const SOFTWARE: &str = concat!("airgap ", env!("CARGO_PKG_VERSION"));

/// A station.
#[derive(Debug)]
pub struct Station {
    folder: PathBuf,
    authority: Authority,
}

/// Why a station cannot be set up or opened.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// There is none in the folder.
    #[error("{} is not a station", .0.display())]
    NotAStation(PathBuf),
    /// There is one already.
    #[error("{} is a station already", .0.display())]
    Exists(PathBuf),
    /// Its set-up did not come to its end.
    #[error("the set-up of the station in {} was cut off", .0.display())]
    CutOff(PathBuf),
    /// The authority's record.
    #[error("the authority's record is not usable")]
    Authority(#[from] AuthorityError),
    /// Another authority's record.
    #[error("the record is that of {actual:?}, this station is {expected:?}'s")]
    OtherAuthority {
        /// Whose it is.
        actual: String,
        /// Whose it should be.
        expected: String,
    },
    /// A master's certificate.
    #[error("a master's certificate is not usable")]
    Master(#[from] ReadError),
    /// The journal.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// The index of the journal.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// The journal, read without writing.
    #[error("the journal does not hold together")]
    Journal(#[from] JournalError),
    /// What was rehearsed.
    #[error("rehearsal.json at the station is damaged")]
    Rehearsal(#[source] serde_json::Error),
    /// A file.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// How far the set-up of a station came.
enum SetUp {
    /// There is no journal.
    Nothing,
    /// There is a journal without an entry, and no request was consented to: the power went.
    CutOff,
    /// It is a station, whatever became of its journal since.
    Done,
}

impl SetUp {
    fn of(folder: &Path) -> Self {
        let Ok(journal) = File::open(folder.join("journal.jsonl")) else {
            let there = folder.join("journal.jsonl").exists();
            return if there { Self::Done } else { Self::Nothing };
        };
        let mut first = Vec::new();
        let read = BufReader::new(journal).take(MAX_LINE).read_until(b'\n', &mut first);
        let consented =
            std::fs::read_dir(folder.join("requests")).is_ok_and(|requests| requests.count() > 0);
        match read {
            Ok(_) if !first.ends_with(b"\n") && !consented => Self::CutOff,
            Ok(_) | Err(_) => Self::Done,
        }
    }
}

impl Station {
    /// Sets up a station in `folder` for the authority whose record is in `source`.
    ///
    /// # Errors
    /// [`StationError`] where there is one already or the record is not usable.
    pub fn create(folder: &Path, source: &Path, now: Timestamp) -> Result<Self, StationError> {
        match SetUp::of(folder) {
            SetUp::Done => return Err(StationError::Exists(folder.to_owned())),
            SetUp::Nothing | SetUp::CutOff => {}
        }
        let from = Authority::open(source)?;
        let (agreement, inner) = (from.agreement()?, folder.join("authority"));
        let requests = folder.join("requests");
        std::fs::create_dir_all(&requests).map_err(|source| ExchangeError::Io {
            path: requests.clone(),
            action: "created",
            source,
        })?;
        let (masters, managers) = (from.masters(), from.managers());
        // The journal is what makes it a station, and comes last: what an interrupted set-up left
        // is taken up again if it is the same record.
        let authority = match Authority::open(&inner) {
            Ok(left) if left.policy().digest() == from.policy().digest() => left,
            _ => Authority::create(&inner, from.policy(), &agreement, masters, managers)?,
        };
        let station = Self { folder: folder.to_owned(), authority };
        let (mut recorder, _) = station.recorder(now, Access::Write)?;
        recorder.append(Event::StationCreated {
            authority: from.policy().name.clone(),
            software: SOFTWARE.to_owned(),
        })?;
        Ok(station)
    }

    /// Opens the station in `folder`.
    ///
    /// # Errors
    /// [`StationError`] where there is none or its record is damaged.
    pub fn open(folder: &Path) -> Result<Self, StationError> {
        match SetUp::of(folder) {
            SetUp::Done => {}
            SetUp::Nothing => return Err(StationError::NotAStation(folder.to_owned())),
            SetUp::CutOff => return Err(StationError::CutOff(folder.to_owned())),
        }
        let authority = Authority::open(&folder.join("authority"))?;
        Ok(Self { folder: folder.to_owned(), authority })
    }

    /// The authority's rules and keys.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The folder that it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// Where the text of a request is kept that was consented to.
    pub fn kept(&self, request: RequestId) -> PathBuf {
        self.folder.join("requests").join(format!("{request}.request.asc"))
    }

    /// Where the station keeps what was rehearsed, until the real session.
    pub fn rehearsal_path(&self) -> PathBuf {
        self.folder.join("rehearsal.json")
    }

    /// What was rehearsed, and SHA-256 of the file; none where nothing waits for its session.
    ///
    /// # Errors
    /// [`StationError`] where the file is damaged.
    pub fn rehearsal(&self) -> Result<Option<(Rehearsal, Sha256)>, StationError> {
        let bytes = match exchange::read_path(&self.rehearsal_path(), MAX_REHEARSAL) {
            Ok(bytes) => bytes,
            Err(ExchangeError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let rehearsal = Rehearsal::parse(&bytes).map_err(StationError::Rehearsal)?;
        Ok(Some((rehearsal, Sha256::of(&bytes))))
    }

    /// Opens the journal for writing, going by `now`; whether a torn line was set aside.
    ///
    /// # Errors
    /// [`StationError`] where it is in use, broken, or ends after `now`.
    pub fn recorder(
        &self,
        now: Timestamp,
        access: Access,
    ) -> Result<(Recorder, bool), StationError> {
        let opened = Recorder::open(&self.journal(), &self.folder.join("requests"), now, access)?;
        if access == Access::Write {
            self.tidy();
        }
        Ok(opened)
    }

    /// Removes what a program left half done that was killed. To be called by whoever has the
    /// journal locked: nobody else is at work here.
    fn tidy(&self) {
        let mut folders = vec!["", "requests", "batches"];
        folders.extend(["authority", "authority/masters", "authority/managers"]);
        for folder in folders {
            exchange::sweep(&self.folder.join(folder));
        }
        // Never the record in force: either not yet, or not any more.
        let _ = std::fs::remove_dir_all(self.folder.join(update::BESIDE));
    }

    /// Reads the journal from its first entry on, checking the chain, and hands each entry to
    /// `each`. Returns the last entry's digest and how the journal ended.
    ///
    /// # Errors
    /// [`StationError`] where it does not hold together.
    pub fn read_journal(
        &self,
        mut each: impl FnMut(&Entry),
    ) -> Result<(Sha256, End), StationError> {
        let mut chain = Chain::new(BufReader::new(self.open_journal()?));
        for entry in chain.by_ref() {
            each(&entry?);
        }
        Ok((chain.head(), chain.end()))
    }

    /// As [`Station::read_journal`], handing the number of bytes that are whole to `each`.
    ///
    /// # Errors
    /// [`StationError`] where it does not hold together.
    pub fn read_journal_whole(
        &self,
        mut each: impl FnMut(u64),
    ) -> Result<(Sha256, End), StationError> {
        let mut chain = Chain::new(BufReader::new(self.open_journal()?));
        while let Some(entry) = chain.next() {
            entry?;
            each(chain.offset());
        }
        Ok((chain.head(), chain.end()))
    }

    /// Checks the whole journal against the requests that were kept.
    ///
    /// # Errors
    /// [`StationError`] where it does not hold together as a chain.
    pub fn audit(&self) -> Result<Audited, StationError> {
        let request = |id| {
            let bytes = exchange::read_path(&self.kept(id), MAX_BYTES).ok()?;
            Request::parse(&bytes, MAX_BYTES).ok()
        };
        let (masters, former) = (self.authority.masters(), self.authority.former_masters()?);
        let basis = Basis { masters, former: &former, request: &request };
        Ok(audit(BufReader::new(self.open_journal()?), &basis)?)
    }

    /// Opens the journal for reading.
    ///
    /// # Errors
    /// [`ExchangeError`] where it cannot be opened.
    pub fn open_journal(&self) -> Result<File, ExchangeError> {
        let path = self.journal();
        File::open(&path).map_err(|source| ExchangeError::Io { path, action: "opened", source })
    }

    /// What was decided on a request and on the object that it is about, by `ledger`, which
    /// [`Station::ledger`] made.
    ///
    /// # Errors
    /// [`StationError`] where the journal cannot be opened.
    pub fn history(
        &self,
        ledger: &Ledger,
        request: RequestId,
        object: Option<&Object>,
    ) -> Result<History, StationError> {
        let journal = self.open_journal()?;
        Ok(ledger.history(request, object, &|offset| entry_at(&journal, offset))?)
    }

    /// Hands every decision on a key to `each`, by `ledger`, which [`Station::ledger`] made.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn on_keys(
        &self,
        ledger: &Ledger,
        journal: &File,
        each: &mut dyn FnMut(Fingerprint, &Decision),
    ) -> Result<(), ScratchError> {
        ledger.on_keys(&|offset| entry_at(journal, offset), each)
    }

    /// The signatures made so far of a request, by `ledger`, which [`Station::ledger`] made.
    ///
    /// # Errors
    /// [`StationError`] where the journal cannot be opened.
    pub fn signatures(
        &self,
        ledger: &Ledger,
        request: RequestId,
    ) -> Result<Vec<SignatureBlock>, StationError> {
        let journal = self.open_journal()?;
        Ok(ledger.signatures(request, &|offset| entry_at(&journal, offset))?)
    }

    /// What the journal adds up to, without opening it for writing.
    ///
    /// # Errors
    /// [`StationError`] where it does not hold together.
    pub fn ledger(&self) -> Result<Ledger, StationError> {
        let mut ledger = Ledger::new(Scratch::beside(&self.folder)?);
        let mut chain = Chain::new(BufReader::new(self.open_journal()?));
        while let Some(entry) = chain.next() {
            ledger.add(&entry?, chain.start())?;
        }
        Ok(ledger)
    }
}
