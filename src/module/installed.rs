//! A module in its folder: everything that a verdict needs, read once.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::strict::WeakChains;
use super::tree::{Progress, Remark, Selection, Tree, TreeError, Where};
use super::{
    Comparison, Destination, Entry, FileState, Form, Keyring, MAX_BYTES, Manifest, Parsed, Reading,
    SignedText, SignedTextError, destination, freepbx, gpg, strict,
};
use crate::digest::Sha256;
use crate::exchange::{self, ExchangeError};
use crate::time::Timestamp;

/// Where FreePBX keeps the lists of `type=local`.
const SECURE: &str = "etc/freepbx.secure";

/// A module in its folder.
#[derive(Debug)]
pub struct Installed {
    folder: String,
    file: Option<Result<Reading, SignedTextError>>,
    files: Comparison,
    seen: Vec<(String, FileState)>,
    secure: SecureList,
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
    /// Its `module.sig` cannot be opened.
    #[error(transparent)]
    File(#[from] ExchangeError),
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
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let file = read_signature(&path)?;
        let reading = file.as_ref().and_then(|file| file.as_ref().ok());
        let manifest = reading.and_then(|reading| reading.manifest.as_ref().ok());
        let tree = Tree::list(&path, selection(manifest))?;
        let place = |listed: &str| place(&name, listed, &path, root);
        let entries = manifest.map(|list| list.entries.as_slice()).unwrap_or_default();
        let mut files = tree.compare(entries, &place, progress);
        files.unlisted.extend(tree.remarks().iter().filter_map(unlisted));
        files.unlisted.sort_unstable();
        let seen = reading.map_or(Vec::new(), |reading| {
            let place = |listed: &str| freepbx_place(&name, listed, root);
            seen(&tree, &reading.parsed, &files, entries, &place, progress)
        });
        let secure = reading
            .map_or(SecureList::Absent, |reading| secure(&tree, &name, reading, root, progress));
        Ok(Self { folder: name, file, files, seen, secure })
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
        let (folder, files) = (&self.folder, &self.files);
        strict::judge(&strict::Case { folder, file, files, keyring, weak, now })
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
        let (answers, files) = (answers.as_slice(), self.seen.as_slice());
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

/// Where a listed file is: in the module, unless it is one of the framework's that were installed
/// elsewhere and are not in the module's folder any more.
fn place(module: &str, listed: &str, folder: &Path, root: &Path) -> Where {
    match freepbx_place(module, listed, root) {
        Where::At(_) | Where::Nowhere if folder.join(listed).exists() => Where::Here,
        place @ (Where::Here | Where::At(_) | Where::Nowhere) => place,
    }
}

/// Where FreePBX looks for it.
fn freepbx_place(module: &str, listed: &str, root: &Path) -> Where {
    match destination(module, listed) {
        Destination::Module(_) => Where::Here,
        Destination::Unchecked => Where::Nowhere,
        Destination::System(to, rest) => {
            Where::At(root.join(to.usual().trim_start_matches('/')).join(rest))
        }
    }
}

/// What the selection leaves out and nobody signed. Translations and texts, which the servers
/// leave out of every module, are no code and are let through.
fn unlisted(remark: &Remark) -> Option<String> {
    match remark {
        Remark::Hidden { path } | Remark::Dangling { path, .. } | Remark::NotAFile { path, .. } => {
            Some(path.clone())
        }
        Remark::Unreadable { path, .. } | Remark::Loop { path } => Some(path.clone()),
        Remark::LeftOut { .. } | Remark::Link { .. } | Remark::BadName { .. } => None,
    }
}

/// The files as FreePBX's parser finds them in the list: mostly those that were compared already.
fn seen(
    tree: &Tree,
    parsed: &Parsed,
    files: &Comparison,
    entries: &[Entry],
    place: &(dyn Fn(&str) -> Where + Sync),
    progress: &Progress<'_>,
) -> Vec<(String, FileState)> {
    let digests: HashMap<&str, Sha256> =
        entries.iter().map(|entry| (entry.path.as_str(), entry.sha256)).collect();
    let known: HashMap<&str, &FileState> =
        files.listed.iter().map(|(path, state)| (path.as_str(), state)).collect();
    let mut seen = Vec::new();
    let mut others = Vec::new();
    for (path, digest) in &parsed.hashes {
        let (path, digest) = (String::from_utf8_lossy(path), String::from_utf8_lossy(digest));
        match (digest.parse::<Sha256>(), known.get(&*path)) {
            (Ok(digest), Some(state))
                if digests.get(&*path) == Some(&digest) && place(&path) == Where::Here =>
            {
                seen.push((path.into_owned(), (*state).clone()));
            }
            // A text that is no digest is equal to no file's.
            (digest, _) => others
                .push(Entry { path: path.into_owned(), sha256: digest.unwrap_or(Sha256::ZERO) }),
        }
    }
    seen.extend(tree.compare(&others, place, progress).listed);
    seen
}

/// `type=local`: the tag names the list, which only root may have written.
fn secure(
    tree: &Tree,
    module: &str,
    reading: &Reading,
    root: &Path,
    progress: &Progress<'_>,
) -> SecureList {
    let folder = root.join(SECURE);
    if !folder.exists() {
        return SecureList::Absent;
    }
    let name = format!("{module}.sig");
    let Some(text) = roots_own(&folder, &name) else { return SecureList::Refused };
    let digest = Sha256::of(&text).to_string();
    let tagged = reading.parsed.hashes.iter();
    if !tagged.clone().any(|(path, value)| {
        path.as_slice() == name.as_bytes() && value.as_slice() == digest.as_bytes()
    }) {
        return SecureList::Refused;
    }
    let signed = SignedText::parse(&text).map(|signed| signed.text().to_vec()).unwrap_or(text);
    let parsed = Parsed::by_php(&signed);
    let place = |listed: &str| freepbx_place(module, listed, root);
    SecureList::Lists(seen(tree, &parsed, &Comparison::default(), &[], &place, progress))
}

fn roots_own(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let path: PathBuf = folder.join(name);
    let metadata = path.symlink_metadata().ok()?;
    let own = |metadata: &std::fs::Metadata| metadata.uid() == 0 && !metadata.is_symlink();
    if !own(&metadata) || !own(&folder.symlink_metadata().ok()?) {
        return None;
    }
    exchange::read_path(&path, MAX_BYTES).ok()
}
