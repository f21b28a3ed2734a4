//! `countersign response …`

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{Common, Form, ResponseVerb};
use super::{Exit, Failure};
use crate::authority::{Authority, AuthorityError};
use crate::exchange;
use crate::request::{self, Request, RequestId};
use crate::response::{self, Response, ResponseError, SealedAnswer, Verified};
use crate::safe::Safe;

pub(super) fn run(common: &Common, verb: &ResponseVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let (args, install) = match verb {
        ResponseVerb::Verify(args) => (args, false),
        ResponseVerb::Install(args) => (args, true),
    };
    let mut refused = None;
    for file in &args.files {
        match accepted(&authority, file, args.requests.as_deref()) {
            Ok(Accepted::Signed(request, verified)) => {
                let installed = match install {
                    true => Some(authority.install(&request, &verified)?.path),
                    false => None,
                };
                print(common, &args.form, file, &verified, installed.as_deref());
            }
            Ok(Accepted::Sealed(request, sealed)) => {
                let installed = match install {
                    true => Some(authority.install_sealed(&request, &sealed)?.path),
                    false => None,
                };
                print_sealed(common, &args.form, file, &sealed, installed.as_deref());
            }
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

/// An answer that is what was asked for, as far as anybody can see.
pub(super) enum Accepted {
    /// Signatures, byte for byte.
    Signed(Request, Verified),
    /// Something that only its custodians can look at.
    Sealed(Request, SealedAnswer),
}

/// Reads an answer and holds it against its request.
pub(super) fn accepted(
    authority: &Authority,
    file: &Path,
    requests: Option<&Path>,
) -> Result<Accepted, Failure> {
    let untrue = |e: ResponseError| {
        let exit =
            if matches!(e, ResponseError::Refused { .. }) { Exit::Refused } else { Exit::Untrue };
        Failure::new(exit, anyhow::Error::new(e).context(file.display().to_string()))
    };
    let bytes = exchange::read_path(file, response::MAX_BYTES)?;
    let response = Response::parse(&bytes).map_err(untrue)?;
    let request = find_request(file, response.request, requests)?;
    let accepted = match response.sealed() {
        Some(_) => {
            let sealed = authority.verify_sealed(&request, response);
            sealed.map(|sealed| Accepted::Sealed(request, sealed))
        }
        None => {
            let verified = authority.verify(&request, response);
            verified.map(|verified| Accepted::Signed(request, verified))
        }
    };
    match accepted {
        Ok(accepted) => Ok(accepted),
        Err(AuthorityError::Response(error)) => Err(untrue(*error)),
        Err(other) => Err(other.into()),
    }
}

/// The request with this id: the file that was named, or whichever in the folder has it.
fn find_request(response: &Path, id: RequestId, given: Option<&Path>) -> Result<Request, Failure> {
    let beside = response.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let given = given.unwrap_or(beside);
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

fn print_sealed(
    common: &Common,
    form: &Form,
    file: &Path,
    sealed: &SealedAnswer,
    installed: Option<&Path>,
) {
    if form.json {
        let value = serde_json::json!({
            "version": 1,
            "file": file.display().to_string(),
            "request": sealed.request(),
            "master": sealed.master(),
            "sealed": true,
            "installed": installed.map(|p| p.display().to_string()),
        });
        crate::say!("{value}");
    } else if !common.quiet {
        let done = if installed.is_some() { "installed" } else { "of the right form" };
        crate::say!("{}: sealed, {done}", Safe(&file.display().to_string()));
        crate::say!("  NOT CHECKED: what is in it, only a custodian can tell, by");
        let at = installed.map_or("FILE".into(), |path| path.display().to_string());
        crate::say!("          countersign revocation test {at}");
        crate::say!("  master  {}", sealed.master());
        crate::say!("  request {}", sealed.request());
    }
}
