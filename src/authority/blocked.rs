//! `blocked.toml`: the versions of modules that the next trust bundle stops.

use serde::{Deserialize, Serialize};

use super::{Authority, AuthorityError};
use crate::bundle::MAX_BLOCKED;
use crate::exchange::{self, ExchangeError};
use crate::module::Blocked;

/// Longest file, in bytes.
const MAX_FILE: usize = 2 << 20;

const HEADER: &str = "\
# Versions of modules that are not to run any more. The next trust bundle carries this list.
# Written by: countersign bundle block, countersign bundle unblock
";

/// The file's content, version 1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockedFile {
    version: u32,
    #[serde(default, rename = "module", skip_serializing_if = "Vec::is_empty")]
    modules: Vec<Blocked>,
}

/// Why `blocked.toml` is refused.
#[derive(Debug, thiserror::Error)]
pub enum BlockedError {
    /// Not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Not TOML, or fields that are unknown, missing or of the wrong kind.
    #[error("it is not valid")]
    Toml(#[from] toml::de::Error),
    /// Another version.
    #[error("it is version {0}, this program reads version 1")]
    Version(u32),
    /// More than a bundle takes.
    #[error("it names {0} modules, a bundle takes {MAX_BLOCKED}")]
    TooMany(usize),
}

impl Authority {
    /// The modules that are blocked, in their order.
    ///
    /// # Errors
    /// [`AuthorityError`] where the file is there and cannot be read to its end.
    pub fn blocked(&self) -> Result<Vec<Blocked>, AuthorityError> {
        let path = self.folder().join("blocked.toml");
        match exchange::read_path(&path, MAX_FILE) {
            Ok(text) => read(text).map_err(AuthorityError::Blocked),
            Err(ExchangeError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the modules that are blocked, sorted by module and version.
    ///
    /// # Errors
    /// [`AuthorityError`] where there are too many, or the file cannot be written.
    pub fn block(&self, mut modules: Vec<Blocked>) -> Result<(), AuthorityError> {
        if modules.len() > MAX_BLOCKED {
            return Err(AuthorityError::Blocked(BlockedError::TooMany(modules.len())));
        }
        modules.sort_by(|a, b| {
            let key = |b: &Blocked| (b.module.clone(), b.version.clone(), b.developer);
            key(a).cmp(&key(b))
        });
        let file = BlockedFile { version: 1, modules };
        let text = toml::to_string(&file).expect("blocked modules are plain data");
        let path = self.folder().join("blocked.toml");
        Ok(exchange::write_path(&path, format!("{HEADER}{text}").as_bytes())?)
    }
}

fn read(text: Vec<u8>) -> Result<Vec<Blocked>, BlockedError> {
    let text = String::from_utf8(text).map_err(|_| BlockedError::NotText)?;
    let file: BlockedFile = toml::from_str(&text)?;
    if file.version != 1 {
        return Err(BlockedError::Version(file.version));
    }
    match file.modules.len() {
        0..=MAX_BLOCKED => Ok(file.modules),
        more => Err(BlockedError::TooMany(more)),
    }
}
