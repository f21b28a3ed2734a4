//! `countersign developer …`

use std::path::Path;

use super::args::{Common, DeveloperVerb, ExportFormat, Form, OutputArgs};
use super::{Exit, Failure};
use crate::authority::{Authority, Developer, Loophole};
use crate::certificate::{Standing, algorithm};
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::safe::Safe;
use crate::time::Timestamp;

pub(super) fn run(common: &Common, verb: &DeveloperVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let now = super::now(common.time);
    match verb {
        DeveloperVerb::List(form) => {
            for key in authority.developers()? {
                list(form, &authority, &authority.developer(key)?, now);
            }
            Ok(())
        }
        DeveloperVerb::Show { developer, form } => {
            let developer = authority.developer(*developer)?;
            if form.json {
                list(form, &authority, &developer, now);
            } else {
                show(&authority, &developer, now);
            }
            Ok(())
        }
        DeveloperVerb::Export { developers, format, output } => {
            let all;
            let keys = if developers.is_empty() {
                all = authority.developers()?;
                &all
            } else {
                developers
            };
            export(&authority, keys, *format, output)
        }
    }
}

fn list(form: &Form, authority: &Authority, developer: &Developer, now: Timestamp) {
    let key = developer.certificate.fingerprint();
    if form.json {
        let mut user_ids = Vec::new();
        for master in authority.masters() {
            for (id, standing) in developer.standings(master, now) {
                user_ids.push(serde_json::json!({
                    "user_id": id,
                    "master": master.fingerprint(),
                    "standing": word(standing),
                }));
            }
        }
        let loopholes = developer.half_revoked(authority.masters(), now);
        let value = serde_json::json!({
            "version": 1,
            "key": key,
            "user_ids": user_ids,
            "half_revoked": !loopholes.is_empty(),
        });
        crate::say!("{value}");
        return;
    }
    for master in authority.masters() {
        for (id, standing) in developer.standings(master, now) {
            crate::say!("{key}  {:<24}  {}", word(standing), Safe(&id));
        }
    }
    for loophole in developer.half_revoked(authority.masters(), now) {
        crate::say!("{key}  {}", warn(&loophole));
    }
}

fn show(authority: &Authority, developer: &Developer, now: Timestamp) {
    let certificate = &developer.certificate;
    crate::say!("key     {}", certificate.fingerprint().spaced());
    crate::say!("        {}", algorithm(certificate.primary()));
    for master in authority.masters() {
        let gone = if master.is_revoked(now) { "  REVOKED" } else { "" };
        crate::say!("master  {}{gone}", master.fingerprint());
        for (id, standing) in developer.standings(master, now) {
            crate::say!("        {:<24}  {}", word(standing), Safe(&id));
        }
        for opinion in certificate.opinions_of(master) {
            let what = if opinion.revokes { "revoked  " } else { "certified" };
            let id = String::from_utf8_lossy(opinion.user_id.value()).into_owned();
            crate::say!("          {} {what} {}", opinion.created, Safe(&id));
        }
    }
    for loophole in developer.half_revoked(authority.masters(), now) {
        crate::say!("{}", warn(&loophole));
    }
}

/// What keeps a key trusted although its certification was revoked.
fn warn(loophole: &Loophole) -> String {
    let Loophole { master, user_id } = loophole;
    format!("HALF REVOKED: {} still certifies {}", master.key_id(), Safe(user_id))
}

fn word(standing: Standing) -> String {
    match standing {
        Standing::None => "not certified".into(),
        Standing::Certified { expires: Some(at) } => format!("certified to {}", at.date()),
        Standing::Certified { expires: None } => "certified".into(),
        Standing::Expired { at } => format!("expired {}", at.date()),
        Standing::Revoked { at } => format!("revoked {}", at.date()),
    }
}

fn export(
    authority: &Authority,
    keys: &[Fingerprint],
    format: ExportFormat,
    output: &OutputArgs,
) -> Result<(), Failure> {
    let developers = keys.iter().map(|k| authority.developer(*k)).collect::<Result<Vec<_>, _>>()?;
    match format {
        ExportFormat::Certificate => {
            let text: String = developers.iter().map(|d| d.certificate.armored()).collect();
            super::request::write(output, "developers.asc", text.as_bytes())?;
        }
        ExportFormat::Keyring => {
            let masters = authority.masters().iter();
            let all = masters.chain(developers.iter().map(|d| &d.certificate));
            let bytes: Vec<u8> = all.flat_map(crate::certificate::Certificate::to_bytes).collect();
            super::request::write(output, "keyring.gpg", &bytes)?;
        }
        ExportFormat::Freepbx => {
            let folder = output.output.as_deref().unwrap_or(Path::new("."));
            if folder == Path::new("-") {
                let text = "FreePBX takes a folder of files, not standard output";
                return Err(Failure::say(Exit::Usage, text).hint("--output FOLDER"));
            }
            let folder = folder.join("signatures");
            exchange::make_folder(&folder)?;
            for developer in &developers {
                let name = format!("{}.key", developer.certificate.fingerprint().key_id());
                let path = folder.join(&name);
                if path.exists() && !output.force {
                    let text = format!("{} exists already", path.display());
                    return Err(Failure::say(Exit::Failed, text).hint("replace it with --force"));
                }
                exchange::write_path(&path, developer.certificate.armored().as_bytes())?;
            }
        }
    }
    Ok(())
}
