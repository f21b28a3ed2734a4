//! `countersign bundle show` and `diff`: what is in a file, trusted or not.

use std::path::Path;

use serde_json::{Value, json};

use super::block;
use super::{Exit, Failure};
use crate::bundle::{Bundle, Change, Diff, Head, Person};
use crate::certificate::Certificate;
use crate::cli::args::{Common, Form};
use crate::exchange;
use crate::module::Keyring;
use crate::safe::{Safe, counted};

pub(super) fn show(common: &Common, file: &Path, form: &Form) -> Result<(), Failure> {
    let bundle = open(file)?;
    let now = crate::cli::now(common.time);
    let masters = bundle.masters()?;
    let signer = signer(&bundle, &masters);
    let (head, keyring) = (bundle.head(), Keyring::from_certificates(&masters, []));
    if form.json {
        let value = json!({
            "version": 1,
            "head": head,
            "signed_by": signer.map(Certificate::fingerprint),
        });
        crate::say!("{value}");
    } else {
        print_head(head, signer);
    }
    let all: Vec<&Certificate> = masters.iter().collect();
    for bytes in bundle.developers() {
        let person = Person::of(&keyring, &Certificate::read(bytes, &all)?, now);
        match form.json {
            true => crate::say!("{}", of_person(&person, None)),
            false => print_person(&person, None),
        }
    }
    if !form.json {
        let blocked = head.blocked.iter();
        blocked.for_each(|blocked| block::print(blocked, &Form { json: false }));
    }
    match signer {
        Some(_) => Ok(()),
        None => {
            let text = "no master that it names signed it";
            Err(Failure::say(Exit::Untrue, text).hint("do not publish or use it"))
        }
    }
}

pub(super) fn diff(common: &Common, old: &Path, new: &Path, form: &Form) -> Result<(), Failure> {
    let (old, new) = (open(old)?, open(new)?);
    let (one, two) = (old.head(), new.head());
    if one.authority == two.authority && one.serial > two.serial {
        let text = format!("the first bundle is the newer one: {} → {}", one.serial, two.serial);
        return Err(Failure::say(Exit::Usage, text).hint("name the older one first"));
    }
    let diff = Diff::between(&old, &new, crate::cli::now(common.time))?;
    if form.json {
        crate::say!("{}", json_of(&diff, one, two));
        return Ok(());
    }
    if one.authority != two.authority {
        crate::say!("ANOTHER AUTHORITY: {} → {}", Safe(&one.authority), Safe(&two.authority));
    }
    crate::say!("serial      {} → {}", one.serial, two.serial);
    crate::say!("made        {} → {}", one.made, two.made);
    crate::say!("good until  {} → {}", one.expires, two.expires);
    crate::say!("developers  {} → {}", one.developers, two.developers);
    for (sign, masters) in [
        ("+ MASTER", &diff.masters_added),
        ("- MASTER", &diff.masters_removed),
        ("~ MASTER", &diff.masters_changed),
    ] {
        for master in masters {
            crate::say!("{sign}    {} {}", master.fingerprint, Safe(&master.name));
        }
    }
    for (person, change) in &diff.people {
        print_person(person, Some(*change));
    }
    for (sign, modules) in [("+ blocked", &diff.blocked), ("- blocked", &diff.unblocked)] {
        for blocked in modules {
            crate::cli::put(format_args!("{sign}   "));
            block::print(blocked, form);
        }
    }
    if diff.is_empty() {
        crate::say!("nothing else differs");
    }
    Ok(())
}

fn open(file: &Path) -> Result<Bundle, Failure> {
    let context = || format!("{} is no trust bundle", Safe(&file.display().to_string()));
    let bundle = Bundle::read(exchange::open_path(file)?);
    bundle.map_err(|e| Failure::new(Exit::Untrue, anyhow::Error::new(e).context(context())))
}

/// The master that signed it, by its own certificate in it.
fn signer<'a>(bundle: &Bundle, masters: &'a [Certificate]) -> Option<&'a Certificate> {
    masters.iter().find(|m| bundle.signature().verify_document(m.primary()).is_ok())
}

fn print_head(head: &Head, signer: Option<&Certificate>) {
    crate::say!("{}, trust bundle {}", Safe(&head.authority), head.serial);
    crate::say!("made        {}", head.made);
    let grace = counted(head.grace_days as usize, "day");
    crate::say!("good until  {}, and {grace}", head.expires);
    match signer {
        Some(master) => crate::say!("signed by   {}", master.fingerprint()),
        None => crate::say!("signed by   NOBODY THAT IT NAMES"),
    }
    for master in &head.masters {
        crate::say!("master      {} {}", master.fingerprint, Safe(&master.name));
    }
    let (developers, bytes) = (head.developers, head.keyring.bytes);
    crate::say!("developers  {developers}, with the masters {bytes} bytes");
}

fn print_person(person: &Person, change: Option<Change>) {
    let change = change.map(|c| format!("{:<16}", c.to_string())).unwrap_or_default();
    let trust = person.trust.to_string();
    crate::say!("{change}{}  {trust:<32}  {}", person.key, Safe(&person.name));
}

fn of_person(person: &Person, change: Option<Change>) -> Value {
    let mut value = json!({
        "key": person.key,
        "name": person.name,
        "keys": person.keys,
        "trust": person.trust.to_string(),
        "revoked": person.trust.is_revoked(),
    });
    if let Some(change) = change {
        value["change"] = change.to_string().into();
    }
    value
}

fn json_of(diff: &Diff, old: &Head, new: &Head) -> Value {
    let people = diff.people.iter().map(|(person, change)| of_person(person, Some(*change)));
    json!({
        "version": 1,
        "authority": [old.authority, new.authority],
        "serial": [old.serial, new.serial],
        "made": [old.made, new.made],
        "expires": [old.expires, new.expires],
        "masters_added": diff.masters_added,
        "masters_removed": diff.masters_removed,
        "masters_changed": diff.masters_changed,
        "people": people.collect::<Vec<_>>(),
        "blocked": diff.blocked,
        "unblocked": diff.unblocked,
    })
}
