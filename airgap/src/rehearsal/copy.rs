//! A copy of the station, for a session that must leave no trace in it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use countersign::exchange::ExchangeError;

/// How the folders of rehearsals begin.
const PREFIX: &str = "rehearsing-";

/// A copy of a station, with room for a card and for answers. It goes away with this.
#[derive(Debug)]
pub(super) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies the station in `folder`, on the same disk; what an interrupted rehearsal left is
    /// removed first.
    pub(super) fn of(folder: &Path) -> Result<Self, ExchangeError> {
        sweep(folder)?;
        let io = |action| {
            let path = folder.to_owned();
            move |source| ExchangeError::Io { path, action, source }
        };
        let copy = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(folder)
            .map_err(io("used for a rehearsal"))?;
        let copy = Self { folder: copy };
        let station = copy.station();
        fs::create_dir(&station).map_err(io("copied"))?;
        fs::create_dir(copy.answers()).map_err(io("copied"))?;
        // It is appended to; everything else is replaced whole, and can be the same file.
        fs::copy(folder.join("journal.jsonl"), station.join("journal.jsonl"))
            .map_err(io("copied"))?;
        for name in ["authority", "requests"] {
            link_all(&folder.join(name), &station.join(name)).map_err(io("copied"))?;
        }
        Ok(copy)
    }

    /// The copied station's folder.
    pub(super) fn station(&self) -> PathBuf {
        self.folder.path().join("station")
    }

    /// The practice card's folder.
    pub(super) fn card(&self) -> PathBuf {
        self.folder.path().join("card")
    }

    /// The folder for answers.
    pub(super) fn answers(&self) -> PathBuf {
        self.folder.path().join("answers")
    }
}

/// Removes what interrupted rehearsals left.
fn sweep(folder: &Path) -> Result<(), ExchangeError> {
    let error = |source| ExchangeError::Io { path: folder.to_owned(), action: "swept", source };
    for entry in fs::read_dir(folder).map_err(error)? {
        let entry = entry.map_err(error)?;
        let left = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if left && entry.file_type().map_err(error)?.is_dir() {
            fs::remove_dir_all(entry.path()).map_err(error)?;
        }
    }
    Ok(())
}

fn link_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()?.is_dir() {
            true => link_all(&from, &to)?,
            false => fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop))?,
        }
    }
    Ok(())
}
