//! What leaves the station in a session, and a list of it.
//!
//! A session has no other way to hand something out: what is not on this list did not leave.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use countersign::digest::Sha256;
use countersign::exchange::{self, CourierError, Delivery, ExchangeError, Outbox};

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
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        written.map_err(|source| self.error("written", source))?;
        self.file = Some(file);
        Ok(())
    }

    /// Opens the list, and waits until its name is on the disk. What the power cut off is taken
    /// away: it never went out.
    fn open(&self) -> Result<File, CourierError> {
        let folder = self.list.parent().unwrap_or(Path::new("."));
        exchange::make_folder(folder)?;
        let open = OpenOptions::new().read(true).append(true).create(true).open(&self.list);
        let file = open.map_err(|source| self.error("opened", source))?;
        let whole = whole_lines(&file).map_err(|source| self.error("read", source))?;
        file.set_len(whole).map_err(|source| self.error("cut", source))?;
        exchange::sync_folder(folder)?;
        exchange::sync_folder(folder.parent().unwrap_or(Path::new(".")))?;
        Ok(file)
    }

    fn error(&self, action: &'static str, source: io::Error) -> CourierError {
        ExchangeError::Io { path: self.list.clone(), action, source }.into()
    }
}

/// Where the list of what a session handed out is, in the station's folder.
pub fn list_of(station: &Path, session: u64) -> PathBuf {
    station.join("outgoing").join(format!("session-{session:06}.jsonl"))
}

/// How many bytes of a list are whole lines.
fn whole_lines(file: &File) -> io::Result<u64> {
    let (mut reader, mut whole, mut line) = (BufReader::new(file), 0, Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? as u64;
        if read == 0 || (read < MAX_LINE && !line.ends_with(b"\n")) {
            return Ok(whole);
        }
        whole += read;
    }
}

/// Reads the list of what a session handed out, and hands each file to `each`. A last line that
/// the power cut off is passed over: what it names never went.
///
/// # Errors
/// [`ExchangeError`] where it cannot be read, or a line is damaged.
pub fn read_list(path: &Path, mut each: impl FnMut(Sent)) -> Result<(), ExchangeError> {
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "read", source };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(error(source)),
    };
    for number in 1_u64.. {
        let damaged = |why: &dyn std::fmt::Display| {
            let text = format!("line {number} is damaged: {why}");
            error(io::Error::new(io::ErrorKind::InvalidData, text))
        };
        let mut line = Vec::new();
        let read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(error)?;
        if !line.ends_with(b"\n") {
            return match read as u64 {
                MAX_LINE => Err(damaged(&"it is too long")),
                _ => Ok(()),
            };
        }
        each(serde_json::from_slice(&line).map_err(|why| damaged(&why))?);
    }
    Ok(())
}

/// The sessions that handed something out, in order.
///
/// # Errors
/// [`ExchangeError`] where the folder cannot be read.
pub fn sessions(station: &Path) -> Result<Vec<u64>, ExchangeError> {
    let folder = station.join("outgoing");
    let error = |source| ExchangeError::Io { path: folder.clone(), action: "listed", source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(error(source)),
    };
    let mut sessions: Vec<u64> = Vec::new();
    for entry in entries {
        let name = entry.map_err(error)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("session-"));
        sessions.extend(number.and_then(|name| name.strip_suffix(".jsonl")?.parse::<u64>().ok()));
    }
    sessions.sort_unstable();
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use countersign::exchange::Stick;

    use super::*;

    const WHOLE: &str = concat!(
        r#"{"name":"a","bytes":1,"sha256":""#,
        "0000000000000000000000000000000000000000000000000000000000000000",
        "\"}\n"
    );

    /// The names in a list of this text; none where it is damaged.
    fn names(text: &str) -> Option<usize> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list");
        fs::write(&path, text).expect("a file");
        let mut names = 0;
        read_list(&path, |_| names += 1).ok().map(|()| names)
    }

    #[test]
    fn only_a_last_line_may_be_torn() {
        assert_eq!(names(&format!("{WHOLE}{WHOLE}")), Some(2));
        assert_eq!(names(&format!("{WHOLE}{}", &WHOLE[..20])), Some(1));
        assert_eq!(names(&format!("{WHOLE}rust\n{WHOLE}")), None);
        assert_eq!(names(&format!("{WHOLE}rust\n")), None);
        let limit = usize::try_from(MAX_LINE).expect("a small number");
        assert_eq!(names(&format!("{WHOLE}{}", "x".repeat(limit))), None);
    }

    #[test]
    fn what_was_torn_is_cut_off_before_more_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = list_of(folder.path(), 1);
        fs::create_dir(folder.path().join("outgoing")).expect("a new folder");
        fs::write(&list, format!("{WHOLE}{}", &WHOLE[..20])).expect("a file");
        let stick = Stick::new(folder.path());
        let mut outgoing = Outgoing::new(Box::new(stick), list.clone());
        outgoing.put("b", b"text").expect("a writable folder");
        let mut names = Vec::new();
        read_list(&list, |sent| names.push(sent.name)).expect("no damage");
        assert_eq!(names, ["a", "b"]);
        assert_eq!(sessions(folder.path()).expect("a folder"), [1]);
    }
}
