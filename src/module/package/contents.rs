//! The `.tgz` in a package, the same for the same files and time.
//!
//! Paths sorted by their bytes, each folder in front of its first file; everything owned by 0 and
//! dated alike; modes 0644, or 0755 for folders and programs; a gzip header without name, time or
//! system (RFC 1952 §2.3); one level of compression.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::{Making, PackageError};
use crate::exchange::not_a_file;
use crate::module::RawName;
use crate::module::check::{Severity, of_files};
use crate::module::counted::Counted;
use crate::module::tree::{Place, ReadError, Selection, Tree};
use crate::time::Timestamp;

/// Where more would gain one percent and cost twice the time.
const LEVEL: u32 = 6;
/// "Unknown" (RFC 1952 §2.3.1).
const SYSTEM: u8 = 255;
/// Signed for itself, so that it is in no list.
const SIGNATURE: &str = "module.sig";

/// Writes the `.tgz` of a module's folder.
pub(super) fn write(
    folder: &Path,
    raw_name: &RawName,
    making: &Making<'_>,
    output: &mut dyn Write,
) -> Result<(), PackageError> {
    let tree = Tree::list(folder, Selection::Public)?;
    let errors = of_files(&tree).into_iter().filter(|f| f.concern.severity() == Severity::Error);
    let errors: Vec<_> = errors.collect();
    if !errors.is_empty() {
        return Err(PackageError::Findings(errors));
    }
    let other = Tree::list(folder, making.selection)?;
    let listed = tree.files().iter().chain(other.files()).map(|file| file.path.as_str());
    let paths: BTreeSet<&str> = listed.chain([SIGNATURE]).collect();

    let gzip = GzBuilder::new().mtime(0).operating_system(SYSTEM);
    let gzip = gzip.write(output, Compression::new(LEVEL));
    let mut packing = Packing { tar: Builder::new(gzip), time: making.time };
    packing.folder(raw_name.as_str())?;
    let mut folders = BTreeSet::new();
    for path in paths {
        let Some((file, about)) = open(&tree, path)? else { continue };
        for (end, _) in path.match_indices('/') {
            let parent = path.get(..end).unwrap_or_default();
            if folders.insert(parent) {
                packing.folder(&format!("{raw_name}/{parent}"))?;
            }
        }
        packing.file(&format!("{raw_name}/{path}"), file, &about)?;
    }
    let gzip = packing.tar.into_inner().map_err(PackageError::Write)?;
    let output = gzip.finish().map_err(PackageError::Write)?;
    output.flush().map_err(PackageError::Write)
}

/// A file to be packed; none where it is `module.sig` and there is none.
fn open(tree: &Tree, path: &str) -> Result<Option<(File, Metadata)>, PackageError> {
    let failed = |source| PackageError::File { path: path.to_owned(), source };
    let file = match tree.open(path) {
        Ok((file, Place::Inside)) => File::from(file),
        Ok((_, Place::Outside)) => return Err(failed(ReadError::Outside)),
        Err(ReadError::Missing) if path == SIGNATURE => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(|error| failed(ReadError::Io(error)))?;
    let kind = rustix::fs::FileType::from_raw_mode(about.mode());
    match not_a_file(kind) {
        None => Ok(Some((file, about))),
        Some(actual) => Err(failed(ReadError::NotAFile(actual))),
    }
}

struct Packing<W: Write> {
    tar: Builder<W>,
    time: Timestamp,
}

impl<W: Write> Packing<W> {
    fn folder(&mut self, path: &str) -> Result<(), PackageError> {
        let mut header = self.header(EntryType::Directory, 0o755, 0);
        let path = format!("{path}/");
        self.tar.append_data(&mut header, path, io::empty()).map_err(PackageError::Write)
    }

    fn file(&mut self, path: &str, file: File, about: &Metadata) -> Result<(), PackageError> {
        let changed = || PackageError::File { path: path.to_owned(), source: ReadError::Changed };
        let mode = if about.mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        let mut header = self.header(EntryType::Regular, mode, about.len());
        let mut content = Counted::new(file);
        let written = self.tar.append_data(&mut header, path, (&mut content).take(about.len()));
        if let Some(error) = content.failed.take() {
            let source = ReadError::Io(error);
            return Err(PackageError::File { path: path.to_owned(), source });
        }
        written.map_err(PackageError::Write)?;
        // The length stands in front of the content: it must still be true.
        let after = content.inner.metadata().map_err(|_| changed())?;
        let modified = |about: &Metadata| (about.len(), about.mtime(), about.mtime_nsec());
        if content.bytes != about.len() || modified(about) != modified(&after) {
            return Err(changed());
        }
        Ok(())
    }

    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(size);
        header.set_mtime(self.time.unix().into());
        header
    }
}
