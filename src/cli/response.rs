//! `countersign response …`

mod requests;

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Common, Form, ResponseVerb};
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError};
use crate::exchange;
use crate::request::Request;
use crate::response::{self, Response, ResponseError, Verified};
use crate::safe::{Safe, counted};
use requests::Requests;

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
            false => taking.one(path, |file, verified, installed| {
                print(common, &args.form, file, verified, installed);
            })?,
            true => taking.folder(path, common, &args.form)?,
        }
    }
    match taking.refused {
        0 => Ok(()),
        _ => Err(Failure::say(Exit::Refused, "not every request was granted")),
    }
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
        done: impl FnOnce(&Path, &Verified, Option<&Path>),
    ) -> Result<(), Failure> {
        let (request, response) = self.read(file)?;
        let refusal = matches!(response.outcome, response::Outcome::Refused { .. });
        if refusal && self.install && response.request == request.id() {
            self.authority.keep_refusal(&request, &response)?;
        }
        match verified(self.authority, file, &request, response) {
            Ok(verified) if self.install => {
                let installed = self.authority.install(&request, &verified)?;
                done(file, &verified, Some(&installed.path));
            }
            Ok(verified) => done(file, &verified, None),
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
            let result = self.one(&folder.join(name), |file, verified, installed| {
                if form.json {
                    print(common, form, file, verified, installed);
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
        Ok(())
    }

    fn read(&mut self, file: &Path) -> Result<(Request, Response), Failure> {
        let bytes = exchange::read_path(file, response::MAX_BYTES)?;
        let response = Response::parse(&bytes).map_err(|e| untrue(file, e))?;
        let request = self.requests.find(file, response.request)?;
        Ok((request, response))
    }
}

fn untrue(file: &Path, error: ResponseError) -> Failure {
    let refused = matches!(error, ResponseError::Refused { .. });
    let exit = if refused { Exit::Refused } else { Exit::Untrue };
    Failure::new(exit, anyhow::Error::new(error).context(file.display().to_string()))
}

fn verified(
    authority: &Authority,
    file: &Path,
    request: &Request,
    response: Response,
) -> Result<Verified, Failure> {
    authority.verify(request, response).map_err(|error| match error {
        AuthorityError::Response(error) => untrue(file, *error),
        other => other.into(),
    })
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

fn print(common: &Common, form: &Form, file: &Path, verified: &Verified, installed: Option<&Path>) {
    if form.json {
        let value = serde_json::json!({
            "version": 1,
            "file": file.display().to_string(),
            "request": verified.request(),
            "master": verified.master(),
            "signatures": verified.count(),
            "installed": installed.map(|p| p.display().to_string()),
        });
        crate::say!("{value}");
    } else if !common.quiet {
        let n = match verified.count() {
            1 => "1 signature".to_owned(),
            n => format!("{n} signatures"),
        };
        let done = if installed.is_some() { "installed" } else { "verified" };
        crate::say!("{}: {n}, exactly as asked, {done}", Safe(&file.display().to_string()));
        crate::say!("  master  {}", verified.master());
        crate::say!("  request {}", verified.request());
        if let Some(path) = installed {
            crate::say!("  record  {}", path.display());
        }
    }
}
