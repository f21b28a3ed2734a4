//! An accepted answer in words, or as JSON.

use std::path::Path;

use serde_json::json;

use super::Accepted;
use crate::cli::args::{Common, Form};
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
        (Accepted::Sealed(_, sealed), false) => self::sealed(file, sealed, installed),
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

fn sealed(file: &Path, sealed: &SealedAnswer, installed: Option<&Path>) {
    let done = if installed.is_some() { "installed" } else { "of the right form" };
    crate::say!("{}: sealed, {done}", Safe(&file.display().to_string()));
    crate::say!("  NOT CHECKED: what is in it, only a custodian can tell, by");
    let at = installed.map_or("FILE".into(), |path| path.display().to_string());
    crate::say!("          countersign revocation test {at}");
    crate::say!("  master  {}", sealed.master());
    crate::say!("  request {}", sealed.request());
}
