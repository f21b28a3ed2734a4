//! An accepted answer in words, or as JSON.

use std::path::Path;

use serde_json::json;

use super::Accepted;
use crate::cli::args::{Common, Form};
use crate::operation::{PrepareRevocation, Seal};
use crate::request::Request;
use crate::response::{SealedAnswer, Verified};
use crate::safe::{Safe, counted};

/// Prints what was accepted, and where it was installed.
pub(super) fn print(
    common: &Common,
    form: &Form,
    file: &Path,
    accepted: &Accepted,
    installed: Option<&Path>,
) {
    match (accepted, form.json) {
        (Accepted::Signed(_, verified), true) => {
            let value = json!({
                "version": 1,
                "file": file.display().to_string(),
                "request": verified.request(),
                "master": verified.master(),
                "signatures": verified.count(),
                "installed": installed.map(|p| p.display().to_string()),
            });
            crate::say!("{value}");
        }
        (Accepted::Sealed(_, sealed), true) => {
            let value = json!({
                "version": 1,
                "file": file.display().to_string(),
                "request": sealed.request(),
                "master": sealed.master(),
                "sealed": true,
                "installed": installed.map(|p| p.display().to_string()),
            });
            crate::say!("{value}");
        }
        _ if common.quiet => {}
        (Accepted::Signed(_, verified), false) => signed(file, verified, installed),
        (Accepted::Sealed(request, sealed), false) => {
            self::sealed(file, request, sealed, installed);
        }
    }
}

fn signed(file: &Path, verified: &Verified, installed: Option<&Path>) {
    let signatures = counted(verified.count(), "signature");
    let done = if installed.is_some() { "installed" } else { "verified" };
    crate::say!("{}: {signatures}, exactly as asked, {done}", Safe(&file.display().to_string()));
    crate::say!("  master  {}", verified.master());
    crate::say!("  request {}", verified.request());
    if let Some(path) = installed {
        crate::say!("  record  {}", path.display());
    }
}

fn sealed(file: &Path, request: &Request, sealed: &SealedAnswer, installed: Option<&Path>) {
    let done = if installed.is_some() { "installed" } else { "of the right form" };
    crate::say!("{}: sealed, {done}", Safe(&file.display().to_string()));
    let asked = request.operation().as_any::<PrepareRevocation>();
    let (who, how) = match asked.map(|asked| &asked.seal) {
        Some(Seal::Passphrase) => ("whoever has the passphrase", " --passphrase"),
        Some(Seal::Custodians(_)) | None => ("a custodian", ""),
    };
    crate::say!("  NOT CHECKED: what is in it, only {who} can tell, by");
    let at = installed.map_or("FILE".into(), |path| path.display().to_string());
    crate::say!("          countersign revocation test {at}{how}");
    crate::say!("  master  {}", sealed.master());
    crate::say!("  request {}", sealed.request());
}
