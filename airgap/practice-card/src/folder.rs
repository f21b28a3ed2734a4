//! The folder of a practice card: the lock, the serial number and the flash images.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{Error, image::Image};

#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    // Locked as long as the file is open, and freed by the system however the process ends.
    lock: File,
}

impl Folder {
    /// Creates the folder when it is absent, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| Error::File { path: path.into(), source })?;

        let lock_path = path.join("lock");
        let failed = |source| Error::File { path: lock_path.clone(), source };
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.into(), lock }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { directory: path.into() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn image(&self, name: &str) -> Result<Image, Error> {
        Image::open(&self.path.join(name))
    }

    /// The serial number in the file `serial`; a random one is drawn for a new card, so that two cards differ.
    pub(crate) fn serial(&self) -> Result<[u8; 4], Error> {
        let path = self.path.join("serial");
        match fs::read_to_string(&path) {
            Ok(text) => parse_serial(&text).ok_or(Error::Serial { path }),
            Err(error) if error.kind() == ErrorKind::NotFound => self.draw_serial(&path),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    fn draw_serial(&self, path: &Path) -> Result<[u8; 4], Error> {
        let failed = |source| Error::File { path: path.into(), source };
        let mut serial = [0; 4];
        getrandom::fill(&mut serial).map_err(Error::Randomness)?;
        let unfinished = self.path.join("serial.new");
        let mut file = File::create(&unfinished).map_err(failed)?;
        writeln!(file, "{:08X}", u32::from_be_bytes(serial)).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&unfinished, path).map_err(failed)?;
        Ok(serial)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread is just starting holds the file open, too, until it
        // runs its program. Nothing can be done about a failure, and none is known.
        let _ = self.lock.unlock();
    }
}

fn parse_serial(text: &str) -> Option<[u8; 4]> {
    let digits = text.trim();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok().map(u32::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_is_eight_digits() {
        assert_eq!(parse_serial("0012ABef\n"), Some([0x00, 0x12, 0xab, 0xef]));
        for wrong in ["", "12", "+0012ABE", "0012ABEFF", "0012ABEG"] {
            assert_eq!(parse_serial(wrong), None, "{wrong}");
        }
    }
}
