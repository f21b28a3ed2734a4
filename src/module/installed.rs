//! A module in its folder: everything that a verdict needs, read once.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::strict::WeakChains;
use super::tree::{Progress, Remark, Selection, System, Tree, TreeError, Where};
use super::{
    Comparison, Destination, FileState, Form, Keyring, MAX_BYTES, MAX_XML, Manifest, ModuleXml,
    Parsed, Reading, SignedText, SignedTextError, destination, freepbx, gpg, strict,
};
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::time::Timestamp;

/// Where FreePBX keeps the lists of `type=local`, in `/etc`.
const SECURE: &str = "freepbx.secure";

/// A module in its folder.
#[derive(Debug)]
pub struct Installed {
    folder: String,
    file: Option<Result<Reading, SignedTextError>>,
    files: Comparison,
    remarks: Vec<Remark>,
    for_freepbx: Vec<(String, FileState)>,
    secure: SecureList,
    xml: Option<ModuleXml>,
}

/// What FreePBX finds under `/etc/freepbx.secure` for a module.
#[derive(Debug)]
enum SecureList {
    Absent,
    Lists(Vec<(String, FileState)>),
    Refused,
}

/// Why a folder cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// Its files cannot be listed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There are no files of a system.
    #[error("{} cannot be used as a system's root", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its `module.sig` cannot be opened.
    #[error(transparent)]
    File(#[from] ExchangeError),
}

/// The files of a module, where they are looked for, and who is told of each piece that is read.
struct Files<'a> {
    module: &'a str,
    folder: &'a Path,
    system: &'a System,
    tree: &'a Tree,
    progress: &'a Progress<'a>,
}

impl Installed {
    /// Reads the module in `folder`, on a system whose files are under `root` (`/`, but for tests
    /// and for images of other systems). `progress` is told of each piece that was hashed.
    ///
    /// # Errors
    /// [`InstalledError`] where the folder cannot be read at all; what is wrong with single files
    /// is part of the result.
    pub fn read(
        folder: &Path,
        root: &Path,
        progress: &Progress<'_>,
    ) -> Result<Self, InstalledError> {
        let path = folder.canonicalize().map_err(|source| ExchangeError::Io {
            path: folder.to_owned(),
            action: "opened",
            source,
        })?;
        let system = System::under(root)
            .map_err(|source| InstalledError::Root { path: root.to_owned(), source })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let file = read_signature(&path)?;
        let reading = file.as_ref().and_then(|file| file.as_ref().ok());
        let manifest = reading.and_then(|reading| reading.manifest.as_ref().ok());
        let tree = Tree::list(&path, selection(manifest))?;
        let files = Files { module: &name, folder: &path, system: &system, tree: &tree, progress };
        let (comparison, for_freepbx, secure) = match reading {
            None => (Comparison::default(), Vec::new(), SecureList::Absent),
            Some(reading) => {
                let here = files.compare(reading);
                let seen = files.compare_for_freepbx(reading, &here);
                (here, seen, files.secure(reading))
            }
        };
        let remarks = tree.remarks().to_vec();
        let xml = exchange::read_path(&path.join("module.xml"), MAX_XML).ok();
        let xml = xml.and_then(|untrusted| ModuleXml::parse(&untrusted).ok());
        Ok(Self { folder: name, file, files: comparison, remarks, for_freepbx, secure, xml })
    }

    /// A module of which only its `module.sig` is at hand: every file counts as listed.
    pub fn of_list(folder: &str, untrusted: &[u8]) -> Self {
        let file = Reading::parse(untrusted);
        let as_listed = |reading: &Reading| Comparison {
            listed: reading.entries().into_iter().map(|e| (e.path, FileState::Same)).collect(),
            unlisted: Vec::new(),
        };
        let files = file.as_ref().map(as_listed).unwrap_or_default();
        let seen = |reading: &Reading| reading.files_for_freepbx(folder, &files);
        let for_freepbx = file.as_ref().map(seen).unwrap_or_default();
        Self {
            folder: folder.to_owned(),
            file: Some(file),
            files,
            remarks: Vec::new(),
            for_freepbx,
            secure: SecureList::Absent,
            xml: None,
        }
    }

    /// The name of the module's folder.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Its `module.sig`, where it has one that can be read.
    pub fn reading(&self) -> Option<&Reading> {
        self.file.as_ref()?.as_ref().ok()
    }

    /// The strict verdict.
    pub fn strict<'a>(
        &'a self,
        keyring: &'a Keyring,
        weak: WeakChains,
        now: Timestamp,
    ) -> strict::Verdict<'a> {
        let file = self.file.as_ref().map(Result::as_ref);
        let (folder, files, remarks) = (&self.folder, &self.files, &self.remarks);
        let xml = self.xml.as_ref();
        strict::judge(&strict::Case { folder, file, files, remarks, xml, keyring, weak, now })
    }

    /// What FreePBX says.
    pub fn freepbx(&self, keyring: &Keyring, now: Timestamp) -> freepbx::Verdict {
        let nothing = freepbx::Config::default();
        let (answers, config) = match &self.file {
            None => return freepbx::verdict(freepbx::Found::Nothing, keyring, now),
            Some(Ok(reading)) => {
                (gpg::answers(&reading.signed, keyring, now), &reading.parsed.config)
            }
            Some(Err(_)) => (Vec::new(), &nothing),
        };
        let secure = match &self.secure {
            SecureList::Absent => freepbx::Secure::Absent,
            SecureList::Lists(files) => freepbx::Secure::Lists(files),
            SecureList::Refused => freepbx::Secure::Refused,
        };
        let (answers, files) = (answers.as_slice(), self.for_freepbx.as_slice());
        let found = freepbx::Found::Signature { answers, config, files, secure };
        freepbx::verdict(found, keyring, now)
    }
}

fn read_signature(
    folder: &Path,
) -> Result<Option<Result<Reading, SignedTextError>>, InstalledError> {
    let path = folder.join("module.sig");
    match exchange::read_path(&path, MAX_BYTES) {
        Ok(untrusted) => Ok(Some(Reading::parse(&untrusted))),
        Err(ExchangeError::TooLong { .. }) => Ok(Some(Err(SignedTextError::TooLong))),
        Err(ExchangeError::NotAFile { actual, .. }) => {
            let error = io::Error::other(format!("it is {actual}"));
            Ok(Some(Err(SignedTextError::Io(error))))
        }
        Err(ExchangeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            // FreePBX asks file_exists(), which a link to nothing is not either.
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The servers leave out what the public tool lists.
fn selection(manifest: Option<&Manifest>) -> Selection {
    match manifest.map(|list| list.config.form) {
        Some(Form::Official) => Selection::Official,
        Some(Form::Public | Form::Local | Form::System) | None => Selection::Public,
    }
}

impl Files<'_> {
    /// The list against the module's files: in its folder, unless they are the framework's and
    /// were installed elsewhere.
    fn compare(&self, reading: &Reading) -> Comparison {
        let here = |listed: &str| self.folder.join(listed).exists();
        let place = |listed: &str| match self.place(listed) {
            // What is installed is what runs: a copy in the folder does not stand for it.
            Where::At(path) if !path.exists() && here(listed) => Where::Here,
            Where::Missing | Where::Nowhere if here(listed) => Where::Here,
            place @ (Where::Here | Where::At(_) | Where::Missing | Where::Nowhere) => place,
        };
        self.tree.compare(&reading.entries(), &place, self.progress)
    }

    /// What FreePBX finds: the same, but for the framework.
    fn compare_for_freepbx(
        &self,
        reading: &Reading,
        here: &Comparison,
    ) -> Vec<(String, FileState)> {
        let elsewhere = |path: &String| match destination(self.module, path) {
            Destination::System(..) => self.folder.join(path).exists(),
            Destination::Module(_) | Destination::Unchecked => false,
        };
        if !here.listed.iter().any(|(path, _)| elsewhere(path)) {
            return reading.files_for_freepbx(self.module, here);
        }
        let place = |listed: &str| self.place(listed);
        let there = self.tree.compare(&reading.entries(), &place, self.progress);
        reading.files_for_freepbx(self.module, &there)
    }

    fn place(&self, listed: &str) -> Where {
        destination(self.module, listed).place(|path| self.system.find(path))
    }

    /// `type=local`: the tag names the list, which only root may have written.
    fn secure(&self, reading: &Reading) -> SecureList {
        let Some(etc) = self.system.find(Path::new("/etc")) else { return SecureList::Absent };
        let folder = etc.join(SECURE);
        if !folder.exists() {
            return SecureList::Absent;
        }
        let name = format!("{}.sig", self.module);
        let Some(text) = roots_own(&folder, &name) else { return SecureList::Refused };
        let digest = Sha256::of(&text).to_string();
        let tag = (name.into_bytes(), digest.into_bytes());
        if !reading.parsed.hashes.contains(&tag) {
            return SecureList::Refused;
        }
        // Signed or not: FreePBX does not look.
        let text = SignedText::parse(&text).map_or(text, |signed| signed.text().to_vec());
        let list = Parsed::by_php(&text);
        let (entries, place) = (list.entries(), |listed: &str| self.place(listed));
        let files = self.tree.compare(&entries, &place, self.progress);
        SecureList::Lists(list.found(self.module, &entries, &files))
    }
}

/// The content of a file that root alone can have put there.
fn roots_own(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let path = folder.join(name);
    for place in [folder, &path] {
        let metadata = place.symlink_metadata().ok()?;
        if metadata.uid() != 0 || metadata.is_symlink() {
            return None;
        }
    }
    exchange::read_path(&path, MAX_BYTES).ok()
}
