//! Files that travel together as one message.
//!
//! Layout (docs/exchange-format.md): the number of files, two bytes; then for each the length of
//! its name, one byte, the name, the length of its content, four bytes, the content. Numbers are
//! big-endian. Deflated (RFC 1951) for the journey.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::digest::Sha256;
use crate::safe::{self, clip};

/// Most bytes of a file's name, in UTF-8.
pub const MAX_NAME: usize = 120;

/// Most bytes of a parcel, as it is before it is deflated.
pub const MAX_PARCEL: usize = 16 * 1024 * 1024;

/// Files with plain names, one at least, that travel as one message.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    files: Vec<(String, Vec<u8>)>,
}

/// Why files, or bytes, are no parcel.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// No file at all.
    #[error("no file in the parcel")]
    Empty,
    /// More files than two bytes can count.
    #[error("{0} files are more than {most} in one parcel", most = u16::MAX)]
    TooManyFiles(usize),
    /// A name that is no plain file name.
    #[error("{0:?} is not a plain file name of at most {MAX_NAME} bytes")]
    Name(String),
    /// Two files of one name.
    #[error("two files in the parcel are called {0:?}")]
    Twice(String),
    /// More bytes than the limit.
    #[error("the files are more than {limit} bytes together")]
    TooLarge {
        /// The most, names and lengths included.
        limit: usize,
    },
    /// Does not inflate.
    #[error("the parcel's compression is damaged: {0}")]
    Deflate(String),
    /// Bytes after the end of the compressed data, or of the last file.
    #[error("{0} bytes too many at the parcel's end")]
    Trailing(usize),
    /// Ends too early.
    #[error("the parcel ends in the middle of a file")]
    Short,
}

impl Parcel {
    /// A parcel of these files, in this order.
    pub fn new(files: Vec<(String, Vec<u8>)>) -> Result<Self, ParcelError> {
        if files.is_empty() {
            return Err(ParcelError::Empty);
        }
        if files.len() > usize::from(u16::MAX) {
            return Err(ParcelError::TooManyFiles(files.len()));
        }
        let mut names = HashSet::new();
        for (name, _) in &files {
            if !is_plain(name) {
                return Err(ParcelError::Name(clip(name)));
            }
            if !names.insert(name.as_str()) {
                return Err(ParcelError::Twice(name.clone()));
            }
        }
        let parcel = Self { files };
        if parcel.size() > MAX_PARCEL {
            return Err(ParcelError::TooLarge { limit: MAX_PARCEL });
        }
        Ok(parcel)
    }

    /// The files: name and content.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// The files, given away.
    pub fn into_files(self) -> Vec<(String, Vec<u8>)> {
        self.files
    }

    /// The SHA-256 of the parcel before it is deflated: what people compare.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.serialise())
    }

    /// The parcel, deflated.
    pub fn pack(&self) -> Vec<u8> {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(&self.serialise()).expect("memory takes everything");
        deflate.finish().expect("memory takes everything")
    }

    /// Reads what [`Self::pack`] made; inflated, it is `limit` bytes at most.
    pub fn unpack(untrusted: &[u8], limit: usize) -> Result<Self, ParcelError> {
        let mut inflate = DeflateDecoder::new(untrusted);
        let mut bytes = Vec::new();
        let most = limit.min(MAX_PARCEL);
        let read = (&mut inflate).take(most as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|e| ParcelError::Deflate(safe::chain(&e)))?;
        if bytes.len() > most {
            return Err(ParcelError::TooLarge { limit: most });
        }
        match inflate.into_inner().len() {
            0 => Self::parse(&bytes),
            trailing => Err(ParcelError::Trailing(trailing)),
        }
    }

    /// The size before it is deflated, in bytes.
    fn size(&self) -> usize {
        2 + self.files.iter().map(|(n, content)| 5 + n.len() + content.len()).sum::<usize>()
    }

    pub(super) fn serialise(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size());
        let count = u16::try_from(self.files.len()).expect("counted in `new`");
        bytes.extend(count.to_be_bytes());
        for (name, content) in &self.files {
            bytes.push(u8::try_from(name.len()).expect("at most MAX_NAME"));
            bytes.extend(name.as_bytes());
            let length = u32::try_from(content.len()).expect("at most MAX_PARCEL");
            bytes.extend(length.to_be_bytes());
            bytes.extend(content);
        }
        bytes
    }

    fn parse(mut untrusted: &[u8]) -> Result<Self, ParcelError> {
        let rest = &mut untrusted;
        let count = u16::from_be_bytes(array(rest)?);
        let mut files = Vec::new();
        for _ in 0..count {
            let [length] = array(rest)?;
            let name = take(rest, usize::from(length))?;
            let name = str::from_utf8(name)
                .map_err(|_| ParcelError::Name(clip(&String::from_utf8_lossy(name))))?;
            let length = u32::from_be_bytes(array(rest)?);
            files.push((name.to_owned(), take(rest, length as usize)?.to_vec()));
        }
        match rest.len() {
            0 => Self::new(files),
            trailing => Err(ParcelError::Trailing(trailing)),
        }
    }
}

/// Names and sizes only: contents may be long.
impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.files.iter().map(|(name, bytes)| (name, bytes.len()))).finish()
    }
}

/// Whether a name can only be a file in the folder where it is written, and is seen there.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('.')
        && !name.contains(['/', '\\'])
        && !name.chars().any(safe::is_unsafe)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], ParcelError> {
    rest.split_off(..length).ok_or(ParcelError::Short)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], ParcelError> {
    let (bytes, after) = rest.split_first_chunk().ok_or(ParcelError::Short)?;
    *rest = after;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
        deflate.write_all(bytes).expect("memory");
        deflate.finish().expect("memory")
    }

    fn file(name: &str) -> (String, Vec<u8>) {
        (name.to_owned(), b"content".to_vec())
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let parcel = Parcel::new(vec![file("a.txt"), ("b".to_owned(), vec![])]).expect("a parcel");
        assert_eq!(parcel.serialise(), b"\0\x02\x05a.txt\0\0\0\x07content\x01b\0\0\0\0");
        assert_eq!(Parcel::unpack(&parcel.pack(), 100), Ok(parcel));
    }

    #[test]
    fn only_plain_names_are_taken() {
        let long = "x".repeat(MAX_NAME + 1);
        for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "a\0", "a\u{202e}b", &long] {
            let made = Parcel::new(vec![file("good"), file(name)]);
            assert_eq!(made, Err(ParcelError::Name(name.to_owned())), "{name:?}");
        }
        assert!(Parcel::new(vec![file(&long[1..]), file("grüße.json")]).is_ok());
    }

    #[test]
    fn none_too_many_and_two_of_one_name_are_refused() {
        assert_eq!(Parcel::new(vec![]), Err(ParcelError::Empty));
        assert_eq!(Parcel::new(vec![file("a"), file("a")]), Err(ParcelError::Twice("a".into())));
        let many = (0..=u16::MAX).map(|n| (n.to_string(), vec![])).collect::<Vec<_>>();
        assert_eq!(Parcel::new(many), Err(ParcelError::TooManyFiles(65536)));
        let large = vec![("a".to_owned(), vec![0; MAX_PARCEL])];
        assert_eq!(Parcel::new(large), Err(ParcelError::TooLarge { limit: MAX_PARCEL }));
    }

    #[test]
    fn bytes_that_are_no_parcel_are_refused() {
        let unpack = |bytes: &[u8]| Parcel::unpack(&deflate(bytes), 1000).expect_err("refused");
        assert_eq!(unpack(b""), ParcelError::Short);
        assert_eq!(unpack(b"\0\0"), ParcelError::Empty);
        assert_eq!(unpack(b"\0\x01\x01a\0\0\0\x02b"), ParcelError::Short);
        assert_eq!(unpack(b"\0\x01\x01a\xff\xff\xff\xffb"), ParcelError::Short);
        assert_eq!(unpack(b"\0\x01\x01a\0\0\0\x01bc"), ParcelError::Trailing(1));
        assert_eq!(unpack(b"\0\x01\x01\xff\0\0\0\0"), ParcelError::Name("\u{fffd}".to_owned()));
        assert_eq!(unpack(b"\0\x01\x02..\0\0\0\0"), ParcelError::Name("..".to_owned()));
        assert!(matches!(Parcel::unpack(b"\xff\xff", 1000), Err(ParcelError::Deflate(_))));
        let mut longer = Parcel::new(vec![file("a")]).expect("a parcel").pack();
        longer.push(0);
        assert_eq!(Parcel::unpack(&longer, 1000), Err(ParcelError::Trailing(1)));
        let cut = &longer[..longer.len() - 4];
        assert!(matches!(Parcel::unpack(cut, 1000), Err(ParcelError::Deflate(_))));
    }

    #[test]
    fn a_bomb_is_given_up_at_the_limit() {
        let bomb = deflate(&vec![0; 8 * MAX_PARCEL]);
        assert!(bomb.len() < MAX_PARCEL / 100);
        assert_eq!(Parcel::unpack(&bomb, 1000), Err(ParcelError::TooLarge { limit: 1000 }));
        let most = Parcel::unpack(&bomb, usize::MAX);
        assert_eq!(most, Err(ParcelError::TooLarge { limit: MAX_PARCEL }));
    }

    proptest! {
        #[test]
        fn every_parcel_survives_the_journey(
            files in prop::collection::btree_map("[a-zA-Z0-9_ä][a-z.ß -]{0,20}",
                prop::collection::vec(any::<u8>(), 0..300), 1..6)
        ) {
            let parcel = Parcel::new(files.into_iter().collect()).expect("a parcel");
            let again = Parcel::unpack(&parcel.pack(), parcel.size()).expect("the same");
            prop_assert_eq!(&again, &parcel);
            prop_assert_eq!(again.digest(), parcel.digest());
            let less = parcel.size() - 1;
            prop_assert_eq!(
                Parcel::unpack(&parcel.pack(), less),
                Err(ParcelError::TooLarge { limit: less })
            );
        }

        #[test]
        fn any_bytes_are_a_parcel_of_one_spelling_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let _ = Parcel::unpack(&bytes, 1000);
            if let Ok(parcel) = Parcel::parse(&bytes) {
                prop_assert_eq!(parcel.serialise(), bytes);
            }
        }
    }
}
