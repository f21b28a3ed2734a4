//! A request as a person sees it before anything is signed: one screen, nothing left out.

use std::fmt::Write as _;

use crate::certificate::{Certificate, algorithm};
use crate::digest::Sha256;
use crate::module::Changes;
use crate::operation::{Object, Statement};
use crate::policy::{
    Context, Decision, Finding, History, Judged, Kind, Other, Rejection, Signers, Verdict, Witness,
};
use crate::request::Request;
use crate::safe::{Safe, clip};
use crate::time::Timestamp;

/// Widest line, in characters, where the text allows.
const WIDTH: usize = 78;

/// The request once more in two lines, for right above the question: a long screen scrolls away.
pub fn recap(review: &Judged) -> String {
    let request = review.request();
    let name = request.operation().name().to_string().replace('-', " ").to_uppercase();
    let about = match request.operation().object() {
        Some(Object::Key(key)) => format!("key {}", key.spaced()),
        Some(object @ (Object::Module(_) | Object::Bundle)) => object.to_string(),
        None => String::new(),
    };
    format!("{name} {}\n{about}", Safe(&request.operation().brief()))
}

/// How much of each verdict to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The rules that hold by name only: what fits one screen at the station.
    Brief,
    /// What every rule found.
    Full,
}

/// The screen for a request that holds by every rule, but perhaps those about signatures that are
/// still to come.
pub fn review(review: &Judged, context: &Context<'_>, history: &History, detail: Detail) -> String {
    let mut out = String::new();
    let request = review.request();
    heading(&mut out, request, context);
    signers(&mut out, review.signers());
    let certificate = review.certificate();
    key(&mut out, request, certificate);
    asked(&mut out, request);
    let master = context.masters.iter().find(|m| m.fingerprint() == request.master());
    before(&mut out, &history.past(request.master(), certificate.zip(master)), certificate);
    if let Some(changes) = review.changes() {
        changed(&mut out, changes, detail);
    }
    findings(&mut out, review.findings(), detail);
    signatures(&mut out, review.statements(), detail);
    digest(&mut out, request);
    out
}

/// The screen for a request that breaks a rule.
pub fn rejection(rejection: &Rejection, context: &Context<'_>, history: &History) -> String {
    let mut out = String::new();
    let request = &rejection.request;
    heading(&mut out, request, context);
    signers(&mut out, &rejection.signers);
    others(&mut out, &rejection.others);
    let certificate = rejection.certificate.as_ref();
    key(&mut out, request, certificate);
    asked(&mut out, request);
    let master = context.masters.iter().find(|m| m.fingerprint() == request.master());
    before(&mut out, &history.past(request.master(), certificate.zip(master)), certificate);
    findings(&mut out, &rejection.findings, Detail::Brief);
    digest(&mut out, request);
    out
}

fn heading(out: &mut String, request: &Request, context: &Context<'_>) {
    let _ = writeln!(out, "{}", "─".repeat(WIDTH));
    let title = request.operation().name().to_string().replace('-', " ").to_uppercase();
    let _ = writeln!(out, "{title}");
    let master = request.master();
    let name = context.policy.masters.iter().find(|m| m.fingerprint == master);
    let name = name.map_or(String::from("not this authority's"), |m| m.name.clone());
    field(out, "master", &master.spaced());
    field(out, "", &Safe(&name).to_string());
    field(out, "made", &request.created().to_string());
}

/// Who asked, who approved, who witnessed: where managers did.
fn signers(out: &mut String, signers: &Signers) {
    let witness = match &signers.witness {
        Witness::Signed(person) => std::slice::from_ref(person),
        Witness::NotAsked | Witness::Word | Witness::Missing => &[],
    };
    let parts = [
        ("asked by", signers.requesters.as_slice()),
        ("approved by", &signers.approvers),
        ("witnessed by", witness),
    ];
    for (label, persons) in parts {
        for (at, person) in persons.iter().enumerate() {
            field(out, if at == 0 { label } else { "" }, &person.to_string());
        }
    }
}

/// Whose other signatures a refused request bears: whom to ask, and how far to believe it.
fn others(out: &mut String, others: &[Other]) {
    for other in others {
        match other {
            Other::Uncounted(person) => field(out, "signed by", &person.to_string()),
            Other::Unverified { who, why } => {
                field(out, "NOT VERIFIED", &format!("{}: {}", Safe(who), Safe(&clip(why))));
            }
        }
    }
}

/// The key that it is about, where it is about a certificate.
fn key(out: &mut String, request: &Request, certificate: Option<&Certificate>) {
    if let Some(certificate) = certificate {
        field(out, "key", &certificate.fingerprint().spaced());
        let made = Timestamp::from(certificate.primary().creation_time());
        field(out, "", &format!("{}, made {}", algorithm(certificate.primary()), made.date()));
    } else if request.operation().certificate().is_some()
        && let Some(Object::Key(key)) = request.operation().object()
    {
        field(out, "key", &key.spaced());
        field(out, "", "not verified: its certificate is refused");
    }
}

fn asked(out: &mut String, request: &Request) {
    for line in request.operation().describe() {
        field(out, line.label, &Safe(&clip(&line.value)).to_string());
    }
}

/// What the master decided about this key before: by the records here, and by its signatures on
/// the certificate, which may be older than the records, where that could be read.
fn before(out: &mut String, past: &[Decision], certificate: Option<&Certificate>) {
    if past.is_empty() {
        let by = if certificate.is_some() { " and by the certificate" } else { "" };
        field(out, "before", &format!("nothing, by the records here{by}"));
    }
    for (at, decision) in past.iter().enumerate() {
        field(out, if at == 0 { "before" } else { "" }, &line(decision));
    }
}

/// The files that differ from the list signed last: all of them, or what fits one screen.
fn changed(out: &mut String, changes: &Changes, detail: Detail) {
    field(out, "changed since", &changes.to_string());
    let marks = [("+", &changes.added), ("-", &changes.removed), ("~", &changes.altered)];
    let mut lines =
        marks.into_iter().flat_map(|(mark, paths)| paths.iter().map(move |p| (mark, p)));
    let shown = match detail {
        Detail::Brief => 15,
        Detail::Full => usize::MAX,
    };
    for (mark, path) in lines.by_ref().take(shown) {
        field(out, "", &format!("{mark} {}", Safe(path)));
    }
    match lines.count() {
        0 => {}
        more => field(out, "", &format!("and {more} more: airgap request review shows all")),
    }
}

fn line(decision: &Decision) -> String {
    let ids: Vec<String> = decision.names.iter().map(|id| Safe(id).to_string()).collect();
    let what = match decision.kind {
        Kind::Certified { expires: Some(at) } => format!("certified until {}", at.date()),
        Kind::Certified { expires: None } => "certified without end".into(),
        Kind::Revoked => "REVOKED".into(),
        Kind::SignedModule => {
            return format!("{} signed, version {}", decision.created.date(), ids.join(", "));
        }
        Kind::Bundled => {
            return format!("{} signed, serial {}", decision.created.date(), ids.join(", "));
        }
        Kind::Stated => return format!("{} transition stated", decision.created.date()),
        Kind::KeyRevoked => "KEY REVOKED".into(),
        Kind::RevocationPrepared => {
            return format!("{} own revocation prepared, sealed", decision.created.date());
        }
        Kind::Renewed { expires: Some(at) } => format!("made to last until {}", at.date()),
        Kind::Renewed { expires: None } => "made to last without end".into(),
    };
    format!("{} {what}: {}", decision.created.date(), ids.join(", "))
}

/// The verdicts: every rule by name; what a person should know, and in full what was found.
fn findings(out: &mut String, findings: &[Finding], detail: Detail) {
    let holds = |f: &&Finding| matches!(f.verdict, Verdict::Holds(_));
    let brief = detail == Detail::Brief;
    let _ = writeln!(out);
    if brief {
        let names: Vec<&str> = findings.iter().filter(holds).map(|f| f.rule).collect();
        field(out, &format!("{} rules hold", names.len()), &names.join(" · "));
    }
    for finding in findings.iter().filter(|f| !(brief && holds(f))) {
        let (mark, text) = match &finding.verdict {
            Verdict::Holds(found) => ("ok  ", found),
            Verdict::Warns(found) => ("NOTE", found),
            Verdict::Broken { reason, .. } => ("NO  ", reason),
        };
        let label = format!("{mark} {}", finding.rule);
        for (at, line) in wrap(&Safe(text).to_string(), WIDTH - 30).iter().enumerate() {
            let _ = writeln!(out, "{:<29} {line}", if at == 0 { &label } else { "" });
        }
        if let Verdict::Broken { mend, .. } = &finding.verdict {
            for line in wrap(&format!("→ {}", Safe(mend)), WIDTH - 30) {
                let _ = writeln!(out, "{:<29} {line}", "");
            }
        }
    }
}

fn signatures(out: &mut String, statements: &[Statement], detail: Detail) {
    let count = match statements.len() {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let _ = writeln!(out, "\nthe master key will sign {count}, SHA-512 digests:");
    for statement in statements {
        let id = statement.about();
        let digest = hex::encode(statement.digest());
        match detail {
            Detail::Brief => {
                let _ = writeln!(out, "  {}…{}  {}", &digest[..16], &digest[112..], Safe(&id));
            }
            Detail::Full => {
                let _ = writeln!(out, "  {}\n  {}  {}", &digest[..64], &digest[64..], Safe(&id));
            }
        }
    }
}

fn digest(out: &mut String, request: &Request) {
    let _ = writeln!(out, "\nrequest id");
    out.push_str(&digest_lines(&request.id().0));
}

/// A digest in hex and in words, indented, eight words a line.
pub fn digest_lines(digest: &Sha256) -> String {
    let mut out = String::new();
    let hex = digest.spaced();
    for half in [&hex[..39], &hex[40..]] {
        let _ = writeln!(out, "  {half}");
    }
    for words in digest.words().chunks(8) {
        let _ = writeln!(out, "  {}", words.join(" "));
    }
    out
}

fn field(out: &mut String, label: &str, value: &str) {
    for (at, line) in wrap(value, WIDTH - 20).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let _ = writeln!(out, "{label:<19} {line}");
    }
}

/// Breaks at spaces; a word longer than the line is broken where the line ends.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word: Vec<char> = word.chars().collect();
        let line = lines.last_mut().expect("there is always a line");
        let used = line.chars().count();
        let space = usize::from(used > 0);
        if used + space + word.len() <= width {
            line.extend(std::iter::repeat_n(' ', space).chain(word));
            continue;
        }
        if used == 0 {
            lines.pop();
        }
        lines.extend(word.chunks(width).map(|part| part.iter().collect()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_and_nothing_of_it_is_lost() {
        let text = format!("a short start {} end", "x".repeat(200));
        let lines = wrap(&text, 40);
        assert!(lines.iter().all(|l| l.chars().count() <= 40));
        let joined: String = lines.concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
    }
}
