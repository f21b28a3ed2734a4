//! Rules for every request, whatever it asks for.

use sequoia_openpgp as openpgp;

use super::approval;
use crate::certificate::{Certificate, algorithm, lenient};
use crate::operation::{RenewMaster, RevokeKey, SessionRecord, Statement};
use crate::policy::{Context, Decided, Finding, Policy, Rule, Subject, Verdict};
use crate::request::Request;
use crate::safe::chain;
use crate::time::Timestamp;

/// Name and demand of the rule in `size`.
pub const SIZE: (&str, &str) = ("size", "the request is no longer than limits.max_request_bytes");
/// Name and demand of the rule in `format`.
pub const FORMAT: (&str, &str) =
    ("format", "one cleartext-signed JSON text of version 1, spelled as this program spells it");
/// Name and demand of the rule in `target_master`.
pub const TARGET_MASTER: (&str, &str) =
    ("target-master", "the request names one of the authority's masters");
/// Name and demand of the rule in `certificate`.
pub const CERTIFICATE: (&str, &str) =
    ("certificate", "the request carries one minimal version 4 certificate, nothing foreign on it");
/// Name and demand of the rule in `signable`.
pub const SIGNABLE: (&str, &str) =
    ("signable", "every signature asked for can be computed beforehand");
/// Name and demand of the rule in `batch_size`.
pub const BATCH_SIZE: (&str, &str) =
    ("batch-size", "a session takes no more than limits.max_batch requests");

/// The rules that need nothing but the subject.
pub const RULES: &[Rule] = &[
    MASTER_VALID,
    SIGNATURE_TIME,
    FRESHNESS,
    REPLAY,
    STATION_RECORD,
    approval::APPROVERS,
    approval::DISTINCT_PERSONS,
    approval::APPROVALS,
    approval::WITNESS,
];

pub(in crate::policy) fn size(request: &Request, policy: &Policy) -> Finding {
    let (actual, limit) = (request.text().len(), policy.limits.max_request_bytes);
    let verdict = if actual <= limit {
        Verdict::holds(format!("{actual} of {limit} bytes"))
    } else {
        Verdict::broken(
            format!("the request is {actual} bytes, policy allows {limit}"),
            "ask for less (fewer user IDs, a module of fewer files), or have \
             limits.max_request_bytes raised",
        )
    };
    Finding { rule: SIZE.0, verdict }
}

/// A request that does not have the format does not exist as a [`Request`].
pub(in crate::policy) fn format() -> Finding {
    Finding { rule: FORMAT.0, verdict: Verdict::holds("countersign-request version 1") }
}

pub(in crate::policy) fn target_master<'a>(
    request: &Request,
    context: &Context<'a>,
) -> Result<(&'a Certificate, Finding), Finding> {
    let asked = request.master();
    let rule = TARGET_MASTER.0;
    let named = context.policy.masters.iter().find(|m| m.fingerprint == asked);
    let known = context.masters.iter().find(|m| m.fingerprint() == asked);
    match (named, known) {
        (Some(named), Some(master)) => Ok((
            master,
            Finding { rule, verdict: Verdict::holds(format!("{asked} ({})", named.name)) },
        )),
        _ => Err(Finding {
            rule,
            verdict: Verdict::broken(
                format!("the request is for master {asked}, which is not this authority's"),
                "make the request with this authority's records, or carry it to the other one",
            ),
        }),
    }
}

pub(in crate::policy) fn certificate(
    request: &Request,
    context: &Context<'_>,
) -> Result<Option<(Certificate, Finding)>, Finding> {
    let rule = CERTIFICATE.0;
    let Some(block) = request.operation().certificate() else { return Ok(None) };
    let bytes = block.untrusted_bytes();
    let again = "make the request again with countersign, which minimises the certificate";
    let certificate = Certificate::read(bytes, &context.all_masters())
        .map_err(|error| Finding { rule, verdict: Verdict::broken(chain(&error), again) })?;
    if certificate.to_bytes() != bytes {
        let dropped = certificate.dropped();
        let reason = format!(
            "the certificate is not minimal: {} foreign and {} false signatures, {} replaced \
             self-signatures, {} other packets",
            dropped.foreign_signatures, dropped.false_signatures, dropped.superseded, dropped.other
        );
        return Err(Finding { rule, verdict: Verdict::broken(reason, again) });
    }
    let found = format!("{} ({})", certificate.fingerprint(), algorithm(certificate.primary()));
    Ok(Some((certificate, Finding { rule, verdict: Verdict::holds(found) })))
}

pub(in crate::policy) fn signable(subject: &Subject<'_>) -> (Finding, Vec<Statement>) {
    let request = subject.request;
    let statements =
        request.operation().statements(request.created(), subject.master, subject.certificate);
    let (verdict, statements) = match statements {
        Ok(statements) if statements.is_empty() => {
            let verdict = Verdict::broken("nothing is asked for", "name at least one user ID");
            (verdict, statements)
        }
        Ok(statements) => {
            let found = match statements.len() {
                1 => "1 signature, predicted".to_owned(),
                n => format!("{n} signatures, predicted"),
            };
            (Verdict::holds(found), statements)
        }
        Err(error) => {
            let mend = "mend what the other rules say, or shorten the values";
            (Verdict::broken(chain(&error), mend), Vec::new())
        }
    };
    (Finding { rule: SIGNABLE.0, verdict }, statements)
}

/// Judges the number of requests of one session.
pub fn batch_size(count: usize, policy: &Policy) -> Finding {
    let limit = policy.limits.max_batch;
    let verdict = if count <= limit {
        Verdict::holds(format!("{count} of {limit}"))
    } else {
        Verdict::broken(
            format!("there are more than {limit} requests"),
            "split them into several sessions, or have limits.max_batch raised",
        )
    };
    Finding { rule: BATCH_SIZE.0, verdict }
}

/// The master can certify at the date of the request and now.
pub const MASTER_VALID: Rule = Rule {
    name: "master-valid",
    demand: "the master is an RSA key that is neither expired nor revoked and may certify",
    check: |s| {
        let mend = "ask another master, or renew this one first";
        for time in [s.request.created(), s.now()] {
            let policy = openpgp::policy::StandardPolicy::at(s.now());
            // The old master of a long-lived authority has SHA-1 self-signatures, and consumers
            // trust it by its fingerprint: its own bindings are not what is judged here.
            let weak = lenient(s.now());
            let cert = s.master.cert();
            let valid = cert
                .with_policy(&policy, std::time::SystemTime::from(time))
                .or_else(|_| cert.with_policy(&weak, std::time::SystemTime::from(time)));
            let valid = match valid {
                Ok(valid) => valid,
                Err(error) => {
                    return Verdict::broken(format!("the master is not valid: {error}"), mend);
                }
            };
            // One that has ended can still be renewed, and revoked.
            let about_itself =
                s.asked::<RenewMaster>().is_some() || s.asked::<RevokeKey>().is_some();
            if let Err(error) =
                valid.alive().or_else(|e| if about_itself { Ok(()) } else { Err(e) })
            {
                return Verdict::broken(
                    format!("the master is not valid at {time}: {error}"),
                    mend,
                );
            }
            if !matches!(
                valid.revocation_status(),
                openpgp::types::RevocationStatus::NotAsFarAsWeKnow
            ) {
                return Verdict::broken("the master is revoked", mend);
            }
            if !valid.primary_key().for_certification() {
                return Verdict::broken("the master may not certify: its key flags lack C", mend);
            }
        }
        if s.master.unverified_revoker() {
            return Verdict::broken("a declared revoker seems to have revoked the master", mend);
        }
        match s.master.primary().pk_algo() {
            openpgp::types::PublicKeyAlgorithm::RSAEncryptSign => {
                Verdict::holds(algorithm(s.master.primary()))
            }
            _ => Verdict::broken(
                format!("the master is {}", algorithm(s.master.primary())),
                "use an RSA master: FreePBX finds a revoked certification only by an RSA key",
            ),
        }
    },
};

/// The signatures over the request were made when it was.
pub const SIGNATURE_TIME: Rule = Rule {
    name: "signature-time",
    demand: "every signature over the request was made after the request and before now",
    check: |s| {
        let skew = s.policy().limits.max_clock_skew_minutes.saturating_mul(60);
        let skew_time = std::time::Duration::from_secs(u64::from(skew));
        let (created, now) = (s.request.created(), s.now());
        for signature in s.request.signatures() {
            let Some(at) = signature.signature_creation_time().map(Timestamp::from) else {
                return Verdict::broken("a signature has no time", "sign the request again");
            };
            if signature.signature_alive(std::time::SystemTime::from(now), skew_time).is_err() {
                return Verdict::broken(
                    "a signature over the request has expired",
                    "sign it again",
                );
            }
            if at.after(skew) < created || at > now.after(skew) {
                return Verdict::broken(
                    format!("signed at {at}, made at {created}, and now it is {now}"),
                    "set the clock of the machine that makes requests, and make a new one",
                );
            }
        }
        Verdict::holds(format!("signed when it was made, {created}"))
    },
};

/// The request is neither old nor from the future.
pub const FRESHNESS: Rule = Rule {
    name: "freshness",
    demand: "the request is at most limits.max_age_days old and not from the future",
    check: |s| {
        let limits = &s.policy().limits;
        let (created, now) = (s.request.created(), s.now());
        if created > now.after(limits.max_clock_skew_minutes.saturating_mul(60)) {
            return Verdict::broken(
                format!("the request is from the future: made at {created}, now it is {now}"),
                "set the clock of the machine that made it, or confirm the right date here",
            );
        }
        let days = now.since(created) / Timestamp::DAY;
        if now.since(created) > limits.max_age_days.saturating_mul(Timestamp::DAY) {
            return Verdict::broken(
                format!("the request is {days} days old, policy allows {}", limits.max_age_days),
                "make a new request",
            );
        }
        Verdict::holds(format!("made at {created}, {days} days ago"))
    },
};

/// Nobody asks for the record of a session.
pub const STATION_RECORD: Rule = Rule {
    name: "station-record",
    demand: "the request is for no session's record: the station makes that by itself",
    check: |s| match s.asked::<SessionRecord>() {
        None => Verdict::holds(s.request.operation().name().as_str()),
        Some(_) => Verdict::broken(
            "the request is for a session's record, which no request can bring",
            "hold a session: its record is signed at its end",
        ),
    },
};

/// The request was not decided before.
pub const REPLAY: Rule = Rule {
    name: "replay",
    demand: "the request was not decided before",
    check: |s| match &s.history.this {
        None => Verdict::holds("not seen before"),
        Some(Decided::Signed { at }) => Verdict::broken(
            format!("this very request was signed at {at}"),
            "use the answer that was given then; make a new request for a new certification",
        ),
        Some(Decided::Refused { at, reason }) => Verdict::broken(
            format!("the operator refused this very request at {at}: {reason}"),
            "settle the reason, then make a new request",
        ),
    },
};
