//! What a session over some requests can write, before it does.

mod records;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::exchange;
use countersign::journal::{Decided, Decision, Software};
use countersign::operation::PrepareRevocation;
use countersign::policy::{Decided as Earlier, Policy};
use countersign::request::{MAX_BYTES, PredictionError, Request, RequestId};
use countersign::response::{Outcome, Refuser, Response};
use countersign::safe::counted;

use self::records::Records;
use super::fields::{fields, rest};
use super::{Disclosed, DisclosureError};
use crate::recorder::Recorder;
use crate::station::Station;

/// Every file that a session over the requests in `folder` can write, each as long as it can get.
///
/// # Errors
/// [`DisclosureError`] where the folder or the journal cannot be read.
pub fn before(
    station: &Station,
    recorder: &Recorder,
    software: &Software,
    folder: &Path,
) -> Result<Vec<Disclosed>, DisclosureError> {
    let limits = &station.authority().policy().limits;
    let mut names: Vec<PathBuf> = Vec::new();
    exchange::visit_batches(folder, ".request.asc", limits.max_batch, |name| names.push(name))?;
    names.sort();
    let mut listing = Listing {
        station,
        recorder,
        folder,
        files: Vec::new(),
        seen: BTreeSet::new(),
        records: Records::default(),
    };
    for name in &names {
        let read = exchange::read_beneath(folder, name, limits.max_request_bytes);
        listing.file(name, read.ok().as_deref())?;
    }
    listing.what_waits()?;
    let Listing { mut files, records, .. } = listing;
    if recorder.ledger().record_may_be_lost() {
        files.extend(records::once_more(station, recorder)?);
    }
    files.extend(records.listed(station, recorder, software)?);
    let session = recorder.ledger().uncovered().sessions() + 1;
    let about = counted(names.len(), "request");
    let what = format!("for people: what the screen shows at the end, about {about}");
    let name = format!("session-{session:06}.summary.txt");
    files.push(Disclosed { name, bytes: None, what, fields: Vec::new() });
    Ok(files)
}

/// A listing under way.
struct Listing<'a> {
    station: &'a Station,
    recorder: &'a Recorder,
    folder: &'a Path,
    files: Vec<Disclosed>,
    seen: BTreeSet<RequestId>,
    records: Records,
}

impl Listing<'_> {
    /// A file on the stick, which may be no request.
    fn file(&mut self, name: &Path, untrusted: Option<&[u8]>) -> Result<(), DisclosureError> {
        let request = untrusted.and_then(|bytes| Request::parse(bytes, MAX_BYTES).ok());
        let Some(request) = request else {
            let what = "no request: it is refused, and gets no answer".to_owned();
            let name = name.display().to_string();
            self.files.push(Disclosed { name, bytes: Some(0), what, fields: Vec::new() });
            // "readable" is the longest of the rules that such a file breaks.
            let rules = vec!["readable".to_owned()];
            let decision = Decision::Refused { by: Refuser::Policy, rules };
            self.records.refused(Decided { request: None, file: Some(Sha256::ZERO), decision });
            return Ok(());
        };
        self.seen.insert(request.id());
        let place = name.parent().unwrap_or(Path::new(""));
        let id = request.id();
        let pending =
            self.recorder.ledger().pending(id).map_err(crate::recorder::RecorderError::from)?;
        match self.recorder.history(id, None)?.this {
            Some(Earlier::Signed { .. }) if pending.is_none() => self.again(&request, place),
            Some(Earlier::Refused { .. }) => {
                let what = "refused by the operator before: the same answer once more";
                self.unknown(&request, place, what);
                Ok(())
            }
            Some(Earlier::Signed { .. }) | None => self.judged(&request, place),
        }
    }

    /// What earlier sessions left: it is asked about, signed and answered as well.
    fn what_waits(&mut self) -> Result<(), DisclosureError> {
        let (ledger, scratch) = (self.recorder.ledger(), crate::recorder::RecorderError::from);
        let kept = |id| {
            let bytes = exchange::read_path(&self.recorder.kept(id), MAX_BYTES).ok()?;
            Request::parse(&bytes, MAX_BYTES).ok()
        };
        let (mut waiting, mut owed, mut last) = (Vec::new(), Vec::new(), None);
        while let Some(pending) = ledger.pending_after(last).map_err(scratch)? {
            last = Some(pending.request);
            waiting.push((pending.request, kept(pending.request)));
        }
        last = None;
        while let Some(id) = ledger.unanswered_after(last).map_err(scratch)? {
            last = Some(id);
            owed.push((id, kept(id)));
        }
        for (id, request) in waiting {
            match request {
                _ if self.seen.contains(&id) => {}
                Some(request) => self.judged(&request, Path::new(""))?,
                None => {
                    let rules = vec!["kept".to_owned()];
                    let decision = Decision::Refused { by: Refuser::Policy, rules };
                    self.records.refused(Decided { request: Some(id), file: None, decision });
                }
            }
        }
        for (id, request) in owed {
            if let Some(request) = request.filter(|_| !self.seen.contains(&id)) {
                self.again(&request, Path::new(""))?;
            }
        }
        Ok(())
    }

    /// The answer that the journal has, once more.
    fn again(&mut self, request: &Request, place: &Path) -> Result<(), DisclosureError> {
        let id = request.id();
        let Some(consented) = self.recorder.consented(id)? else { return Ok(()) };
        let master = consented.master;
        let outcome = match self.recorder.sealed(id)? {
            Some((sha256, message)) => Outcome::Sealed { master, sha256, message },
            None => Outcome::Signed { master, signatures: self.recorder.signatures(id)? },
        };
        let value = serde_json::to_value(Response::new(id, outcome)).expect("its keys are strings");
        let what = "answered again from the journal";
        self.files.push(disclosed(answer_name(request, place), what, &value));
        Ok(())
    }

    /// A request that nobody decided on to its end.
    fn judged(&mut self, request: &Request, place: &Path) -> Result<(), DisclosureError> {
        let id = request.id();
        let broken = self.broken_rules(request)?;
        let master = self.station.authority().master(request.master()).ok();
        let longest = master.and_then(|master| longest(request, master).ok());
        let Some((signatures, value)) = longest.filter(|_| broken.is_empty()) else {
            self.unknown(
                request,
                place,
                "is refused: by whom, and each broken rule with reason and remedy",
            );
            let decision = Decision::Refused { by: Refuser::Policy, rules: broken };
            self.records.refused(Decided { request: Some(id), file: None, decision });
            return Ok(());
        };
        self.records.signed(id, signatures);
        match value {
            Some(value) => {
                let what =
                    "at most; or refused: by whom, and each broken rule with reason and remedy";
                self.files.push(disclosed(answer_name(request, place), what, &value));
            }
            None => {
                let what = "the master's revocation, encrypted; its digest and who signed";
                self.unknown(request, place, what);
            }
        }
        Ok(())
    }

    fn unknown(&mut self, request: &Request, place: &Path, what: &str) {
        let (name, what) = (answer_name(request, place), what.to_owned());
        self.files.push(Disclosed { name, bytes: None, what, fields: Vec::new() });
    }

    /// The rules that a request breaks, as things are.
    fn broken_rules(&self, request: &Request) -> Result<Vec<String>, DisclosureError> {
        let recorder = self.recorder;
        let object = request.operation().object();
        let history = recorder.history(request.id(), object.as_ref())?;
        let kept = |id| exchange::read_path(&recorder.kept(id), MAX_BYTES).ok();
        let records = exchange::Records {
            masters: self.station.authority().masters(),
            kept: &kept,
            decisions: &|each| recorder.on_keys(each),
        };
        let operation = request.operation();
        let evidence = exchange::evidence(operation, &history, Some(self.folder), &records);
        let context = self.station.authority().context(recorder.now());
        let rejection = Policy::review(&context, request.clone(), &history, &evidence).err();
        let violations = rejection.map(|rejection| rejection.violations()).unwrap_or_default();
        Ok(violations.into_iter().map(|violation| violation.rule).collect())
    }
}

/// How many signatures a request takes, and the longest answer; none where that is encrypted.
fn longest(
    request: &Request,
    master: &Certificate,
) -> Result<(usize, Option<Value>), PredictionError> {
    let statements = request.prediction(master)?.statements;
    if request.operation().as_any::<PrepareRevocation>().is_some() {
        return Ok((statements.len(), None));
    }
    // In base64 (RFC 4648 §4), four characters for each three bytes.
    let block = |longest: usize| "A".repeat(longest.div_ceil(3) * 4);
    let blocks = statements.iter().map(|s| s.longest_packet().map(block));
    let blocks: Vec<String> = blocks.collect::<Result<_, _>>().map_err(PredictionError::from)?;
    let value = json!({
        "format": "countersign-response",
        "version": 1,
        "request": request.id(),
        "outcome": { "signed": { "master": request.master(), "signatures": blocks } },
    });
    Ok((statements.len(), Some(value)))
}

fn answer_name(request: &Request, place: &Path) -> String {
    let name = request.file_name().replace(".request.asc", ".response.json");
    place.join(name).display().to_string()
}

fn disclosed(name: String, what: &str, value: &Value) -> Disclosed {
    let text = serde_json::to_string_pretty(value).expect("its keys are strings");
    let (length, mut fields) = (text.len() + 1, fields(value));
    fields.extend(rest(&fields, length));
    Disclosed { name, bytes: Some(length as u64), what: what.to_owned(), fields }
}
