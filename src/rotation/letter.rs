//! What a developer is written.

use std::fmt::Write as _;

use super::Plan;
use crate::authority::Authority;
use crate::fingerprint::Fingerprint;
use crate::policy::Violation;
use crate::safe::Safe;
use crate::time::Timestamp;

/// Widest line of a letter, in characters.
const WIDTH: usize = 76;

/// Whom a letter is for.
pub struct Addressee<'a> {
    /// The key.
    pub key: Fingerprint,
    /// The first user ID.
    pub name: &'a str,
    /// What keeps the new master from certifying the key without its owner; empty where nothing
    /// does.
    pub in_the_way: &'a [Violation],
}

/// The letter: what happens, why, until when, and the very command to answer with.
pub fn letter(authority: &Authority, plan: &Plan, to: &Addressee<'_>, due: Timestamp) -> String {
    let project = Safe(&authority.policy().name).to_string();
    let mut out = format!("To {}\nSubject: a new signing master for {project}\n\n", Safe(to.name));
    let paragraph = |out: &mut String, text: &str| {
        for line in wrap(text, WIDTH) {
            let _ = writeln!(out, "{line}");
        }
        let _ = writeln!(out);
    };
    let retire = plan.stage.retire.begins.date();
    paragraph(
        &mut out,
        &format!(
            "{project} gets a new master key. Until now your key was certified by the old one. Both \
             are trusted for a while; from {retire} on only the new one is. What you sign counts \
             after that only if the new master has certified your key, too."
        ),
    );
    for (label, key) in [("your key", to.key), ("old master", plan.old), ("new master", plan.new)] {
        let _ = writeln!(out, "  {label:<11} {}", key.spaced());
    }
    let _ = writeln!(out);
    if to.in_the_way.is_empty() {
        paragraph(
            &mut out,
            "You need not do anything: the certification that you asked for stands, and the new \
             master certifies your key on the strength of it. If you do not want that, or the key \
             is not yours any more, write to us.",
        );
        return out;
    }
    paragraph(&mut out, "We cannot do that without you, because:");
    for violation in to.in_the_way {
        for (at, line) in wrap(&Safe(&violation.reason).to_string(), WIDTH - 4).iter().enumerate() {
            let _ = writeln!(out, "  {} {line}", if at == 0 { "-" } else { " " });
        }
    }
    let _ = writeln!(out);
    let due = due.date();
    paragraph(&mut out, &format!("Please do this by {due}:"));
    let mut number = 1;
    let renews = |v: &&Violation| v.rule == "self-signatures" || v.rule == "key-expiry";
    if to.in_the_way.iter().any(|v| renews(&v)) {
        let _ = writeln!(
            out,
            "  {number}. Renew your key's own signatures (or give the date that it had):\n\n     \
             gpg --cert-digest-algo SHA512 --quick-set-expire \\\n         {} 2y\n",
            to.key
        );
        number += 1;
    }
    let _ = writeln!(
        out,
        "  {number}. Read agreement.txt in the project's record, and ask the new master:\n\n     \
         countersign --authority RECORD request certify \\\n         --local-user {} \\\n         \
         --master {} \\\n         --accept-agreement RECORD/agreement.txt --output .\n",
        to.key, plan.new
    );
    let _ = writeln!(
        out,
        "  {}. Send us the file certify-….request.asc, and read us the words of its id\n     \
         by telephone if you can.\n",
        number + 1
    );
    paragraph(
        &mut out,
        "RECORD is your copy of the project's public record. Compare the fingerprint of the new \
         master with what the project publishes elsewhere before you do anything.",
    );
    out
}

/// Breaks at spaces.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
