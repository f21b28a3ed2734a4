//! `countersign request …`

use std::io::Write as _;
use std::path::Path;

use super::args::{Common, OutputArgs, ReasonArg, RequestVerb};
use super::signer::Signer;
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::operation::{
    Agreement, CertificateBlock, Certify, Operation, Reason, SignModule, TrustSignature,
};
use crate::policy::{Evidence, History, Policy, Rejection};
use crate::request::{Draft, MAX_BYTES, Request};
use crate::safe::Safe;
use crate::screen::{self, Detail};
use crate::time::Timestamp;

pub(super) fn run(common: &Common, verb: RequestVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)
        .map_err(|e| Failure::from(e).hint("name the authority's record with --authority DIR"))?;
    let now = super::now(common.time);
    match verb {
        RequestVerb::Certify {
            signer,
            gpg,
            accept_agreement,
            validity,
            user_ids,
            trust,
            master,
            output,
        } => {
            let signer = Signer::new(&signer, &gpg)?;
            let master = choose_master(&authority, master)?;
            let certificate = with_past(&authority, &signer.certificate()?, master)?;
            let asked = Certify {
                user_ids: if user_ids.is_empty() {
                    valid_user_ids(&certificate, now)?
                } else {
                    user_ids
                },
                certificate: CertificateBlock::new(certificate.to_bytes()),
                expires: expiry(&validity, now)?,
                agreement: accepted(&authority, &accept_agreement)?,
                policy_uri: authority.policy().certify.policy_uri.clone(),
                trust: trust.map(|amount| TrustSignature { depth: 1, amount }),
            };
            let draft = Draft::new(now, master.fingerprint(), Operation::Certify(asked));
            finish(common, &authority, &signer, &draft, &Evidence::default(), now, &output)
        }
        RequestVerb::Revoke { developer, reason, text, signer, gpg, master, output } => {
            let reason = match reason {
                ReasonArg::Unspecified => Reason::Unspecified,
                ReasonArg::UserIdInvalid => Reason::UserIdInvalid,
            };
            let master = match master {
                Some(_) => choose_master(&authority, master)?,
                None => certifier(&authority, developer)?,
            };
            let operation = authority.revocation(developer, master, reason, text)?;
            let draft = Draft::new(now, master.fingerprint(), operation);
            let signer = Signer::new(&signer, &gpg)?;
            finish(common, &authority, &signer, &draft, &Evidence::default(), now, &output)
        }
        RequestVerb::Show { files } => {
            let mut refused = 0;
            for failure in files.iter().filter_map(|file| show(&authority, file, now).err()) {
                failure.report();
                refused += 1;
            }
            match refused {
                0 => Ok(()),
                n => Err(Failure::say(Exit::Refused, format!("{n} of them would be refused"))),
            }
        }
    }
}

/// Lints, signs, judges once more as the station will, and writes.
fn finish(
    common: &Common,
    authority: &Authority,
    signer: &Signer,
    draft: &Draft,
    evidence: &Evidence,
    now: Timestamp,
    output: &OutputArgs,
) -> Result<(), Failure> {
    let history = history(authority, draft.operation())?;
    let context = authority.context(now);
    Policy::lint(&context, draft, &history, evidence).map_err(|r| refused(&r))?;
    let signed = signer.sign(&draft.text(), now)?;
    let limit = authority.policy().limits.max_request_bytes;
    let request = Request::parse(&signed, limit)?;
    // A signature made by gpg bears gpg's time, a moment after the request's.
    let later = request.signatures().iter().filter_map(|s| s.signature_creation_time());
    let later = later.map(Timestamp::from).max().map_or(now, |t| t.max(now));
    let context = authority.context(if common.time.is_some() { now } else { later });
    let review = Policy::review(&context, request, &history, evidence).map_err(|r| refused(&r))?;
    let request = review.request();
    let place = write(output, &request.file_name(), request.text().as_bytes())?;
    if !common.quiet {
        eprint!("{}", screen::review(&review, &context, &history, Detail::Brief));
        eprintln!("\nwritten: {place}");
        eprintln!("next: carry it to the station, and compare the words there");
    }
    Ok(())
}

fn refused(rejection: &Rejection) -> Failure {
    let violations = rejection.violations();
    let mut text = String::from("the station would refuse this request");
    for violation in &violations {
        text.push_str(&format!("\n{}: {}", violation.rule, violation.reason));
    }
    let failure = Failure::say(Exit::Refused, text);
    violations.into_iter().fold(failure, |f, v| f.hint(format!("{}: {}", v.rule, v.mend)))
}

/// Writes to a file, into a folder under `name`, or to standard output.
pub(super) fn write(output: &OutputArgs, name: &str, bytes: &[u8]) -> Result<String, Failure> {
    let path = match output.output.as_deref() {
        Some(path) if path == Path::new("-") => {
            std::io::stdout().write_all(bytes)?;
            return Ok("standard output".into());
        }
        Some(path) if path.is_dir() => path.join(name),
        Some(path) => path.to_owned(),
        None => name.into(),
    };
    if path.exists() && !output.force {
        let text = format!("{} exists already", path.display());
        return Err(Failure::say(Exit::Failed, text).hint("replace it with --force"));
    }
    exchange::write_path(&path, bytes)?;
    Ok(path.display().to_string())
}

fn show(authority: &Authority, file: &Path, now: Timestamp) -> Result<(), Failure> {
    let bytes = exchange::read_path(file, MAX_BYTES)?;
    let limit = authority.policy().limits.max_request_bytes;
    let request = Request::parse(&bytes, limit)
        .map_err(|e| Failure::new(Exit::Refused, anyhow::Error::new(e).context(shown(file))))?;
    let history = history(authority, request.operation())?;
    let context = authority.context(now);
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut evidence = exchange::evidence(request.operation(), &history, folder, |_| None);
    if let Some(asked) = request.operation().as_any::<SignModule>() {
        evidence.previous = authority.last_list(&asked.module)?;
    }
    match Policy::review(&context, request, &history, &evidence) {
        Ok(review) => {
            crate::cli::put(format_args!(
                "{}",
                screen::review(&review, &context, &history, Detail::Full)
            ));
            Ok(())
        }
        Err(rejection) => {
            crate::cli::put(format_args!("{}", screen::rejection(&rejection, &context, &history)));
            Err(Failure::say(Exit::Refused, "the station would refuse this request"))
        }
    }
}

fn shown(file: &Path) -> String {
    format!("{} is not a request", Safe(&file.display().to_string()))
}

fn history(authority: &Authority, operation: &Operation) -> Result<History, AuthorityError> {
    operation.object().map_or(Ok(History::default()), |object| authority.history(&object))
}

/// The certificate with what the master said of it so far, by the record: the station may not
/// have been there.
fn with_past(
    authority: &Authority,
    certificate: &Certificate,
    master: &Certificate,
) -> Result<Certificate, Failure> {
    match authority.developer(certificate.fingerprint()) {
        Ok(record) => Ok(certificate.merged(&record.certificate, &[master])?),
        Err(AuthorityError::NoSuchDeveloper(_)) => Ok(certificate.clone()),
        Err(error) => Err(error.into()),
    }
}

fn choose_master(
    authority: &Authority,
    asked: Option<Fingerprint>,
) -> Result<&Certificate, AuthorityError> {
    let last = authority.policy().masters.last().map(|m| m.fingerprint);
    let fingerprint = asked.or(last).expect("a policy names at least one master");
    authority.master(fingerprint)
}

/// The last master in the policy that ever certified the developer.
fn certifier(authority: &Authority, developer: Fingerprint) -> Result<&Certificate, Failure> {
    let record = authority.developer(developer)?;
    let mut masters = authority.masters().iter().rev();
    masters
        .find(|m| !record.certificate.opinions_of(m).is_empty())
        .ok_or_else(|| Failure::say(Exit::Refused, format!("no master ever certified {developer}")))
}

fn valid_user_ids(certificate: &Certificate, now: Timestamp) -> Result<Vec<String>, Failure> {
    let policy = crate::certificate::lenient(now);
    let valid = certificate.cert().userids().with_policy(&policy, std::time::SystemTime::from(now));
    let mut ids = Vec::new();
    for user_id in valid.revoked(false) {
        let text = std::str::from_utf8(user_id.userid().value()).map_err(|_| {
            Failure::say(Exit::Refused, "user-id-form: a user ID is not UTF-8 text")
                .hint("name the user IDs to certify with --user-id")
        })?;
        ids.push(text.to_owned());
    }
    Ok(ids)
}

fn accepted(authority: &Authority, file: &Path) -> Result<Agreement, Failure> {
    let text = exchange::read_path(file, 1 << 20)?;
    let notation = authority.policy().certify.agreement.notation.clone();
    Ok(Agreement { sha256: Sha256::of(text), notation })
}

/// Reads `90d`, `18m`, `2y`, a date or `none`. A month counts 30 days, a year 365.
fn expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    if text == "none" {
        return Ok(None);
    }
    if let Ok(date) = Timestamp::parse(text) {
        return Ok(Some(date));
    }
    let days = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, unit)) => {
            let per = [("d", 1), ("m", 30), ("y", 365)].iter().find(|(u, _)| *u == unit);
            per.and_then(|(_, days)| number.parse::<u32>().ok()?.checked_mul(*days))
        }
        None => None,
    };
    match days {
        Some(days) if days > 0 => Ok(Some(now.after(days.saturating_mul(Timestamp::DAY)))),
        _ => Err(Failure::say(Exit::Usage, format!("{text:?} is not a validity"))
            .hint("say 90d, 18m, 2y, a date like 2028-01-31, or none")),
    }
}
