//! An effect, for people and for programs.

use serde_json::{Value, json};

use super::Failure;
use super::args::{EffectArgs, JudgedArgs};
use crate::authority::Authority;
use crate::drill::{self, Change, Effect, Judged, Role, View};
use crate::fingerprint::Fingerprint;
use crate::module::strict::WeakChains;
use crate::module::{Installed, Keyring};
use crate::safe::counted;
use crate::time::Timestamp;

/// Whose word the column of gpg is.
pub(super) enum GpgColumn {
    /// The program's own, which calls itself so; and the keys of which our model says otherwise.
    Run(String, Vec<Fingerprint>),
    /// Our model's.
    Model,
}

/// The effect on everybody on record, and on the modules that were named or are on record.
pub(in crate::cli) fn effect(
    authority: &Authority,
    before: &Keyring,
    after: &Keyring,
    args: &JudgedArgs,
    now: Timestamp,
) -> Result<Effect, Failure> {
    let modules = if args.modules.is_empty() {
        authority.signed_modules()?
    } else {
        let root = std::path::Path::new("/");
        let read = |folder: &std::path::PathBuf| Installed::read(folder, root, &|_| {});
        args.modules.iter().map(read).collect::<Result<Vec<_>, _>>()?
    };
    let weak = if args.accept_weak_chains { WeakChains::Accept } else { WeakChains::Refuse };
    Ok(Effect::of(before, after, &modules, Judged { weak, now }))
}

/// Shows an effect: a table of what changes, then counts. `premise` begins the last sentence.
pub(super) fn show(premise: &str, effect: &Effect, gpg: &GpgColumn, args: &EffectArgs) {
    if args.form.json {
        crate::say!("{}", in_json(effect, gpg));
        return;
    }
    match gpg {
        GpgColumn::Run(version, otherwise) => {
            crate::say!("gpg, run: {version}, in a scratch home");
            for key in otherwise {
                crate::say!("NOTE our model of gpg says otherwise of {key}: gpg is shown");
            }
        }
        GpgColumn::Model => crate::say!("gpg, not run: by our model of GnuPG 2.2"),
    }
    crate::say!(
        "{} and {} looked at, nothing published",
        counted(effect.developers_seen, "developer"),
        counted(effect.modules_seen, "module")
    );
    if effect.is_none() {
        crate::say!("\nnothing changes for anybody");
    } else {
        crate::cli::put(format_args!("\n{}", drill::table(effect)));
    }
    crate::say!("\n{premise}: {}", drill::counts(effect));
}

fn in_json(effect: &Effect, gpg: &GpgColumn) -> Value {
    let counts = effect.counts();
    let signatories = effect.signatories.iter().map(|change| {
        let role = match change.subject.role {
            Role::Master => "master",
            Role::Developer => "developer",
        };
        let mut value = sides(change);
        value["key"] = json!(change.subject.fingerprint);
        value["role"] = json!(role);
        value["user_id"] = json!(change.subject.name);
        value
    });
    let modules = effect.modules.iter().map(|change| {
        let mut value = sides(change);
        value["module"] = json!(change.subject.name);
        value["signer"] = json!(change.subject.signer);
        value
    });
    json!({
        "version": 1,
        "gpg": match gpg {
            GpgColumn::Run(version, _) => Some(version),
            GpgColumn::Model => None,
        },
        "developers": effect.developers_seen,
        "modules": effect.modules_seen,
        "developers_stop": counts.developers_stop,
        "modules_stop": counts.modules_stop,
        "developers_begin": counts.developers_begin,
        "modules_begin": counts.modules_begin,
        "changed_keys": signatories.collect::<Vec<_>>(),
        "changed_modules": modules.collect::<Vec<_>>(),
    })
}

fn sides<T>(change: &Change<T>) -> Value {
    let view = |view: &View| {
        json!({
            "gpg": view.gpg.to_string(),
            "freepbx": view.freepbx.number(),
            "good": view.problems.is_empty(),
            "problems": view.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    json!({ "before": view(&change.before), "after": view(&change.after) })
}
