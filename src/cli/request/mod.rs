//! `countersign request …`

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
use crate::policy::{Evidence, History, Policy, Rejection, Review};
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
        let (review, now) = self.judged(&signed, &history, evidence)?;
        let review = review.map_err(|r| refused(&r))?;
        let context = authority.context(now);
        let request = review.request();
        let place = write(output, &request.file_name(), request.text().as_bytes())?;
        if !self.common.quiet {
            eprint!("{}", screen::review(&review, &context, &history, Detail::Brief));
            eprintln!("\nwritten: {place}");
            eprintln!("next: carry it to the station, and compare the words there");
        }
        Ok(())
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

    /// What the station will say of a signed text, and when: a signature made by gpg bears gpg's
    /// time, a moment after the request's.
    fn judged(
        &self,
        signed: &[u8],
        history: &History,
        evidence: &Evidence,
    ) -> Result<(Result<Review, Box<Rejection>>, Timestamp), Failure> {
        let limit = self.authority.policy().limits.max_request_bytes;
        let request = Request::parse(signed, limit)?;
        let later = request.signatures().iter().filter_map(|s| s.signature_creation_time());
        let later = later.map(Timestamp::from).max().map_or(self.now, |t| t.max(self.now));
        let now = if self.common.time.is_some() { self.now } else { later };
        Ok((Policy::review(&self.authority.context(now), request, history, evidence), now))
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

fn show(authority: &Authority, file: &Path, now: Timestamp) -> Result<(), Failure> {
    let bytes = exchange::read_path(file, MAX_BYTES)?;
    let limit = authority.policy().limits.max_request_bytes;
    let request = Request::parse(&bytes, limit)
        .map_err(|e| Failure::new(Exit::Refused, anyhow::Error::new(e).context(shown(file))))?;
    let history = history(authority, request.operation())?;
    let context = authority.context(now);
    let folder = file.parent().unwrap_or(Path::new("."));
    let (records, folder) = (Records::of(authority.masters()), Some(folder));
    let mut evidence = exchange::evidence(request.operation(), &history, folder, &records);
    if request.operation().as_any::<TrustBundle>().is_some() {
        evidence.last_bundle = authority.last_bundle()?.map(|bundle| bundle.head().clone());
    }
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
