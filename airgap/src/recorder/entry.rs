//! One entry of a journal, read where it begins.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use countersign::journal::{Entry, MAX_LINE};

/// The entry that begins at `offset` of a journal whose chain was checked when it was opened.
pub(crate) fn entry_at(file: &File, offset: u64) -> Option<Entry> {
    let mut line = Vec::new();
    let mut block = [0; 4096];
    while (line.len() as u64) < MAX_LINE {
        let read = file.read_at(&mut block, offset + line.len() as u64).ok()?;
        match block[..read].iter().position(|b| *b == b'\n') {
            Some(end) => {
                line.extend_from_slice(&block[..end]);
                return serde_json::from_slice(&line).ok();
            }
            None if read == 0 => return None,
            None => line.extend_from_slice(&block[..read]),
        }
    }
    None
}
