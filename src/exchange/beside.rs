//! What lies beside a request on a stick.

use std::ffi::OsStr;
use std::path::Path;

use crate::module::archive::{self, Limits};
use crate::module::tree::{Remark, Selection, Tree, Where};
use crate::module::{Comparison, Form, MAX_XML, Manifest, RawName, Version};
use crate::operation::{Operation, SignModule};
use crate::policy::{Evidence, Files, History, Identity};
use crate::request::{MAX_BYTES, Request, RequestId};
use crate::safe::chain;

/// Gathers what stands beside a request: for a module, its files in `folder` (where messages come
/// with files), and the list that was signed last, whose request `kept` finds.
pub fn evidence(
    operation: &Operation,
    history: &History,
    folder: Option<&Path>,
    kept: impl Fn(RequestId) -> Option<Vec<u8>>,
) -> Evidence {
    match operation.as_any::<SignModule>() {
        Some(asked) => {
            let (files, identity) =
                folder.map_or((Files::Absent, None), |folder| files(asked, folder));
            Evidence { files, identity, previous: previous(history, kept) }
        }
        None => Evidence::default(),
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

fn previous(history: &History, kept: impl Fn(RequestId) -> Option<Vec<u8>>) -> Option<Manifest> {
    let last = history.decisions.iter().max_by_key(|decision| decision.created)?;
    let request = Request::parse(&kept(last.request)?, MAX_BYTES).ok()?;
    request.operation().as_any::<SignModule>()?.manifest().ok()
}
