//! Rules about a module's list and the files that it names.

use crate::certificate::lenient;
use crate::module::{Changes, Comparison, FileState, Form, Version};
use crate::operation::SignModule;
use crate::policy::{Files, ListOnly, Rule, Verdict};
use crate::safe::{Safe, chain, clip, is_unsafe};

/// The master may sign data, not only certify keys.
pub const MASTER_SIGNS: Rule = Rule {
    name: "master-signs",
    demand: "the master's key flags allow it to sign data",
    check: |s| {
        let policy = lenient(s.now());
        let now = std::time::SystemTime::from(s.now());
        match s.master.cert().with_policy(&policy, now).map(|v| v.primary_key().for_signing()) {
            Ok(true) => Verdict::holds("its key flags hold S"),
            Ok(false) | Err(_) => Verdict::broken(
                "the master may not sign data: its key flags lack S",
                "ask another master, or have a module signed with a developer's certified key",
            ),
        }
    },
};

/// A version that can stand on a screen and in a file name.
pub const MODULE_VERSION: Rule = Rule {
    name: "module-version",
    demand: "the version is one that FreePBX compares as a person would, and can name a file",
    check: |s| {
        let Some(asked) = s.asked::<SignModule>() else { return Verdict::not_asked() };
        match asked.version.parse::<Version>() {
            Ok(version) => Verdict::holds(version.as_str()),
            Err(error) => Verdict::broken(
                format!("{} is not a version: {error}", Safe(&clip(&asked.version))),
                "give module.xml a version like 17.0.3, and make a new request",
            ),
        }
    },
};

/// The text is a list that FreePBX reads as it stands there.
pub const MODULE_LIST: Rule = Rule {
    name: "module-list",
    demand: "the text is a module's list in the public or official form, names this master as its \
             signer and this module, and holds no name that FreePBX reads otherwise",
    check: |s| {
        let Some(asked) = s.asked::<SignModule>() else { return Verdict::not_asked() };
        let mend = "make the list with: countersign request module DIR";
        let list = match asked.manifest() {
            Ok(list) => list,
            Err(error) => return Verdict::broken(chain(&error), mend),
        };
        // One list has one spelling, and what is hashed and shown is what is signed.
        if SignModule::new(asked.module.clone(), asked.version.clone(), &list).list != asked.list {
            return Verdict::broken("the list is spelled in another way than lists are", mend);
        }
        let wrong = |what: &str, actual: &str, expected: &str| {
            let reason = format!("the list's {what} is {}, not {expected}", Safe(actual));
            Verdict::broken(reason, mend)
        };
        match list.config.form {
            Form::Public | Form::Official => {}
            Form::Local | Form::System => {
                return Verdict::broken("a list of a system's own files is not signed", mend);
            }
        }
        let master = s.master.fingerprint();
        let signer = list.config.signed_with.to_ascii_uppercase();
        if signer != master.to_string() && signer != master.key_id() {
            return wrong("signedwith", &list.config.signed_with, &master.to_string());
        }
        if let Some(name) = list.config.raw_name.as_ref().filter(|name| **name != asked.module) {
            return wrong("rawname", name.as_str(), asked.module.as_str());
        }
        if list.config.repo.chars().any(is_unsafe) || list.config.signed_by.chars().any(is_unsafe) {
            return Verdict::broken("the list holds characters that a screen does not show", mend);
        }
        if list.config.expires_after.is_some_and(|at| at <= s.now()) {
            return Verdict::broken("the list has expired: FreePBX would disable the module", mend);
        }
        match list.entries.len() {
            0 => Verdict::broken("the list names no file", mend),
            count => Verdict::holds(format!("{count} files")),
        }
    },
};

/// The files are what the list says, by our own hashing.
pub const MODULE_FILES: Rule = Rule {
    name: "module-files",
    demand: "the module's files lie beside the request and hash to the list, none missing and \
             none left out; where only the list came, modules.list_only decides",
    check: |s| {
        let Some(asked) = s.asked::<SignModule>() else { return Verdict::not_asked() };
        match &s.evidence.files {
            Files::Hashed(comparison) => hashed(comparison),
            Files::Unreadable(reason) => Verdict::broken(
                format!("the module's files cannot be read: {reason}"),
                "copy the module to the stick again",
            ),
            Files::Absent => match s.policy().modules.list_only {
                ListOnly::Warn => {
                    Verdict::warns("ONLY THE LIST CAME: WHAT THE FILES HOLD IS NOT KNOWN HERE")
                }
                ListOnly::Refuse => Verdict::broken(
                    "ONLY THE LIST CAME, and policy wants the files to be seen",
                    format!(
                        "put the folder {0} or the package {0}-{1}.tgz beside the request",
                        asked.module,
                        Safe(&asked.version)
                    ),
                ),
            },
        }
    },
};

fn hashed(comparison: &Comparison) -> Verdict {
    let mend = "copy the module again from where the request was made; only if the change is \
                meant, make a new request";
    let wrong = comparison.listed.iter().find_map(|(path, state)| {
        let what = match state {
            FileState::Same => return None,
            FileState::Altered { .. } => "has other content than listed".to_owned(),
            FileState::Missing => "is missing".to_owned(),
            FileState::SameOutside => "is a link out of the module".to_owned(),
            FileState::Unreadable { reason } => format!("cannot be read: {reason}"),
        };
        Some(format!("{} {what}", Safe(path)))
    });
    if let Some(reason) = wrong {
        return Verdict::broken(reason, mend);
    }
    if let Some((path, more)) = comparison.unlisted.split_first() {
        let reason = match more.len() {
            0 => format!("{} is not in the list", Safe(path)),
            more => format!("{} and {more} more are not in the list", Safe(path)),
        };
        return Verdict::broken(reason, mend);
    }
    Verdict::holds(format!("all {} hashed here, as listed", comparison.listed.len()))
}

/// The name on the screen is the module's own.
pub const MODULE_XML: Rule = Rule {
    name: "module-xml",
    demand: "the module.xml among the files names the module and the version that the request names",
    check: |s| {
        let Some(asked) = s.asked::<SignModule>() else { return Verdict::not_asked() };
        match (&s.evidence.files, &s.evidence.identity) {
            (Files::Absent | Files::Unreadable(_), _) => Verdict::holds("no files to look at"),
            (Files::Hashed(_), Some(found))
                if found.raw_name == asked.module.as_str() && found.version == asked.version =>
            {
                Verdict::holds(format!("{} {}", asked.module, asked.version))
            }
            (Files::Hashed(_), found) => {
                let found = found.as_ref().map_or("no module and version".to_owned(), |found| {
                    format!("{} {}", Safe(&found.raw_name), Safe(&found.version))
                });
                Verdict::broken(
                    format!(
                        "module.xml names {found}, the request {} {}",
                        asked.module, asked.version
                    ),
                    "make the request from the module as it is: countersign request module DIR",
                )
            }
        }
    },
};

/// What is new since the master signed this module last.
pub const MODULE_CHANGES: Rule = Rule {
    name: "module-changes",
    demand: "the request is newer than the last one signed for this module; what changed since is \
             shown",
    check: |s| {
        let Some(asked) = s.asked::<SignModule>() else { return Verdict::not_asked() };
        let past = s.history.past(s.master.fingerprint(), None);
        let Some(decision) = past.iter().max_by_key(|decision| decision.created) else {
            return Verdict::holds("never signed by this master before");
        };
        let (last, version) = (decision.created, decision.names.join(" "));
        if s.request.created() <= last {
            let reason = format!("this module was signed for a request made at {last}, later");
            return Verdict::broken(reason, "make a new request");
        }
        match (&s.evidence.previous, asked.manifest()) {
            (Some(previous), Ok(list)) => {
                let changes = Changes::between(previous, &list);
                let again = if version == asked.version { "the SAME VERSION again, " } else { "" };
                let version = Safe(&version);
                Verdict::warns(format!("{again}since version {version}, signed {last}: {changes}"))
            }
            _ => Verdict::warns(format!("signed before at {last}; that list is not at hand")),
        }
    },
};
