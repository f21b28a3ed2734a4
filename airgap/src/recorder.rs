//! The journal's writing end: append, sync, and only then go on.

mod entry;
mod error;

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::FlockOperation;

use countersign::digest::Sha256;
use countersign::exchange::{self};
use countersign::fingerprint::Fingerprint;
use countersign::journal::{Chain, End, Entry, Event, Ledger, MAX_LINE, Record, signed_records};
use countersign::operation::Object;
use countersign::policy::{Decision, History};
use countersign::request::RequestId;
use countersign::response::SignatureBlock;
use countersign::scratch::{Scratch, ScratchError};
use countersign::sealed::SealedMessage;
use countersign::time::Timestamp;

use crate::consent::{Consent, ConsentParts};
pub(crate) use entry::entry_at;
pub use error::RecorderError;

/// The journal, open for writing by this process alone.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    requests: PathBuf,
    file: File,
    ledger: Ledger,
    head: Sha256,
    length: u64,
    clock: Clock,
    poisoned: bool,
}

/// The confirmed date and the time that has gone by since.
#[derive(Debug)]
struct Clock {
    confirmed: Timestamp,
    since: Instant,
}

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To go on writing it: what the power cut off is set aside first.
    Write,
    /// To go by it without changing anything.
    Look,
}

/// What was consented to.
#[derive(Debug)]
pub struct Consented {
    /// The master that was asked.
    pub master: Fingerprint,
    /// SHA-256 of each statement's digest, in order.
    pub statements: Vec<Sha256>,
}

/// Whether to wait for the disk.
#[derive(Clone, Copy)]
enum Sync {
    Now,
    Later,
}

/// A request whose consent is on disk: the card may be touched. Only a [`Recorder`] makes
/// one, from the entry that it wrote. It names the request's copy at the station and holds none of it, so that a batch of any
/// length fits in memory.
#[derive(Debug)]
pub struct Recorded {
    request: RequestId,
    open: u32,
}

impl Recorded {
    /// The request.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The request, for the one who makes its signatures.
    pub fn into_request(self) -> RequestId {
        self.request
    }

    /// How many signatures it still takes: some may have been made before the power went.
    pub fn open_signatures(&self) -> usize {
        self.open as usize
    }
}

impl Recorder {
    /// Opens the journal, checks its chain, and goes by `now` from here on. What the power cut
    /// off in the middle of a line is moved to a file beside it. Returns whether that happened.
    ///
    /// # Errors
    /// [`RecorderError`] where it is in use, broken, or ends after `now`.
    pub fn open(
        path: &Path,
        requests: &Path,
        now: Timestamp,
        access: Access,
    ) -> Result<(Self, bool), RecorderError> {
        let error = |action| {
            let path = path.to_owned();
            move |source| RecorderError::Io { path, action, source }
        };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(error("opened"))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| RecorderError::InUse(path.to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut ledger = Ledger::new(Scratch::beside(folder)?);
        let mut chain = Chain::new(BufReader::new(&file));
        while let Some(entry) = chain.next() {
            let wrong = |source| RecorderError::Journal { path: path.to_owned(), source };
            ledger.add(&entry.map_err(wrong)?, chain.start())?;
        }
        let (head, end) = (chain.head(), chain.end());
        drop(chain);
        if let Some(last) = ledger.last().filter(|last| *last > now) {
            return Err(RecorderError::Clock { actual: now, last });
        }
        let torn = match end {
            End::Whole => false,
            End::Torn { .. } if access == Access::Look => true,
            End::Torn { at } => {
                let whole = std::fs::read(path).map_err(error("read"))?;
                let rest = whole.get(usize::try_from(at).unwrap_or(0)..).unwrap_or_default();
                exchange::write_path(&path.with_extension(format!("torn-{at}")), rest)?;
                file.set_len(at).map_err(error("cut"))?;
                file.sync_all().map_err(error("synced"))?;
                true
            }
        };
        let length = file.metadata().map_err(error("examined"))?.len();
        let clock = Clock { confirmed: now, since: Instant::now() };
        let (path, requests) = (path.to_owned(), requests.to_owned());
        Ok((
            Self {
                path,
                requests,
                file,
                ledger,
                head,
                length,
                clock,
                poisoned: access == Access::Look,
            },
            torn,
        ))
    }

    /// What the journal adds up to so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What was decided on a request and on the object that it is about.
    ///
    /// # Errors
    /// [`RecorderError`] where the index cannot be read.
    pub fn history(
        &self,
        request: RequestId,
        object: Option<&Object>,
    ) -> Result<History, RecorderError> {
        Ok(self.ledger.history(request, object, &|offset| entry_at(&self.file, offset))?)
    }

    /// Hands every decision on a key to `each`.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn on_keys(
        &self,
        each: &mut dyn FnMut(Fingerprint, &Decision),
    ) -> Result<(), ScratchError> {
        self.ledger.on_keys(&|offset| entry_at(&self.file, offset), each)
    }

    /// The signatures made so far of a request, in order.
    ///
    /// # Errors
    /// [`RecorderError`] where the index cannot be read.
    pub fn signatures(&self, request: RequestId) -> Result<Vec<SignatureBlock>, RecorderError> {
        Ok(self.ledger.signatures(request, &|offset| entry_at(&self.file, offset))?)
    }

    /// The sealed signature of a request, and SHA-256 of what it holds.
    ///
    /// # Errors
    /// [`RecorderError`] where the index cannot be read.
    pub fn sealed(
        &self,
        request: RequestId,
    ) -> Result<Option<(Sha256, SealedMessage)>, RecorderError> {
        Ok(self.ledger.sealed(request, &|offset| entry_at(&self.file, offset))?)
    }

    /// Makes the records once more that the last session to sign any had signed, and hands each to
    /// `each` with its signature.
    ///
    /// # Errors
    /// [`RecorderError`] where the journal cannot be read.
    pub fn records_again(
        &self,
        each: &mut dyn FnMut(Record, &SignatureBlock),
    ) -> Result<(), RecorderError> {
        let Some(began) = self.ledger.recorded() else { return Ok(()) };
        let path = || self.path.clone();
        let journal = File::open(&self.path).map_err(|source| RecorderError::Io {
            path: path(),
            action: "opened",
            source,
        })?;
        signed_records(BufReader::new(journal), began, each)
            .map_err(|source| RecorderError::Journal { path: path(), source })
    }

    /// What was consented to.
    ///
    /// # Errors
    /// [`RecorderError`] where the index cannot be read.
    pub fn consented(&self, request: RequestId) -> Result<Option<Consented>, RecorderError> {
        let offset = self.ledger.consent_offset(request)?;
        Ok(match offset.and_then(|offset| entry_at(&self.file, offset)).map(|e| e.event) {
            Some(Event::Consented { master, statements, .. }) => {
                Some(Consented { master, statements })
            }
            _ => None,
        })
    }

    /// The digest of the last entry.
    pub fn head(&self) -> Sha256 {
        self.head
    }

    /// The confirmed date, advanced by the time that has gone by.
    pub fn now(&self) -> Timestamp {
        let gone = u32::try_from(self.clock.since.elapsed().as_secs()).unwrap_or(u32::MAX);
        self.clock.confirmed.after(gone)
    }

    /// Appends one entry and waits until it is on disk.
    ///
    /// # Errors
    /// [`RecorderError`] where it could not be written; then nothing more will be.
    pub fn append(&mut self, event: Event) -> Result<(), RecorderError> {
        self.write(event, Sync::Now)
    }

    fn write(&mut self, event: Event, sync: Sync) -> Result<(), RecorderError> {
        if self.poisoned {
            return Err(RecorderError::Poisoned);
        }
        let at = self.ledger.last().map_or(self.now(), |last| self.now().max(last));
        let entry = Entry { sequence: self.ledger.entries(), previous: self.head, at, event };
        let mut line = serde_json::to_vec(&entry).expect("an entry has only string keys");
        let head = Sha256::of(&line);
        line.push(b'\n');
        if line.len() as u64 > MAX_LINE {
            return Err(RecorderError::TooLong);
        }
        self.poisoned = true;
        let written = self.file.write_all(&line).and_then(|()| match sync {
            Sync::Now => self.file.sync_data(),
            Sync::Later => Ok(()),
        });
        written.map_err(|source| RecorderError::Io {
            path: self.path.clone(),
            action: "written",
            source,
        })?;
        self.head = head;
        self.ledger.add(&entry, self.length)?;
        self.length += line.len() as u64;
        self.poisoned = false;
        Ok(())
    }

    /// Keeps the request's text at the station and writes the consent down: after this, and only
    /// after this, the card may be touched.
    ///
    /// # Errors
    /// [`RecorderError`] where either is not on disk.
    pub fn record(&mut self, consent: Consent) -> Result<Recorded, RecorderError> {
        let ConsentParts { review, how, witness } = consent.into_parts();
        let request = review.request();
        let id = request.id();
        exchange::write_many(&self.kept(id), request.text().as_bytes())?;
        let statements: Vec<Sha256> =
            review.statements().iter().map(|s| Sha256::of(s.digest())).collect();
        self.append(Event::Consented {
            request: id,
            master: request.master(),
            operation: request.operation().name(),
            object: request.operation().object().ok_or(RecorderError::NoObject)?,
            user_ids: request.operation().user_ids().to_vec(),
            version: request.operation().version().map(Cow::into_owned),
            created: request.created(),
            expires: request.operation().expires(),
            statements,
            consent: how,
            approvers: review.signers().approvers.iter().map(|p| p.fingerprint).collect(),
            witness,
        })?;
        self.recorded(id)?.ok_or(RecorderError::Poisoned)
    }

    /// A request whose consent the journal has, and which is not signed to its end.
    ///
    /// # Errors
    /// [`RecorderError`] where the index cannot be read.
    pub fn recorded(&self, request: RequestId) -> Result<Option<Recorded>, RecorderError> {
        let pending = self.ledger.pending(request)?;
        Ok(pending.map(|p| Recorded { request, open: p.statements - p.signed }))
    }

    /// Waits until every request that was recorded is on disk under its name. To be called once
    /// after the last [`Recorder::record`] and before the card is touched.
    ///
    /// # Errors
    /// [`RecorderError`] where the disk fails.
    pub fn settle(&self) -> Result<(), RecorderError> {
        Ok(exchange::sync_folder(&self.requests)?)
    }

    /// Appends an entry that may be lost with the power without harm: the next one that is synced
    /// takes it along.
    ///
    /// # Errors
    /// [`RecorderError`] where it could not be written; then nothing more will be.
    pub fn append_lazily(&mut self, event: Event) -> Result<(), RecorderError> {
        self.write(event, Sync::Later)
    }

    /// Where the station keeps the text of a request that was consented to.
    pub fn kept(&self, request: RequestId) -> PathBuf {
        self.requests.join(format!("{request}.request.asc"))
    }
}
