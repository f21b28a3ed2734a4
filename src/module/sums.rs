//! The sums by which FreePBX's online index knows a package. They protect nothing: MD5 and SHA-1
//! stand in the index for FreePBX, the signature is what counts.

use std::io::{self, Read, Write};

use sequoia_openpgp as openpgp;

use openpgp::crypto::hash::Context;
use openpgp::types::HashAlgorithm;

/// MD5 and SHA-1 of a file, in hex, and its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Its length in bytes.
    pub bytes: u64,
    /// MD5, 32 lower-case hex digits.
    pub md5: String,
    /// SHA-1, 40 lower-case hex digits.
    pub sha1: String,
}

/// Computes the sums of what is read or written through it.
pub(super) struct Summing<T> {
    inner: T,
    bytes: u64,
    md5: Context,
    sha1: Context,
}

impl<T> Summing<T> {
    pub(super) fn new(inner: T) -> openpgp::Result<Self> {
        let md5 = HashAlgorithm::MD5.context()?.for_digest();
        let sha1 = HashAlgorithm::SHA1.context()?.for_digest();
        Ok(Self { inner, bytes: 0, md5, sha1 })
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is behind it, and the sums so far.
    ///
    /// # Errors
    /// An error where the bytes are an attack on SHA-1 by a collision, which sequoia detects.
    pub(super) fn finish(self) -> openpgp::Result<(T, Sums)> {
        let md5 = hex::encode(self.md5.into_digest()?);
        let sha1 = hex::encode(self.sha1.into_digest()?);
        Ok((self.inner, Sums { bytes: self.bytes, md5, sha1 }))
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.md5.update(bytes);
        self.sha1.update(bytes);
    }
}

impl<R: Read> Read for Summing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.add(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.add(bytes.get(..length).unwrap_or_default());
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_rfc_1321_and_fips_180() {
        let mut reading = Summing::new(&b"abc"[..]).expect("algorithms");
        io::copy(&mut reading, &mut io::sink()).expect("read");
        let mut writing = Summing::new(Vec::new()).expect("algorithms");
        writing.write_all(b"abc").expect("written");
        let (_, read) = reading.finish().expect("sums");
        let (written, sums) = writing.finish().expect("sums");
        assert_eq!((read.clone(), written.as_slice()), (sums, &b"abc"[..]));
        assert_eq!(read.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(read.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(read.bytes, 3);
    }
}
