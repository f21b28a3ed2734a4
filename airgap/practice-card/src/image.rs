//! A flash image in a file.
//!
//! Every write goes to the operating system at once, in the order littlefs asks for. littlefs never changes data
//! in place, so the image is consistent wherever a process ends.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use littlefs2::{
    consts::{U8, U512},
    driver::Storage,
    fs::Filesystem,
    io,
};
use trussed::virt::StorageConfig;

use crate::Error;

const BLOCK_SIZE: usize = 512;
const BLOCK_COUNT: usize = 256;
const LENGTH: usize = BLOCK_COUNT * BLOCK_SIZE;

/// What flash memory reads after an erase.
const ERASED: [u8; BLOCK_SIZE] = [0xff; BLOCK_SIZE];

pub(crate) struct Image {
    file: File,
}

impl Image {
    /// Opens the image at `path`, which another program must not be able to read; makes it when it is absent.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File { path: path.into(), source };
        if !fs::exists(path).map_err(failed)? {
            create(path)?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let actual = file.metadata().map_err(failed)?.len();
        if actual != LENGTH as u64 {
            return Err(Error::Length { path: path.into(), actual, expected: LENGTH as u64 });
        }
        Ok(Self { file })
    }

    pub(crate) fn into_storage(self) -> StorageConfig<'static> {
        StorageConfig { storage: Box::new(self), format: false }
    }
}

/// Formats under another name first: an image that carries its name is never half made.
fn create(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.into(), source };
    let unfinished = path.with_extension("new");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(failed)?;
    file.write_all_at(&ERASED.repeat(BLOCK_COUNT), 0).map_err(failed)?;
    let mut image = Image { file };
    Filesystem::format(&mut image).map_err(|error| Error::Flash(error.code()))?;
    image.file.sync_all().map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)
}

impl Storage for Image {
    const READ_SIZE: usize = 16;
    const WRITE_SIZE: usize = 16;
    const BLOCK_SIZE: usize = BLOCK_SIZE;
    const BLOCK_COUNT: usize = BLOCK_COUNT;
    type CACHE_SIZE = U512;
    type LOOKAHEAD_SIZE = U8;

    fn read(&mut self, offset: usize, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_exact_at(buffer, offset as u64).map_err(|_| io::Error::IO)?;
        Ok(buffer.len())
    }

    fn write(&mut self, offset: usize, data: &[u8]) -> io::Result<usize> {
        self.file.write_all_at(data, offset as u64).map_err(|_| io::Error::IO)?;
        Ok(data.len())
    }

    fn erase(&mut self, offset: usize, length: usize) -> io::Result<usize> {
        for block in (offset..offset + length).step_by(BLOCK_SIZE) {
            self.file.write_all_at(&ERASED, block as u64).map_err(|_| io::Error::IO)?;
        }
        Ok(length)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Whoever turns the machine off after a rehearsal finds it complete. There is nobody to tell of a failure.
        let _ = self.file.sync_all();
    }
}
