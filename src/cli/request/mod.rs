//! `countersign request …`

mod approve;
pub mod args;
mod certify;
mod index;
mod master;
mod module;
mod prepare;
mod recertify;
mod revoke;

use std::io::Write as _;
use std::path::Path;

use super::args::{Common, OutputArgs, RequestVerb};
use super::signer::Signer;
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::exchange::{self, Records};
use crate::fingerprint::Fingerprint;
use crate::operation::{Operation, SignModule, TrustBundle};
use crate::policy::{Evidence, History, Judged, Policy, Rejection};
use crate::request::{Draft, MAX_BYTES, Request};
use crate::safe::Safe;
use crate::screen::{self, Detail};
use crate::time::Timestamp;

pub(super) fn run(common: &Common, verb: &RequestVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)
        .map_err(|e| Failure::from(e).hint("name the authority's record with --authority DIR"))?;
    let asking = Asking::new(common, &authority, super::now(common.time));
    match verb {
        RequestVerb::Certify(args) => asking.certify(args),
        RequestVerb::Revoke(args) => asking.revoke(args),
        RequestVerb::Recertify(args) => asking.recertify(args),
        RequestVerb::Module(args) => asking.module(args),
        RequestVerb::CrossCertify(args) => asking.cross_certify(args),
        RequestVerb::TransitionStatement(args) => asking.transition_statement(args),
        RequestVerb::RenewMaster(args) => asking.renew_master(args),
        RequestVerb::RevokeKey(args) => asking.revoke_key(args),
        RequestVerb::Approve(args) => asking.approve(args),
        RequestVerb::Join(args) => asking.join(args),
        RequestVerb::PrepareRevocation(args) => asking.prepare_revocation(args),
        RequestVerb::Show { files } => asking.show_all(files),
    }
}

/// Somebody who asks an authority's station for something.
pub(super) struct Asking<'a> {
    common: &'a Common,
    authority: &'a Authority,
    now: Timestamp,
}

impl<'a> Asking<'a> {
    /// Somebody who asks at `now`.
    pub(super) fn new(common: &'a Common, authority: &'a Authority, now: Timestamp) -> Self {
        Self { common, authority, now }
    }

    /// Lints, signs, judges once more as the station will, and writes.
    pub(super) fn finish(
        &self,
        signer: &Signer,
        draft: &Draft,
        evidence: &Evidence,
        output: &OutputArgs,
    ) -> Result<(), Failure> {
        let (authority, now) = (self.authority, self.now);
        let history = history(authority, draft.operation())?;
        let context = authority.context(now);
        Policy::lint(&context, draft, &history, evidence).map_err(|r| refused(&r))?;
        let signed = signer.sign(&draft.text(), now)?;
        let request = Request::parse(&signed, authority.policy().limits.max_request_bytes)?;
        let (judged, now) = self.judged(request, &history, evidence);
        let judged = judged.map_err(|r| refused(&r))?;
        let request = judged.request();
        let place = write(output, &request.file_name(), request.text().as_bytes())?;
        if !self.common.quiet {
            let context = authority.context(now);
            crate::cli::put_aside(format_args!(
                "{}",
                screen::review(&judged, &context, &history, Detail::Brief)
            ));
            crate::tell!("\nwritten: {place}");
            next(&judged, &place);
        }
        Ok(())
    }

    /// What the station will say of a signed request, and when: a signature made by gpg bears
    /// gpg's time, a moment after the request's. Approvals may be missing yet.
    fn judged(
        &self,
        request: Request,
        history: &History,
        evidence: &Evidence,
    ) -> (Result<Judged, Box<Rejection>>, Timestamp) {
        let later = request.signatures().iter().filter_map(|s| s.signature_creation_time());
        let later = later.map(Timestamp::from).max().map_or(self.now, |t| t.max(self.now));
        let now = if self.common.time.is_some() { self.now } else { later };
        (Policy::preview(&self.authority.context(now), request, history, evidence), now)
    }

    /// The same for something that only a request tells.
    fn ask(
        &self,
        signer: &Signer,
        master: &Certificate,
        operation: Operation,
        output: &OutputArgs,
    ) -> Result<(), Failure> {
        let draft = Draft::new(self.now, master.fingerprint(), operation);
        self.finish(signer, &draft, &Evidence::default(), output)
    }

    fn show_all(&self, files: &[std::path::PathBuf]) -> Result<(), Failure> {
        let mut refused = 0;
        for failure in files.iter().filter_map(|f| show(self.authority, f, self.now).err()) {
            failure.report();
            refused += 1;
        }
        match refused {
            0 => Ok(()),
            n => Err(Failure::say(Exit::Refused, format!("{n} of them would be refused"))),
        }
    }

    pub(super) fn master(
        &self,
        asked: Option<Fingerprint>,
    ) -> Result<&Certificate, AuthorityError> {
        let last = self.authority.policy().masters.last().map(|m| m.fingerprint);
        let fingerprint = asked.or(last).expect("a policy names at least one master");
        self.authority.master(fingerprint)
    }
}

/// Says where a request has to go next: to those who have still to approve it, or to the station.
fn next(judged: &Judged, place: &str) {
    let open = judged.open();
    for violation in &open {
        crate::tell!("not yet: {}: {}", violation.rule, Safe(&violation.reason));
    }
    match open.is_empty() {
        true => crate::tell!("next: carry it to the station, and compare the words there"),
        false => {
            crate::tell!("next: give it to them; each says: countersign request approve {place}");
        }
    }
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
        Some(path) if path.extension().is_none() && !path.exists() => {
            let text = format!("there is no folder {}", path.display());
            let hint = format!("mkdir {}", path.display());
            return Err(Failure::say(Exit::Failed, text).hint(hint));
        }
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

/// Reads a request from a file.
fn read(authority: &Authority, file: &Path) -> Result<Request, Failure> {
    let bytes = exchange::read_path(file, MAX_BYTES)?;
    Request::parse(&bytes, authority.policy().limits.max_request_bytes)
        .map_err(|e| Failure::new(Exit::Refused, anyhow::Error::new(e).context(shown(file))))
}

fn show(authority: &Authority, file: &Path, now: Timestamp) -> Result<(), Failure> {
    let request = read(authority, file)?;
    let (history, evidence) = beside(authority, &request, file)?;
    let context = authority.context(now);
    match Policy::preview(&context, request, &history, &evidence) {
        Ok(judged) => {
            crate::cli::put(format_args!(
                "{}",
                screen::review(&judged, &context, &history, Detail::Full)
            ));
            let open = judged.open();
            match open.is_empty() {
                true => Ok(()),
                false => Err(open.iter().fold(
                    Failure::say(Exit::Refused, "the station would refuse this request as it is"),
                    |failure, v| failure.hint(format!("{}: {}: {}", v.rule, v.reason, v.mend)),
                )),
            }
        }
        Err(rejection) => {
            crate::cli::put(format_args!("{}", screen::rejection(&rejection, &context, &history)));
            Err(Failure::say(Exit::Refused, "the station would refuse this request"))
        }
    }
}

/// What is on record about the request in `file`, and what lies beside it.
fn beside(
    authority: &Authority,
    request: &Request,
    file: &Path,
) -> Result<(History, Evidence), Failure> {
    let history = history(authority, request.operation())?;
    let folder = Some(file.parent().unwrap_or(Path::new(".")));
    let records = Records::of(authority.masters());
    let mut evidence = exchange::evidence(request.operation(), &history, folder, &records);
    if request.operation().as_any::<TrustBundle>().is_some() {
        evidence.last_bundle = authority.last_bundle()?.map(|bundle| bundle.head().clone());
    }
    if let Some(asked) = request.operation().as_any::<SignModule>() {
        evidence.previous = authority.last_list(&asked.module)?;
    }
    Ok((history, evidence))
}

fn shown(file: &Path) -> String {
    format!("{} is not a request", Safe(&file.display().to_string()))
}

fn history(authority: &Authority, operation: &Operation) -> Result<History, AuthorityError> {
    operation.object().map_or(Ok(History::default()), |object| authority.history(&object))
}
