//! What a session over some requests can write, before it does.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use countersign::digest::Sha256;
use countersign::exchange;
use countersign::journal::{Count, Covered, Decided, Decision, Record, RecordFormat, Software};
use countersign::operation::PrepareRevocation;
use countersign::policy::Decided as Earlier;
use countersign::request::{MAX_BYTES, PredictionError, Request, RequestId, Version};
use countersign::safe::counted;
use countersign::time::Timestamp;

use super::fields::fields;
use super::{Disclosed, DisclosureError};
use crate::recorder::Recorder;
use crate::session::record_name;
use crate::station::Station;

/// The longest date that is written.
const DATE: Timestamp = Timestamp::from_unix(4_000_000_000);

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
    let (mut files, mut signed) = (Vec::new(), Vec::new());
    for name in &names {
        let read = exchange::read_beneath(folder, name, limits.max_request_bytes);
        let request = read.ok().and_then(|bytes| Request::parse(&bytes, MAX_BYTES).ok());
        let Some(request) = request else {
            let what = "no request: it is refused, and gets no answer".to_owned();
            let name = name.display().to_string();
            files.push(Disclosed { name, bytes: Some(0), what, fields: Vec::new() });
            continue;
        };
        let place = name.parent().unwrap_or(Path::new(""));
        let answer = answer(station, recorder, &request, place)?;
        if let Some(signatures) = answer.1 {
            signed.push((request.id(), signatures));
        }
        files.push(answer.0);
    }
    if recorder.ledger().record_may_be_lost() {
        let mut number = 0;
        recorder.records_again(&mut |record, _| {
            number += 1;
            let value = serde_json::to_value(&record).expect("its keys are strings");
            let name = record_name(record.session, number);
            files.push(disclosed(name, "of the session that was cut off, once more", &value));
        })?;
    }
    let session = recorder.ledger().uncovered().sessions() + 1;
    if !signed.is_empty() {
        files.push(record(station, recorder, software, session, &signed));
    }
    let about = counted(names.len(), "request");
    let what = format!("for people: what the screen shows at the end, about {about}");
    let name = format!("session-{session:06}.summary.txt");
    files.push(Disclosed { name, bytes: None, what, fields: Vec::new() });
    Ok(files)
}

/// The longest answer to a request, and how many signatures the card makes for it.
fn answer(
    station: &Station,
    recorder: &Recorder,
    request: &Request,
    place: &Path,
) -> Result<(Disclosed, Option<usize>), DisclosureError> {
    let name = request.file_name().replace(".request.asc", ".response.json");
    let name = place.join(name).display().to_string();
    let signed = |outcome: Value| {
        json!({
            "format": "countersign-response",
            "version": 1,
            "request": request.id(),
            "outcome": outcome,
        })
    };
    let Ok(master) = station.authority().master(request.master()) else {
        let what = "refused: by whom, and each broken rule with reason and remedy".to_owned();
        return Ok((Disclosed { name, bytes: None, what, fields: Vec::new() }, None));
    };
    let earlier = recorder.history(request.id(), None)?.this;
    let prediction = request.prediction(master)?;
    let made = match earlier {
        Some(Earlier::Signed { .. }) => None,
        Some(Earlier::Refused { .. }) | None => Some(prediction.statements.len()),
    };
    if request.operation().as_any::<PrepareRevocation>().is_some() {
        let what = "the master's revocation, encrypted; its digest and who signed".to_owned();
        return Ok((Disclosed { name, bytes: None, what, fields: Vec::new() }, made));
    }
    // In base64 (RFC 4648 §4), four characters for each three bytes.
    let block = |longest: usize| "A".repeat(longest.div_ceil(3) * 4);
    let blocks = prediction.statements.iter().map(|s| s.longest_packet().map(block));
    let blocks: Vec<String> = blocks.collect::<Result<_, _>>().map_err(PredictionError::from)?;
    let value = signed(json!({ "signed": { "master": request.master(), "signatures": blocks } }));
    let what = match made {
        None => "answered again from the journal",
        Some(_) => "at most; or refused: by whom, and each broken rule with reason and remedy",
    };
    Ok((disclosed(name, what, &value), made))
}

/// The record of a session that signs all this.
fn record(
    station: &Station,
    recorder: &Recorder,
    software: &Software,
    session: u64,
    signed: &[(RequestId, usize)],
) -> Disclosed {
    let (zero, entries) = (Sha256::ZERO, recorder.ledger().entries());
    let decisions = signed.iter().map(|(request, signatures)| Decided {
        request: Some(*request),
        file: None,
        decision: Decision::Signed(vec![zero; *signatures]),
    });
    let record = Record {
        format: RecordFormat::Record,
        version: Version,
        authority: station.authority().policy().name.clone(),
        station: zero,
        session,
        created: DATE,
        master: station.authority().masters()[0].fingerprint(),
        card: "0000:00000000".to_owned(),
        counter: Count { before: u32::MAX, after: u32::MAX },
        software: software.clone(),
        policy: zero,
        self_test: crate::selftest::before_session(recorder, recorder.now()),
        rehearsal: Some(zero),
        journal: Covered { first: entries, last: entries, previous: zero, head: zero },
        decisions: decisions.collect(),
        unlisted: 0,
    };
    let value = serde_json::to_value(&record).expect("its keys are strings");
    disclosed(
        record_name(session, 1),
        "signed by the card, without its signature; refusals are listed as well",
        &value,
    )
}

fn disclosed(name: String, what: &str, value: &Value) -> Disclosed {
    let text = serde_json::to_string_pretty(value).expect("its keys are strings");
    let bytes = Some(text.len() as u64 + 1);
    Disclosed { name, bytes, what: what.to_owned(), fields: fields(value) }
}
