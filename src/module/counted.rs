//! A reader between a file and the tar code, which tells neither how much it read nor whose failure
//! it passes on.

use std::io::{self, Read};

/// Counts what is read, and keeps why reading failed.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) bytes: u64,
    pub(super) failed: Option<io::Error>,
}

impl<R: Read> Counted<R> {
    /// Nothing is read yet.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: 0, failed: None }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(length) => {
                self.bytes += length as u64;
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}
