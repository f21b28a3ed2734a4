//! What leaves the station in a session, and a list of it.
//!
//! A session has no other way to hand something out: what is not on this list did not leave.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use countersign::digest::Sha256;
use countersign::exchange::{CourierError, Delivery, ExchangeError, Outbox};

/// Longest line of a list, in bytes: a name, a number and a digest.
const MAX_LINE: u64 = 1 << 16;

/// A file that went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// Its name; a path where it lies in a batch.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: Sha256,
}

/// A courier that takes what goes out, and a list of what it was given.
pub struct Outgoing<'a> {
    courier: Box<dyn Outbox + 'a>,
    list: PathBuf,
    file: Option<File>,
    files: usize,
    bytes: u64,
}

impl<'a> Outgoing<'a> {
    /// Nothing has gone out yet; the list of it will be at `list`.
    pub fn new(courier: Box<dyn Outbox + 'a>, list: PathBuf) -> Self {
        Self { courier, list, file: None, files: 0, bytes: 0 }
    }

    /// How many files went out, and how many bytes.
    pub fn sum(&self) -> (usize, u64) {
        (self.files, self.bytes)
    }

    /// See [`Outbox::check`].
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn check(&self) -> Result<(), CourierError> {
        self.courier.check()
    }

    /// See [`Outbox::tidy`].
    pub fn tidy(&mut self) {
        self.courier.tidy();
    }

    /// See [`Outbox::forecast`].
    pub fn forecast(&self, messages: usize, bytes: usize) -> Option<String> {
        self.courier.forecast(messages, bytes)
    }

    /// See [`Outbox::put`]. It is on the list before it goes.
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn put(&mut self, name: &str, message: &[u8]) -> Result<Delivery, CourierError> {
        let (bytes, sha256) = (message.len() as u64, Sha256::of(message));
        self.note(&Sent { name: name.to_owned(), bytes, sha256 })?;
        let delivery = self.courier.put(name, message)?;
        self.went(bytes);
        Ok(delivery)
    }

    /// See [`Outbox::summary`]. It is on the list before it goes.
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn summary(&mut self, name: &str, text: &mut dyn Read) -> Result<(), CourierError> {
        let error = |source| self.error("read", source);
        let mut kept = tempfile::tempfile().map_err(error)?;
        let bytes = io::copy(text, &mut kept).map_err(error)?;
        let rewound = |mut file: &File| io::Seek::rewind(&mut file);
        rewound(&kept).map_err(error)?;
        let sha256 = Sha256::of_reader(&mut &kept).map_err(error)?;
        rewound(&kept).map_err(error)?;
        self.note(&Sent { name: name.to_owned(), bytes, sha256 })?;
        self.courier.summary(name, &mut &kept)?;
        self.went(bytes);
        Ok(())
    }

    /// See [`Outbox::show`].
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn show(&mut self) -> Result<(), CourierError> {
        self.courier.show()
    }

    fn went(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    fn note(&mut self, sent: &Sent) -> Result<(), CourierError> {
        let mut line = serde_json::to_vec(sent).expect("its keys are strings");
        line.push(b'\n');
        if self.file.is_none() {
            let folder = self.list.parent().unwrap_or(Path::new("."));
            countersign::exchange::make_folder(folder)?;
            let open = OpenOptions::new().append(true).create(true).open(&self.list);
            self.file = Some(open.map_err(|source| self.error("opened", source))?);
        }
        let written = self.file.as_mut().map(|file| file.write_all(&line));
        written.transpose().map(drop).map_err(|source| self.error("written", source))
    }

    fn error(&self, action: &'static str, source: io::Error) -> CourierError {
        ExchangeError::Io { path: self.list.clone(), action, source }.into()
    }
}

/// Where the list of what a session handed out is, in the station's folder.
pub fn list_of(station: &Path, session: u64) -> PathBuf {
    station.join("outgoing").join(format!("session-{session:06}.jsonl"))
}

/// Reads the list of what a session handed out, and hands each file to `each`. A line that the
/// power cut off is passed over.
///
/// # Errors
/// [`ExchangeError`] where it cannot be read.
pub fn read_list(path: &Path, mut each: impl FnMut(Sent)) -> Result<(), ExchangeError> {
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "read", source };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(error(source)),
    };
    loop {
        let mut line = Vec::new();
        if file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(error)? == 0 {
            return Ok(());
        }
        if let Ok(sent) = serde_json::from_slice(&line) {
            each(sent);
        }
    }
}

/// The last session that handed something out; none where none did.
///
/// # Errors
/// [`ExchangeError`] where the folder cannot be read.
pub fn last_session(station: &Path) -> Result<Option<u64>, ExchangeError> {
    let folder = station.join("outgoing");
    let error = |source| ExchangeError::Io { path: folder.clone(), action: "listed", source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(error(source)),
    };
    let mut last = None;
    for entry in entries {
        let name = entry.map_err(error)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("session-"));
        let number = number.and_then(|name| name.strip_suffix(".jsonl")?.parse().ok());
        last = last.max(number);
    }
    Ok(last)
}
