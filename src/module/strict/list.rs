//! What is wrong with a list, and with the files that it lists.

use std::collections::{HashMap, HashSet};

use super::{Case, FileFlaw, Note, Problem};
use crate::module::tree::Remark;
use crate::module::{Comparison, Entry, FileState, Form, Manifest, Parsed, Signer};

/// What the list says of itself.
pub(super) fn of_list(
    case: &Case<'_>,
    manifest: &Manifest,
    signer: Option<&Signer<'_>>,
) -> Vec<Problem> {
    let config = &manifest.config;
    let mut problems = Vec::new();
    match config.form {
        Form::Public | Form::Official => {}
        Form::Local | Form::System => problems.push(Problem::OtherForm(config.form)),
    }
    if let Some(signer) = signer.filter(|s| !names(&config.signed_with, s)) {
        let actual = signer.key.certificate().fingerprint();
        problems.push(Problem::SignedWith { written: config.signed_with.clone(), actual });
    }
    if let Some(written) = config.raw_name.as_ref().filter(|n| n.as_str() != case.folder) {
        let actual = case.folder.to_owned();
        problems.push(Problem::RawName { written: written.clone(), actual });
    }
    if let Some(at) = config.expires_after.filter(|at| *at < case.now) {
        problems.push(Problem::ExpiresAfter { at });
    }
    if manifest.entries.is_empty() {
        problems.push(Problem::NothingListed);
    }
    problems
}

/// Whether `written` is the fingerprint or a key id of the key that signed, or of its primary key.
fn names(written: &str, signer: &Signer<'_>) -> bool {
    let written = written.strip_prefix("0x").unwrap_or(written).to_ascii_uppercase();
    let primary = Some(signer.key.certificate().fingerprint());
    let keys = [primary, signer.key.fingerprint()];
    matches!(written.len(), 8 | 16 | 40)
        && keys.into_iter().flatten().any(|key| key.to_string().ends_with(&written))
}

/// Entries that FreePBX's parser does not see, or sees otherwise.
pub(super) fn hidden(manifest: &Manifest, parsed: &Parsed) -> Vec<Problem> {
    let seen: HashMap<&[u8], &[u8]> =
        parsed.hashes.iter().map(|(path, digest)| (path.as_slice(), digest.as_slice())).collect();
    let sees = |entry: &&Entry| {
        let digest = entry.sha256.to_string();
        seen.get(entry.path.as_bytes()) == Some(&digest.as_bytes())
    };
    let hidden = manifest.entries.iter().filter(|entry| !sees(entry));
    hidden.map(|entry| Problem::file(&entry.path, FileFlaw::HiddenByParser)).collect()
}

pub(super) fn of_files(files: &Comparison) -> Vec<Problem> {
    let listed = files.listed.iter().filter_map(|(path, state)| {
        let flaw = match state {
            FileState::Same => return None,
            FileState::Altered { .. } => FileFlaw::Altered,
            FileState::Missing => FileFlaw::Missing,
            FileState::SameOutside => FileFlaw::Outside,
            FileState::Unreadable { reason } => FileFlaw::Unreadable { reason: reason.clone() },
        };
        Some(Problem::file(path, flaw))
    });
    let unlisted = files.unlisted.iter().map(|path| Problem::file(path, FileFlaw::Unlisted));
    listed.chain(unlisted).collect()
}

/// What is in the folder and can be in no list, or is left out of lists.
pub(super) fn of_remarks(case: &Case<'_>, notes: &mut Vec<Note>) -> Vec<Problem> {
    let listed: HashSet<&str> = case.files.listed.iter().map(|(path, _)| path.as_str()).collect();
    let mut problems = Vec::new();
    for remark in case.remarks {
        match remark {
            Remark::LeftOut { .. } if notes.contains(&Note::LeftOut) => {}
            Remark::LeftOut { .. } => notes.push(Note::LeftOut),
            Remark::Hidden { path }
            | Remark::Stray { path }
            | Remark::Dangling { path, .. }
            | Remark::Loop { path }
            | Remark::NotAFile { path, .. }
            | Remark::Unreadable { path, .. }
                if !listed.contains(path.as_str()) =>
            {
                problems.push(Problem::file(path, FileFlaw::Unlisted));
            }
            // Listed: its state says what it is. A bad name is among the unlisted files, and what
            // a link leads to is one of the files.
            Remark::Hidden { .. }
            | Remark::Stray { .. }
            | Remark::Dangling { .. }
            | Remark::Loop { .. }
            | Remark::NotAFile { .. }
            | Remark::Unreadable { .. }
            | Remark::BadName { .. }
            | Remark::Link { .. } => {}
        }
    }
    problems
}
