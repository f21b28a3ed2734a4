//! What a session has to do: on disk, because a batch may be long.

use std::ffi::{OsStr, OsString};
use std::ops::Bound::{Excluded, Unbounded};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use redb::{ReadableTable as _, ReadableTableMetadata as _, TableDefinition};

use countersign::digest::Sha256;
use countersign::request::RequestId;
use countersign::scratch::{Scratch, ScratchError};

/// The messages that the courier brought, by name.
const FILES: TableDefinition<'_, &[u8], ()> = TableDefinition::new("files");
/// Requests that were taken in.
const SEEN: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("seen");
/// The batch's folder that a request lay in.
const PLACES: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("places");
/// Requests that were signed in earlier sessions and are to be answered.
const ANSWER_AGAIN: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("answer-again");
/// Requests to be signed, in the order of their consent.
const TO_SIGN: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("to-sign");
/// Requests whose answers wait to be read by the other side, and the answers' digests.
const HELD: TableDefinition<'_, [u8; 32], [u8; 32]> = TableDefinition::new("held");

/// What a session has to do.
#[derive(Debug)]
pub(super) struct Agenda {
    tables: Scratch,
}

impl Agenda {
    /// An empty one, on the disk of `folder`.
    pub(super) fn beside(folder: &Path) -> Result<Self, ScratchError> {
        Ok(Self { tables: Scratch::beside(folder)? })
    }

    /// Adds a message that the courier brought.
    pub(super) fn add_file(&self, name: &[u8]) -> Result<(), ScratchError> {
        self.tables.table(FILES)?.insert(name, ())?;
        Ok(())
    }

    /// The first file after `name`, by name; the very first where none is given.
    pub(super) fn file_after(&self, name: Option<&[u8]>) -> Result<Option<OsString>, ScratchError> {
        let from = name.map_or(Unbounded, Excluded);
        let files = self.tables.table(FILES)?;
        let next = files.range::<&[u8]>((from, Unbounded))?.next().transpose()?;
        Ok(next.map(|(name, _)| OsString::from_vec(name.value().to_vec())))
    }

    /// Whether `request` was taken in before.
    pub(super) fn was_seen(&self, request: RequestId) -> Result<bool, ScratchError> {
        Ok(self.tables.table(SEEN)?.get(request.0.as_bytes())?.is_some())
    }

    /// Takes `request` in.
    pub(super) fn see(&self, request: RequestId) -> Result<(), ScratchError> {
        self.tables.table(SEEN)?.insert(request.0.as_bytes(), ())?;
        Ok(())
    }

    /// Notes the folder in which `request` lay, by the name that it came under.
    pub(super) fn lay_in(&self, request: RequestId, name: &OsStr) -> Result<(), ScratchError> {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        if folder != Path::new("") {
            let bytes = folder.as_os_str().as_encoded_bytes();
            self.tables.table(PLACES)?.insert(request.0.as_bytes(), bytes)?;
        }
        Ok(())
    }

    /// The folder in which `request` lay; empty where that was no batch's.
    pub(super) fn place(&self, request: RequestId) -> Result<PathBuf, ScratchError> {
        let places = self.tables.table(PLACES)?;
        let place = places.get(request.0.as_bytes())?;
        Ok(place.map(|p| OsString::from_vec(p.value().to_vec()).into()).unwrap_or_default())
    }

    /// Wants `request` answered from the journal.
    pub(super) fn answer_again(&self, request: RequestId) -> Result<(), ScratchError> {
        self.tables.table(ANSWER_AGAIN)?.insert(request.0.as_bytes(), ())?;
        Ok(())
    }

    /// Takes one request that wants to be answered from the journal.
    pub(super) fn take_answer(&self) -> Result<Option<RequestId>, ScratchError> {
        let first = self.tables.table(ANSWER_AGAIN)?.pop_first()?.map(|(id, _)| id.value());
        Ok(first.map(|id| RequestId(Sha256::from(id))))
    }

    /// Notes that the answer to `request` waits to be read.
    pub(super) fn hold(&self, request: RequestId, answer: Sha256) -> Result<(), ScratchError> {
        self.tables.table(HELD)?.insert(request.0.as_bytes(), answer.as_bytes())?;
        Ok(())
    }

    /// How many answers wait to be read.
    pub(super) fn held(&self) -> Result<usize, ScratchError> {
        Ok(usize::try_from(self.tables.table(HELD)?.len()?).unwrap_or(usize::MAX))
    }

    /// Takes a request whose answer was read, with the answer's digest.
    pub(super) fn take_held(&self) -> Result<Option<(RequestId, Sha256)>, ScratchError> {
        let first = self.tables.table(HELD)?.pop_first()?.map(|(id, a)| (id.value(), a.value()));
        Ok(first.map(|(id, answer)| (RequestId(id.into()), answer.into())))
    }

    /// Wants `request` signed, after those that were added before.
    pub(super) fn sign(&self, request: RequestId) -> Result<(), ScratchError> {
        let mut queue = self.tables.table(TO_SIGN)?;
        let last = queue.last()?.map_or(0, |(place, _)| place.value());
        queue.insert(last + 1, request.0.as_bytes())?;
        Ok(())
    }

    /// How many requests want to be signed.
    pub(super) fn to_sign(&self) -> Result<usize, ScratchError> {
        Ok(usize::try_from(self.tables.table(TO_SIGN)?.len()?).unwrap_or(usize::MAX))
    }

    /// Hands every request that wants to be signed to `each`.
    pub(super) fn each_to_sign(&self, mut each: impl FnMut(RequestId)) -> Result<(), ScratchError> {
        for entry in self.tables.table(TO_SIGN)?.iter()? {
            each(RequestId(Sha256::from(entry?.1.value())));
        }
        Ok(())
    }

    /// Takes the next request that wants to be signed.
    pub(super) fn take_to_sign(&self) -> Result<Option<RequestId>, ScratchError> {
        let first = self.tables.table(TO_SIGN)?.pop_first()?.map(|(_, id)| id.value());
        Ok(first.map(|id| RequestId(Sha256::from(id))))
    }
}
