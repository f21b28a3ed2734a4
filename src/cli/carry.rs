//! `countersign qr …`

use std::path::PathBuf;

use super::Failure;
use super::args::{Common, QrVerb};
use super::qr::{self, Shelf, Voice};
use super::response::Requests;
use crate::authority::Authority;
use crate::exchange::compact::{ANSWER, Answer, CompactError, REFERENCE, Reference, as_carried};
use crate::operation::Object;
use crate::request::{MAX_BYTES, Request};

pub(super) fn run(common: &Common, verb: &QrVerb) -> Result<(), Failure> {
    // Codes carry any files: without a record they all travel whole.
    let authority = Authority::open(&common.authority).ok();
    let voice = Voice::of(common.quiet);
    match verb {
        QrVerb::Show(args) => {
            let record = Record { authority, requests: None };
            qr::show(args, &record, "airgap", voice)
        }
        QrVerb::Scan(args) => {
            let requests = args.requests.clone().or(Some(args.scan.output.clone()));
            qr::scan(&args.scan, &Record { authority, requests }, voice)
        }
    }
}

/// What the authority's record, and the requests that were made here, save carrying.
struct Record {
    authority: Option<Authority>,
    requests: Option<PathBuf>,
}

impl Shelf for Record {
    /// A request leaves out a certificate that the record has from an answer: the station that
    /// answered has it, too.
    fn shrink(&self, name: &str, content: &[u8]) -> Option<(String, Vec<u8>)> {
        let authority = self.authority.as_ref()?;
        let stem = name.strip_suffix(REFERENCE.1)?;
        let request = Request::parse(content, MAX_BYTES).ok()?;
        let Object::Key(key) = request.operation().object()? else { return None };
        let developer = authority.developer(key).ok()?;
        let mut known = as_carried(&developer.certificate, authority.masters());
        let reference = Reference::of(&request)?;
        known.find(|bytes| reference.leaves_out(bytes))?;
        Some((format!("{stem}{}", REFERENCE.0), reference.text().into_bytes()))
    }

    fn grow(
        &self,
        name: &str,
        untrusted: &[u8],
    ) -> Result<Option<(String, Vec<u8>)>, CompactError> {
        let Some(stem) = name.strip_suffix(ANSWER.0) else { return Ok(None) };
        let answer = Answer::parse(untrusted)?;
        let missing = || CompactError::NoRequest(answer.request());
        let folder = self.requests.as_deref().ok_or_else(missing)?;
        let request =
            Requests::of(Some(folder)).find(folder, answer.request()).map_err(|_| missing())?;
        let authority = self.authority.as_ref();
        let master = authority.and_then(|a| a.master(request.master()).ok());
        let master = master.ok_or(CompactError::NoMaster(request.master()))?;
        let response = answer.response(&request, master)?;
        Ok(Some((format!("{stem}{}", ANSWER.1), response.text().into_bytes())))
    }
}
