//! A package's tar, header by header.
//!
//! The crate reads the blocks; what extension headers mean is decided here, because readers of tar
//! that disagree about them can be shown two different archives in one file.

use std::io::{self, Read};

use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::member::{BadMember, MAX_PATH, Paths, What};
use super::{ArchiveError, Exceeded, Executable, Kind, Limits, Member};
use crate::module::RawName;
use crate::module::counted::Counted;

/// Longest extension header, in bytes.
const MAX_EXTENSION: u64 = 64 << 10;
/// Most headers in front of the members of an archive, for each member: path and global ones.
const MAX_EXTENSIONS: u64 = 3;

/// Hands each member to `visit`; the name of the one folder, and how many files there were.
pub(super) fn walk(
    reader: &mut dyn Read,
    raw_name: Option<&RawName>,
    limits: &Limits,
    visit: impl FnMut(&mut Member<'_>) -> io::Result<()>,
) -> Result<(RawName, u64), ArchiveError> {
    let mut walk = Walk { paths: Paths::new(raw_name), path: None, files: 0, visit };
    let mut archive = Archive::new(reader);
    let (mut members, mut extensions) = (0, 0);
    for entry in archive.entries().map_err(ArchiveError::Damaged)?.raw(true) {
        let mut entry = entry.map_err(ArchiveError::Damaged)?;
        if entry.size() > limits.bytes {
            return Err(Exceeded::Bytes { limit: limits.bytes }.into());
        }
        if walk.take_extension(&mut entry)? {
            extensions += 1;
        } else {
            members += 1;
            walk.member(&mut entry)?;
        }
        let members = u64::max(members, walk.paths.count() as u64);
        if members > limits.members || extensions / MAX_EXTENSIONS > limits.members {
            return Err(Exceeded::Members { limit: limits.members }.into());
        }
    }
    if let Some(path) = walk.path {
        let reason = BadMember::Extension("nothing follows it");
        return Err(ArchiveError::member(&path, reason));
    }
    let files = walk.files;
    Ok((walk.paths.into_top().ok_or(ArchiveError::Empty)?, files))
}

struct Walk<'a, V> {
    paths: Paths<'a>,
    /// The path that an extension header gave to the next member.
    path: Option<Vec<u8>>,
    files: u64,
    visit: V,
}

impl<V: FnMut(&mut Member<'_>) -> io::Result<()>> Walk<'_, V> {
    /// Whether it was an extension header.
    fn take_extension(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<bool, ArchiveError> {
        let path = match entry.header().entry_type() {
            EntryType::GNULongName => Some(long_name(&extension(entry)?)?),
            EntryType::XHeader => pax(&extension(entry)?, Scope::Next)?,
            EntryType::XGlobalHeader => pax(&extension(entry)?, Scope::All)?,
            _ => return Ok(false),
        };
        match path {
            Some(path) if self.path.is_some() => {
                let reason = BadMember::Extension("it is the second for one member");
                Err(ArchiveError::member(&path, reason))
            }
            Some(path) => {
                self.path = Some(path);
                Ok(true)
            }
            None => Ok(true),
        }
    }

    fn member(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), ArchiveError> {
        let path = self.path.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let what = what(entry.header().entry_type())
            .map_err(|reason| ArchiveError::member(&path, reason))?;
        let inner = self.paths.judge(&path, what)?;
        match what {
            What::Folder if entry.size() > 0 => {
                Err(ArchiveError::member(&path, BadMember::Content))
            }
            What::Folder => self.hand_over(&inner, Kind::Folder),
            What::File => {
                self.files += 1;
                self.file(&inner, entry)
            }
        }
    }

    fn file(&mut self, path: &str, entry: &mut Entry<'_, impl Read>) -> Result<(), ArchiveError> {
        let mode = entry.header().mode().map_err(ArchiveError::Damaged)?;
        let executable = if mode & 0o100 == 0 { Executable::No } else { Executable::Yes };
        let mut content = Counted::new(entry);
        let visited = self.hand_over(path, Kind::File { executable, content: &mut content });
        // Reading that failed is not the visitor's failure.
        if let Some(error) = content.failed.take() {
            return Err(ArchiveError::Damaged(error));
        }
        visited?;
        io::copy(&mut content, &mut io::sink()).map_err(ArchiveError::Damaged)?;
        if content.bytes < content.inner.size() {
            return Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }

    fn hand_over<'m>(&mut self, path: &'m str, kind: Kind<'m>) -> Result<(), ArchiveError> {
        (self.visit)(&mut Member { path, kind })
            .map_err(|source| ArchiveError::Visit { path: path.to_owned(), source })
    }
}

/// What a member is, by tar's type flag (POSIX.1-2017, pax, "ustar Interchange Format").
fn what(kind: EntryType) -> Result<What, BadMember> {
    match kind {
        EntryType::Regular => Ok(What::File),
        EntryType::Directory => Ok(What::Folder),
        EntryType::Link | EntryType::Symlink | EntryType::GNULongLink => Err(BadMember::Link),
        EntryType::Char | EntryType::Block | EntryType::Fifo => Err(BadMember::Special),
        other => Err(BadMember::Type(other.as_byte().into())),
    }
}

fn extension(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.size();
    if size > MAX_EXTENSION {
        return Err(ArchiveError::member(b"", BadMember::Extension("it is too long")));
    }
    let mut bytes = Vec::new();
    entry.take(MAX_EXTENSION).read_to_end(&mut bytes).map_err(ArchiveError::Damaged)?;
    if (bytes.len() as u64) < size {
        return Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

/// GNU's long name ends with a NUL.
fn long_name(content: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let name = content.strip_suffix(b"\0").unwrap_or(content);
    if name.len() > MAX_PATH {
        return Err(ArchiveError::member(name, BadMember::TooLong));
    }
    Ok(name.to_vec())
}

/// What a pax header is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Next,
    All,
}

/// The path that a pax header gives, if it does. A header that changes anything else about what is
/// unpacked (a size, a link, holes, an encoding of names) is refused.
fn pax(content: &[u8], scope: Scope) -> Result<Option<Vec<u8>>, ArchiveError> {
    let bad = |reason| ArchiveError::member(content, BadMember::Extension(reason));
    let mut path = None;
    for extension in PaxExtensions::new(content) {
        let extension = extension.map_err(|_| bad("its lines are not as long as they say"))?;
        match (extension.key_bytes(), scope) {
            (b"path", Scope::Next) if path.is_none() => {
                path = Some(extension.value_bytes().to_vec());
            }
            (b"comment" | b"mtime" | b"atime" | b"ctime", _) => {}
            (b"uid" | b"gid" | b"uname" | b"gname", _) => {}
            (key, _) if key.starts_with(b"SCHILY.") || key.starts_with(b"LIBARCHIVE.") => {}
            _ => return Err(bad("it changes more than a path")),
        }
    }
    Ok(path)
}
