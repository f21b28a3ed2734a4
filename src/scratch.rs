//! Tables that need not fit in memory and that nobody needs afterwards: an index of a long
//! journal, the names of a large batch.
//!
//! They live in a file without a name beside what they are about, so that nothing is left behind
//! however the program ends, and they are never read again.

use std::path::Path;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{
    Builder, Database, DatabaseError, Durability, Key, SetDurabilityError, StorageBackend,
    StorageError, Table, TableDefinition, TableError, TransactionError, Value, WriteTransaction,
};

/// Bytes of tables that are held in memory, whatever their length.
const CACHE: usize = 512 << 10;

/// A set of tables that lives as long as this value.
pub struct Scratch {
    // Never committed: the file has no name and no reader.
    transaction: WriteTransaction,
    _database: Database,
}

/// Why the tables cannot be used: the disk is full or failed.
#[derive(Debug, thiserror::Error)]
#[error("working space on the disk cannot be used")]
pub struct ScratchError(#[source] redb::Error);

impl Scratch {
    /// Tables on the disk of `folder`, or in the folder for temporary files where `folder` is not
    /// writable.
    ///
    /// # Errors
    /// [`ScratchError`] where neither is writable.
    pub fn beside(folder: &Path) -> Result<Self, ScratchError> {
        let file = tempfile::tempfile_in(folder).or_else(|_| tempfile::tempfile());
        let file = file.map_err(|error| ScratchError(error.into()))?;
        Self::new(FileBackend::new(file)?)
    }

    /// Tables in memory, for what is short.
    ///
    /// # Errors
    /// [`ScratchError`] where there is no memory.
    pub fn in_memory() -> Result<Self, ScratchError> {
        Self::new(InMemoryBackend::new())
    }

    fn new(backend: impl StorageBackend) -> Result<Self, ScratchError> {
        let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend)?;
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::None)?;
        Ok(Self { transaction, _database: database })
    }

    /// One of the tables, empty at first. It must be given back (dropped) before it is asked for
    /// again.
    ///
    /// # Errors
    /// [`ScratchError`] where the disk fails.
    pub fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Table<'_, K, V>, ScratchError> {
        Ok(self.transaction.open_table(definition)?)
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

macro_rules! from {
    ($($error:ty),+) => {
        $(impl From<$error> for ScratchError {
            fn from(error: $error) -> Self {
                Self(error.into())
            }
        })+
    };
}

from!(DatabaseError, SetDurabilityError, StorageError, TableError, TransactionError);
