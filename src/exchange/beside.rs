//! What lies beside a request on a stick.

use std::ffi::OsStr;
use std::path::Path;

use crate::bundle::{Contents, MAX_KEYRING, keyring_name};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::module::archive::{self, Limits};
use crate::module::tree::{Remark, Selection, Tree, Where};
use crate::module::{Comparison, Form, MAX_XML, Manifest, RawName, Version};
use crate::operation::{Operation, SignModule, TrustBundle};
use crate::policy::{Decision, Evidence, Files, History, Identity, KeyringFile};
use crate::request::{MAX_BYTES, Request, RequestId};
use crate::safe::chain;
use crate::scratch::ScratchError;

/// Gathers what stands beside a request: for a module, its files in `folder`, and the list that
/// was signed last; for a trust bundle, its keyring, and the head that was signed last.
pub fn evidence(
    operation: &Operation,
    history: &History,
    folder: Option<&Path>,
    records: &Records<'_>,
) -> Evidence {
    let last = || last(history, records);
    if let Some(asked) = operation.as_any::<SignModule>() {
        let found = folder.map(|folder| files(asked, folder));
        let (files, identity) = found.unwrap_or((Files::Absent, None));
        let previous = last().and_then(|r| r.operation().as_any::<SignModule>()?.manifest().ok());
        return Evidence { files, identity, previous, ..Evidence::default() };
    }
    if let Some(asked) = operation.as_any::<TrustBundle>() {
        let head = last().and_then(|r| Some(r.operation().as_any::<TrustBundle>()?.head.clone()));
        let keyring = folder.map(|folder| keyring(asked, folder, records)).unwrap_or_default();
        return Evidence { keyring, last_bundle: head, ..Evidence::default() };
    }
    Evidence::default()
}

/// What the records know beside a request and its object's history.
pub struct Records<'a> {
    /// The masters' certificates.
    pub masters: &'a [Certificate],
    /// Finds the text of a request that was signed.
    pub kept: &'a dyn Fn(RequestId) -> Option<Vec<u8>>,
    /// Hands over every decision on a key.
    pub decisions: &'a Decisions<'a>,
}

/// Hands over every decision on a key that is known here.
pub type Decisions<'a> =
    dyn Fn(&mut dyn FnMut(Fingerprint, &Decision)) -> Result<(), ScratchError> + 'a;

impl<'a> Records<'a> {
    /// Records that know no more than the masters: those of whoever makes a request, where what was
    /// decided stands on the certificates themselves.
    pub fn of(masters: &'a [Certificate]) -> Self {
        Self { masters, kept: &|_| None, decisions: &|_| Ok(()) }
    }
}

/// The keyring of a bundle, read here.
fn keyring(asked: &TrustBundle, folder: &Path, records: &Records<'_>) -> KeyringFile {
    let name = keyring_name(asked.head.serial);
    if folder.join(&name).symlink_metadata().is_err() {
        return KeyringFile::Absent;
    }
    let limit = usize::try_from(MAX_KEYRING.min(asked.head.keyring.bytes)).unwrap_or(0);
    let untrusted = match super::read(folder, OsStr::new(&name), limit) {
        Ok(untrusted) => untrusted,
        Err(error) => return KeyringFile::Unreadable(chain(&error)),
    };
    // Another keyring is not worth reading.
    if Sha256::of(&untrusted) != asked.head.keyring.sha256 {
        return KeyringFile::Unreadable("it is not the keyring that the head names".to_owned());
    }
    match Contents::of(&untrusted, records.masters, records.decisions) {
        Ok(contents) => KeyringFile::Read(contents),
        Err(error) => KeyringFile::Unreadable(chain(&error)),
    }
}

/// The module's files: the folder of its name, or its package.
fn files(asked: &SignModule, folder: &Path) -> (Files, Option<Identity>) {
    // A text that is no list is refused by a rule of its own.
    let absent = (Files::Absent, None);
    let Ok(list) = asked.manifest() else { return absent };
    let tree = folder.join(asked.module.as_str());
    if tree.symlink_metadata().is_ok() {
        let files = in_folder(&list, &tree);
        let xml = super::read(&tree, OsStr::new("module.xml"), MAX_XML).ok();
        return (files, xml.and_then(|xml| Identity::read(&xml)));
    }
    // A version that is no plain word is refused by a rule of its own, and names no file here.
    let Ok(version) = asked.version.parse::<Version>() else { return absent };
    let names = ["tgz", "tgz.gpg"].map(|end| format!("{}-{version}.{end}", asked.module));
    let found = names.iter().find(|name| folder.join(name).symlink_metadata().is_ok());
    found.map_or(absent, |name| in_package(&list, &asked.module, folder, name))
}

/// Holds a module's package against a list.
fn in_package(
    list: &Manifest,
    module: &RawName,
    folder: &Path,
    name: &str,
) -> (Files, Option<Identity>) {
    let open = || super::read::open(folder, OsStr::new(name)).map_err(|e| chain(&e));
    let (limits, selection) = (Limits::default(), selection(list));
    let compared = open().and_then(|file| {
        archive::compare(file, module, &list.entries, &limits).map_err(|e| chain(&e))
    });
    match compared {
        Ok(files) => {
            let listed = open().ok().and_then(|f| archive::list(f, selection, &limits).ok());
            let identity = listed.and_then(|listed| Identity::read(&listed.module_xml));
            (Files::Hashed(files), identity)
        }
        Err(reason) => (Files::Unreadable(reason), None),
    }
}

fn selection(list: &Manifest) -> Selection {
    match list.config.form {
        Form::Official => Selection::Official,
        Form::Public | Form::Local | Form::System => Selection::Public,
    }
}

/// Holds a module's folder against a list.
fn in_folder(list: &Manifest, folder: &Path) -> Files {
    // A stick may lead anywhere, and what lies there is nobody's to name or to hash.
    let link = |path: &str| Files::Unreadable(format!("{path} is a link: copy what it leads to"));
    if folder.is_symlink() {
        return link(&folder.file_name().unwrap_or_default().to_string_lossy());
    }
    match Tree::list(folder, selection(list)) {
        Ok(tree) => {
            let links = tree.remarks().iter().find_map(|remark| match remark {
                Remark::Link { path, .. }
                | Remark::Dangling { path, .. }
                | Remark::Loop { path } => Some(path),
                _ => None,
            });
            if let Some(path) = links {
                return link(path);
            }
            let mut files = tree.compare(&list.entries, &|_| Where::Here, &|_| ());
            unnameable(&tree, &mut files);
            Files::Hashed(files)
        }
        Err(error) => Files::Unreadable(chain(&error)),
    }
}

/// What cannot stand in any list is there all the same.
fn unnameable(tree: &Tree, files: &mut Comparison) {
    files.unlisted.extend(tree.remarks().iter().filter_map(|remark| match remark {
        Remark::Dangling { path, .. } | Remark::NotAFile { path, .. } => Some(path.clone()),
        Remark::Loop { path } | Remark::Unreadable { path, .. } => Some(path.clone()),
        Remark::Stray { path } => Some(path.clone()),
        Remark::Hidden { .. }
        | Remark::LeftOut { .. }
        | Remark::Link { .. }
        | Remark::BadName { .. } => None,
    }));
}

/// The request that was signed last for the same object.
fn last(history: &History, records: &Records<'_>) -> Option<Request> {
    let last = history.decisions.iter().max_by_key(|decision| decision.created)?;
    Request::parse(&(records.kept)(last.request)?, MAX_BYTES).ok()
}
