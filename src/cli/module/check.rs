//! `countersign module check`: before anybody signs.

use std::path::PathBuf;

use serde_json::json;

use super::args::Profile;
use super::{Exit, Failure};
use crate::cli::args::Form;
use crate::module::check::{Finding, Severity, check};
use crate::safe::Safe;

pub(super) fn run(folders: &[PathBuf], profile: Profile, form: &Form) -> Result<(), Failure> {
    let mut errors = 0;
    for folder in folders {
        let findings = match check(folder, profile.selection()) {
            Ok(findings) => findings,
            Err(error) => {
                Failure::from(error).report();
                errors += 1;
                continue;
            }
        };
        errors += findings.iter().filter(|f| f.concern.severity() == Severity::Error).count();
        let name = folder.display().to_string();
        match form.json {
            true => crate::say!(
                "{}",
                json!({
                    "version": 1,
                    "folder": name,
                    "findings": findings.iter().map(as_json).collect::<Vec<_>>(),
                })
            ),
            false if findings.is_empty() => crate::say!("{}: nothing to mend", Safe(&name)),
            false => {
                crate::say!("{}", Safe(&name));
                findings.iter().for_each(print);
            }
        }
    }
    match errors {
        0 => Ok(()),
        1 => Err(Failure::say(Exit::Refused, "1 error: FreePBX does not take it like this")),
        n => Err(Failure::say(
            Exit::Refused,
            format!("{n} errors: FreePBX does not take it like this"),
        )),
    }
}

fn print(finding: &Finding) {
    let mark = match finding.concern.severity() {
        Severity::Error => "error  ",
        Severity::Warning => "warning",
    };
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let (path, reason) = (Safe(&finding.path), Safe(&finding.reason));
    crate::say!("  {mark} {}  {path}{line}: {reason}", finding.concern);
}

fn as_json(finding: &Finding) -> serde_json::Value {
    let severity = match finding.concern.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "name": finding.concern.name(),
        "severity": severity,
        "path": finding.path,
        "line": finding.line,
        "reason": finding.reason,
    })
}
