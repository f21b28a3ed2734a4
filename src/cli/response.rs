//! `countersign response …`

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{Common, Form, ResponseArgs, ResponseVerb};
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError};
use crate::exchange;
use crate::exchange::compact::{self, Answer, CompactError};
use crate::request::{self, Request, RequestId};
use crate::response::{self, Response, ResponseError, Verified};
use crate::safe::Safe;

pub(super) fn run(common: &Common, verb: &ResponseVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let (args, install) = match verb {
        ResponseVerb::Verify(args) => (args, false),
        ResponseVerb::Install(args) => (args, true),
    };
    let mut refused = None;
    for file in &args.files {
        match one(&authority, file, args) {
            Ok((request, verified)) if install => {
                let installed = authority.install(&request, &verified)?;
                print(common, &args.form, file, &verified, Some(&installed.path));
            }
            Ok((_, verified)) => print(common, &args.form, file, &verified, None),
            // One refusal among the answers of a batch does not keep the others out.
            Err(failure) if failure.exit() == Exit::Refused => {
                failure.report();
                refused = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    match refused {
        Some(_) => Err(Failure::say(Exit::Refused, "not every request was granted")),
        None => Ok(()),
    }
}

fn one(
    authority: &Authority,
    file: &Path,
    args: &ResponseArgs,
) -> Result<(Request, Verified), Failure> {
    let untrue = |e: ResponseError| {
        let exit =
            if matches!(e, ResponseError::Refused { .. }) { Exit::Refused } else { Exit::Untrue };
        Failure::new(exit, anyhow::Error::new(e).context(file.display().to_string()))
    };
    let bytes = exchange::read_path(file, response::MAX_BYTES)?;
    let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let requests = args.requests.as_deref().unwrap_or(beside);
    let (request, response) = if file.to_string_lossy().ends_with(compact::ANSWER.0) {
        let small = |e: CompactError| {
            let shown = file.display().to_string();
            Failure::new(Exit::Untrue, anyhow::Error::new(e).context(shown))
        };
        let answer = Answer::parse(&bytes).map_err(small)?;
        let request = find_request(requests, answer.request())?;
        let master = authority.master(request.master())?;
        let response = answer.response(&request, master).map_err(small)?;
        (request, response)
    } else {
        let response = Response::parse(&bytes).map_err(untrue)?;
        (find_request(requests, response.request)?, response)
    };
    match authority.verify(&request, response) {
        Ok(verified) => Ok((request, verified)),
        Err(AuthorityError::Response(error)) => Err(untrue(*error)),
        Err(other) => Err(other.into()),
    }
}

/// The request with this id: the file that was named, or whichever in the folder has it.
pub(super) fn find_request(given: &Path, id: RequestId) -> Result<Request, Failure> {
    let read = |path: &PathBuf| -> Result<Request, Failure> {
        let bytes = exchange::read_path(path, request::MAX_BYTES)?;
        Ok(Request::parse(&bytes, request::MAX_BYTES)?)
    };
    if !given.is_dir() {
        return read(&given.to_owned());
    }
    let names = exchange::list(given, ".request.asc", exchange::MAX_LISTED)?;
    let token = id.token();
    // By its name first, then, should somebody have renamed it, by its content.
    let near = |name: &&OsString| name.to_string_lossy().contains(&token);
    let (near, far): (Vec<_>, Vec<_>) = names.iter().partition(near);
    for name in near.into_iter().chain(far) {
        match read(&given.join(name)) {
            Ok(request) if request.id() == id => return Ok(request),
            _ => {}
        }
    }
    let text = format!("{} holds no request {id}", given.display());
    Err(Failure::say(Exit::Untrue, text).hint("name the request or its folder with --requests"))
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
