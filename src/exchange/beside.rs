//! What lies beside a request on a stick.

use std::path::Path;

use crate::module::Manifest;
use crate::operation::{Operation, SignModule};
use crate::policy::{Evidence, Files, History};
use crate::request::{MAX_BYTES, Request, RequestId};

/// Gathers what stands beside a request: for a module, its files in `folder`, and the list that
/// was signed last, whose request `kept` finds.
pub fn evidence(
    operation: &Operation,
    history: &History,
    folder: &Path,
    kept: impl Fn(RequestId) -> Option<Vec<u8>>,
) -> Evidence {
    match operation.as_any::<SignModule>() {
        Some(asked) => Evidence { files: files(asked, folder), previous: previous(history, kept) },
        None => Evidence::default(),
    }
}

fn files(_asked: &SignModule, _folder: &Path) -> Files {
    Files::Absent
}

fn previous(history: &History, kept: impl Fn(RequestId) -> Option<Vec<u8>>) -> Option<Manifest> {
    let last = history.decisions.iter().max_by_key(|decision| decision.created)?;
    let request = Request::parse(&kept(last.request)?, MAX_BYTES).ok()?;
    request.operation().as_any::<SignModule>()?.manifest().ok()
}
