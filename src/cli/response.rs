//! `countersign response …`

mod print;
mod requests;

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Common, Form, ResponseVerb};
use super::{Exit, Failure, journal};
use crate::authority::{Authority, AuthorityError};
use crate::exchange;
use crate::exchange::compact::{self, Answer, CompactError};
use crate::request::Request;
use crate::response::{self, Outcome, Response, ResponseError, SealedAnswer, Verified};
use crate::safe::{Safe, counted};
use print::print;
pub(super) use requests::Requests;

pub(super) fn run(common: &Common, verb: &ResponseVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let (args, install) = match verb {
        ResponseVerb::Verify(args) => (args, false),
        ResponseVerb::Install(args) => (args, true),
    };
    let mut taking = Taking {
        authority: &authority,
        requests: Requests::of(args.requests.as_deref()),
        install,
        refused: 0,
    };
    for path in &args.files {
        match path.is_dir() {
            false => taking.one(path, |file, accepted, installed| {
                print(common, &args.form, file, accepted, installed);
            })?,
            true => taking.folder(path, common, &args.form)?,
        }
    }
    match taking.refused {
        0 => Ok(()),
        _ => Err(Failure::say(Exit::Refused, "not every request was granted")),
    }
}

/// An answer that is what was asked for, as far as anybody can see.
pub(super) enum Accepted {
    /// Signatures, byte for byte.
    Signed(Request, Box<Verified>),
    /// Something that only its custodians can look at.
    Sealed(Request, SealedAnswer),
}

/// Reads an answer and holds it against its request.
pub(super) fn accepted(
    authority: &Authority,
    file: &Path,
    requests: Option<&Path>,
) -> Result<Accepted, Failure> {
    let (request, response) = read(authority, file, &mut Requests::of(requests))?;
    verified(authority, file, request, response)
}

/// Answers that are taken in one after the other.
struct Taking<'a> {
    authority: &'a Authority,
    requests: Requests<'a>,
    install: bool,
    refused: usize,
}

impl Taking<'_> {
    /// One answer. A refusal among the answers of a batch does not keep the others out.
    fn one(
        &mut self,
        file: &Path,
        done: impl FnOnce(&Path, &Accepted, Option<&Path>),
    ) -> Result<(), Failure> {
        let (request, response) = read(self.authority, file, &mut self.requests)?;
        let refusal = matches!(response.outcome, Outcome::Refused { .. });
        if refusal && self.install && response.request == request.id() {
            self.authority.keep_refusal(&request, &response)?;
        }
        match verified(self.authority, file, request, response) {
            Ok(accepted) => {
                let installed = match (&accepted, self.install) {
                    (_, false) => None,
                    (Accepted::Signed(request, verified), true) => {
                        Some(self.authority.install(request, verified)?.path)
                    }
                    (Accepted::Sealed(request, sealed), true) => {
                        Some(self.authority.install_sealed(request, sealed)?.path)
                    }
                };
                done(file, &accepted, installed.as_deref());
            }
            Err(failure) if failure.exit() == Exit::Refused => {
                failure.report();
                self.refused += 1;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Every answer in a folder and in the batches in it.
    fn folder(&mut self, folder: &Path, common: &Common, form: &Form) -> Result<(), Failure> {
        let mut names = Vec::new();
        let most = exchange::MAX_LISTED;
        exchange::visit_batches(folder, ".response.json", most, |name| names.push(name))?;
        names.sort();
        if names.is_empty() {
            let text = format!("{} holds no answer (*.response.json)", folder.display());
            return Err(Failure::say(Exit::Failed, text).hint("is it the right stick?"));
        }
        let bar = progress(names.len(), common);
        let (before, mut count) = (self.refused, 0);
        for name in names {
            let result = self.one(&folder.join(name), |file, accepted, installed| {
                // Nobody reads a thousand answers; what could not be checked is always said.
                if form.json || matches!(accepted, Accepted::Sealed(..)) {
                    bar.suspend(|| print(common, form, file, accepted, installed));
                }
                count += 1;
            });
            if result.is_err() {
                bar.finish_and_clear();
            }
            result?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        if !form.json && !common.quiet {
            let done = if self.install { "installed" } else { "verified" };
            let shown = folder.display().to_string();
            let answers = counted(count, "answer");
            crate::say!("{}: {answers}, exactly as asked, {done}", Safe(&shown));
            if self.refused > before {
                crate::say!("{} refused (above)", counted(self.refused - before, "request"));
            }
        }
        self.records(folder, common)
    }
}

impl Taking<'_> {
    /// The records of sessions that came along with the answers.
    fn records(&self, folder: &Path, common: &Common) -> Result<(), Failure> {
        if !self.install {
            return Ok(());
        }
        for name in exchange::list(folder, ".record.asc", exchange::MAX_LISTED)? {
            journal::install_record(common, self.authority, &folder.join(name))?;
        }
        Ok(())
    }
}

fn read(
    authority: &Authority,
    file: &Path,
    requests: &mut Requests<'_>,
) -> Result<(Request, Response), Failure> {
    let bytes = exchange::read_path(file, response::MAX_BYTES)?;
    if file.to_string_lossy().ends_with(compact::ANSWER.0) {
        let small = |e: CompactError| {
            let shown = file.display().to_string();
            Failure::new(Exit::Untrue, anyhow::Error::new(e).context(shown))
        };
        let answer = Answer::parse(&bytes).map_err(small)?;
        let request = requests.find(file, answer.request())?;
        let master = authority.master(request.master())?;
        let response = answer.response(&request, master).map_err(small)?;
        return Ok((request, response));
    }
    let response = Response::parse(&bytes).map_err(|e| untrue(file, e))?;
    let request = requests.find(file, response.request)?;
    Ok((request, response))
}

fn verified(
    authority: &Authority,
    file: &Path,
    request: Request,
    response: Response,
) -> Result<Accepted, Failure> {
    let accepted = match response.sealed() {
        Some(_) => {
            let sealed = authority.verify_sealed(&request, response);
            sealed.map(|sealed| Accepted::Sealed(request, sealed))
        }
        None => {
            let verified = authority.verify(&request, response);
            verified.map(|verified| Accepted::Signed(request, Box::new(verified)))
        }
    };
    accepted.map_err(|error| match error {
        AuthorityError::Response(error) => untrue(file, *error),
        other => other.into(),
    })
}

fn untrue(file: &Path, error: ResponseError) -> Failure {
    let refused = matches!(error, ResponseError::Refused { .. });
    let exit = if refused { Exit::Refused } else { Exit::Untrue };
    Failure::new(exit, anyhow::Error::new(error).context(file.display().to_string()))
}

fn progress(all: usize, common: &Common) -> ProgressBar {
    let target = match common.quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr_with_hz(4),
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} answers, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(all as u64), target);
    bar.with_style(style.expect("the template is sound"))
}
