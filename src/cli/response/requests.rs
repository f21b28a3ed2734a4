//! Which request an answer is to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::super::{Exit, Failure};
use crate::exchange;
use crate::request::{MAX_BYTES, Request, RequestId};

/// Where the requests are, and what is known of the folder that was looked into last.
pub(super) struct Requests<'a> {
    given: Option<&'a Path>,
    folder: PathBuf,
    /// The files by the short id in their names, and those without one.
    by_token: HashMap<String, Vec<PathBuf>>,
}

impl<'a> Requests<'a> {
    /// In the file or folder that was given, or beside each answer.
    pub(super) fn of(given: Option<&'a Path>) -> Self {
        Self { given, folder: PathBuf::new(), by_token: HashMap::new() }
    }

    /// The request with this id: the file that was named, or whichever in the folder has it.
    pub(super) fn find(&mut self, response: &Path, id: RequestId) -> Result<Request, Failure> {
        let beside = response.parent().filter(|p| !p.as_os_str().is_empty());
        let given = self.given.or(beside).unwrap_or(Path::new(".")).to_owned();
        if !given.is_dir() {
            return read(&given);
        }
        self.look_into(&given)?;
        // By its name first, then, should somebody have renamed it, by its content.
        let near = self.by_token.get(&id.token()).into_iter().flatten();
        for path in near.chain(self.by_token.values().flatten()) {
            match read(&given.join(path)) {
                Ok(request) if request.id() == id => return Ok(request),
                _ => {}
            }
        }
        let text = format!("{} holds no request {id}", given.display());
        Err(Failure::say(Exit::Untrue, text).hint("name the request or its folder with --requests"))
    }

    fn look_into(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.folder == folder {
            return Ok(());
        }
        self.by_token.clear();
        exchange::visit_batches(folder, ".request.asc", exchange::MAX_LISTED, |path| {
            self.by_token.entry(token(&path)).or_default().push(path);
        })?;
        folder.clone_into(&mut self.folder);
        Ok(())
    }
}

/// The short id that a file's name ends in, if it is one that `countersign` gave.
fn token(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".request.asc").unwrap_or_default();
    stem.rsplit('-').next().unwrap_or_default().to_owned()
}

fn read(path: &Path) -> Result<Request, Failure> {
    let bytes = exchange::read_path(path, MAX_BYTES)?;
    Ok(Request::parse(&bytes, MAX_BYTES)?)
}
