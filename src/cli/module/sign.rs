//! `countersign module sign`: a developer signs a module's folder.

use std::path::Path;

use anyhow::Context as _;

use super::args::{ListArgs, Profile, SignArgs};
use super::keyring::gather;
use super::progress::Progress;
use super::{Exit, Failure};
use crate::certificate::Certificate;
use crate::cli::args::{Common, SignerArgs};
use crate::cli::signer::Signer;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::candidates::{Candidate, Fitness, candidates};
use crate::module::check;
use crate::module::strict::{Case, Note, WeakChains, judge};
use crate::module::tree::{Place, Remark, Tree};
use crate::module::{
    Comparison, Config, Entry, FileState, Form, Keyring, Manifest, RawName, Reading,
};
use crate::safe::{Safe, chain};
use crate::time::Timestamp;

pub(super) fn run(common: &Common, args: &SignArgs) -> Result<(), Failure> {
    let now = crate::cli::now(common.time);
    let keys = gather(common, &args.by.keys)?;
    let keyring = keys.whole()?;
    let name = raw_name(&args.folder)?;
    let (signer, candidate) = own_key(&args.by.signer, keyring, now)?;
    let entries = hash(common, &args.folder, args.list.profile)?;
    let key = candidate.certificate.fingerprint();
    let list = list(&args.list, &name, key, entries, now)?;
    warn(&args.folder, args.list.profile)?;
    let signed = match common.time {
        Some(time) => signer.sign_dated(&list.text(), time)?,
        None => signer.sign(&list.text(), now)?,
    };
    let notes = check(&signed, &list, &name, keyring, &candidate.certificate, now)?;
    let path = args.folder.join("module.sig");
    exchange::write_path(&path, &signed)?;
    if !common.quiet {
        let files = match list.entries.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        crate::say!("{}: {files} signed", Safe(&path.display().to_string()));
        crate::say!("  with {key}, {}", candidate.fitness);
        for note in notes {
            crate::say!("  note: {}", note.sentence());
        }
    }
    Ok(())
}

/// The signer's own key that may sign modules.
pub(super) fn own_key(
    args: &SignerArgs,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(Signer, Candidate), Failure> {
    let signers = Signer::all(args)?;
    let own = signers.iter().map(|s| s.known_to(keyring.masters()));
    let own = own.collect::<Result<Vec<_>, Failure>>()?;
    let judged = candidates(keyring, &own, now);
    choose(signers, judged)
}

/// The module's name: that of its folder.
pub(in crate::cli) fn raw_name(folder: &Path) -> Result<RawName, Failure> {
    let path = folder.canonicalize().map_err(|error| {
        let text = format!("{} cannot be opened", Safe(&folder.display().to_string()));
        Failure::new(Exit::Failed, anyhow::Error::new(error).context(text))
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(name.parse::<RawName>()?)
}

/// The one key that may sign; or why it cannot be chosen.
fn choose(signers: Vec<Signer>, judged: Vec<Candidate>) -> Result<(Signer, Candidate), Failure> {
    let line = |c: &Candidate| format!("{}: {}", c.certificate.fingerprint(), c.fitness);
    let fit = |candidate: &Candidate| match candidate.fitness {
        Fitness::Master | Fitness::Certified { .. } => true,
        Fitness::Unfit(_) => false,
    };
    let lines: Vec<String> = judged.iter().map(line).collect();
    let fit_lines: Vec<String> = judged.iter().filter(|c| fit(c)).map(line).collect();
    let mut usable: Vec<_> =
        signers.into_iter().zip(judged).filter(|(_, candidate)| fit(candidate)).collect();
    match (usable.pop(), usable.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            let text = format!("several keys may sign:\n{}", fit_lines.join("\n"));
            Err(Failure::say(Exit::Usage, text).hint("name one: --local-user FINGERPRINT"))
        }
        (None, _) => {
            let text = format!("no key may sign modules:\n{}", lines.join("\n"));
            Err(Failure::say(Exit::Refused, text).hint("countersign request certify --help"))
        }
    }
}

/// Lists and hashes the folder; refuses what would make a list that is not true or not read.
pub(in crate::cli) fn hash(
    common: &Common,
    folder: &Path,
    profile: Profile,
) -> Result<Vec<Entry>, Failure> {
    let tree = Tree::list(folder, profile.selection())?;
    let wrong: Vec<String> = tree.remarks().iter().filter_map(obstacle).collect();
    if !wrong.is_empty() {
        let text = format!("the module cannot be signed as it is:\n{}", wrong.join("\n"));
        let hint = format!("countersign module check {}", folder.display());
        return Err(Failure::say(Exit::Refused, text).hint(hint));
    }
    let progress = Progress::over(1, common);
    progress.begin(folder);
    let hashed = tree.hash(&progress.counter());
    progress.finish();
    hashed.map_err(|errors| {
        let words: Vec<String> = errors.iter().take(20).map(|error| chain(error)).collect();
        Failure::say(Exit::Failed, format!("not every file can be read:\n{}", words.join("\n")))
    })
}

/// Says what FreePBX will not like about the module, which does not keep it from being signed.
fn warn(folder: &Path, profile: Profile) -> Result<(), Failure> {
    for finding in check::check(folder, profile.selection())? {
        if finding.concern.severity() == check::Severity::Error {
            crate::tell!("warning: {}: {}", Safe(&finding.path), Safe(&finding.reason));
        }
    }
    Ok(())
}

/// Why a file keeps the module from being signed, if it does.
fn obstacle(remark: &Remark) -> Option<String> {
    match remark {
        Remark::BadName { path, reason } => Some(format!("{}: {reason}", Safe(path))),
        Remark::Dangling { path, to } => {
            Some(format!("{} leads to nothing: {}", Safe(path), Safe(to)))
        }
        Remark::Loop { path } => Some(format!("{} leads back to where it is", Safe(path))),
        Remark::NotAFile { path, actual } => Some(format!("{} is {actual}", Safe(path))),
        Remark::Unreadable { path, reason } => {
            Some(format!("{} cannot be read: {reason}", Safe(path)))
        }
        Remark::Stray { path } => {
            Some(format!("{} is left out of the list, and is no translation or text", Safe(path)))
        }
        Remark::Link { path, to, place: Place::Outside } => {
            Some(format!("{} is a link out of the module, to {}", Safe(path), Safe(to)))
        }
        Remark::Hidden { .. }
        | Remark::LeftOut { .. }
        | Remark::Link { place: Place::Inside, .. } => None,
    }
}

/// The list, in the form that the profile asks for.
pub(in crate::cli) fn list(
    args: &ListArgs,
    name: &RawName,
    signer: Fingerprint,
    entries: Vec<Entry>,
    now: Timestamp,
) -> Result<Manifest, Failure> {
    let (form, version, repo, timestamp) = match args.profile {
        Profile::Public => (Form::Public, 2, "manual", None),
        Profile::Official => (Form::Official, 1, "standard", Some(now.unix().to_string())),
    };
    if args.expires_after.is_some() && version < 2 {
        let text = "FreePBX honours expiresafter only in the public form";
        return Err(Failure::say(Exit::Usage, text).hint("leave --profile official away"));
    }
    let config = Config {
        form,
        version,
        signed_with: signer.to_string(),
        signed_by: args.signed_by.clone(),
        repo: args.repo.clone().unwrap_or_else(|| repo.to_owned()),
        raw_name: args.rawname.then(|| name.clone()),
        timestamp,
        expires_after: args.expires_after,
    };
    let list = Manifest { config, entries };
    if list.entries.is_empty() {
        return Err(Failure::say(Exit::Refused, "there is no file to be listed"));
    }
    // What we write, FreePBX and we read as we meant it.
    match Manifest::parse(list.text().as_bytes()) {
        Ok(read) if read == list => Ok(list),
        Ok(_) | Err(_) => {
            let text = "--repo takes one word of a-z, 0-9 and -, --signed-by one line without '";
            Err(Failure::say(Exit::Usage, text))
        }
    }
}

/// The new file, judged as a PBX will: nothing is written unless it is good.
fn check(
    signed: &[u8],
    list: &Manifest,
    name: &RawName,
    keyring: &Keyring,
    signer: &Certificate,
    now: Timestamp,
) -> Result<Vec<Note>, Failure> {
    let reading = Reading::parse(signed)
        .context("what came back is no signed text, and module.sig was left as it was")?;
    let same = |entry: &Entry| (entry.path.clone(), FileState::Same);
    let files =
        Comparison { listed: list.entries.iter().map(same).collect(), unlisted: Vec::new() };
    let keyring = keyring.with(signer.clone());
    // gpg's clock is a moment ahead of what was read when the program began.
    let made = reading.signed.signatures().first().and_then(|s| s.signature_creation_time());
    let now = made.map_or(now, |made| now.max(Timestamp::from(made)));
    let (folder, weak, xml) = (name.as_str(), WeakChains::Accept, None);
    let file = Some(Ok(&reading));
    let verdict = judge(&Case {
        folder,
        file,
        files: &files,
        remarks: &[],
        xml,
        keyring: &keyring,
        weak,
        now,
    });
    match verdict.problems.as_slice() {
        [] => Ok(verdict.notes),
        problems => {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let text = format!("the new module.sig is not good:\n{}", words.join("\n"));
            Err(Failure::say(Exit::Untrue, text).hint("module.sig was left as it was"))
        }
    }
}
