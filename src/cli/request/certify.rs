//! `countersign request certify`

use std::path::Path;

use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use super::args::CertifyArgs;
use crate::authority::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::exchange;
use crate::operation::{Agreement, CertificateBlock, Certify, Operation, TrustSignature};
use crate::policy::Evidence;
use crate::request::Draft;
use crate::time::Timestamp;

impl Asking<'_> {
    pub(super) fn certify(&self, args: &CertifyArgs) -> Result<(), Failure> {
        let signer = Signer::new(&args.ask.signer)?;
        let master = self.master(args.ask.master)?;
        let certificate = with_past(self.authority, &signer.certificate()?)?;
        let asked = Certify {
            user_ids: match args.user_ids.as_slice() {
                [] => valid_user_ids(&certificate, self.now)?,
                named => named.to_vec(),
            },
            certificate: CertificateBlock::new(certificate.to_bytes()),
            expires: expiry(&args.validity, self.now)?,
            agreement: accepted(self.authority, &args.accept_agreement)?,
            policy_uri: self.authority.policy().certify.policy_uri.clone(),
            trust: args.trust.map(|amount| TrustSignature { depth: 1, amount }),
        };
        let draft = Draft::new(self.now, master.fingerprint(), Operation::Certify(asked));
        self.finish(&signer, &draft, &Evidence::default(), &args.ask.output)
    }
}

/// The certificate with what the masters said of it so far, by the record: the station may not
/// have been there.
fn with_past(authority: &Authority, certificate: &Certificate) -> Result<Certificate, Failure> {
    let masters: Vec<&Certificate> = authority.masters().iter().collect();
    match authority.developer(certificate.fingerprint()) {
        Ok(record) => Ok(certificate.merged(&record.certificate, &masters)?),
        Err(AuthorityError::NoSuchDeveloper(_)) => Ok(certificate.clone()),
        Err(error) => Err(error.into()),
    }
}

fn valid_user_ids(certificate: &Certificate, now: Timestamp) -> Result<Vec<String>, Failure> {
    let policy = crate::certificate::lenient(now);
    let valid = certificate.cert().userids().with_policy(&policy, std::time::SystemTime::from(now));
    let mut ids = Vec::new();
    for user_id in valid.revoked(false) {
        let text = std::str::from_utf8(user_id.userid().value()).map_err(|_| {
            Failure::say(Exit::Refused, "user-id-form: a user ID is not UTF-8 text")
                .hint("name the user IDs to certify with --user-id")
        })?;
        ids.push(text.to_owned());
    }
    Ok(ids)
}

fn accepted(authority: &Authority, file: &Path) -> Result<Agreement, Failure> {
    let text = exchange::read_path(file, 1 << 20)?;
    let notation = authority.policy().certify.agreement.notation.clone();
    Ok(Agreement { sha256: Sha256::of(text), notation })
}

/// Reads `90d`, `18m`, `2y`, a date or `none`. A month counts 30 days, a year 365.
pub(super) fn expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    if text == "none" {
        return Ok(None);
    }
    if let Ok(date) = Timestamp::parse(text) {
        return Ok(Some(date));
    }
    let days = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, unit)) => {
            let per = [("d", 1), ("m", 30), ("y", 365)].iter().find(|(u, _)| *u == unit);
            per.and_then(|(_, days)| number.parse::<u32>().ok()?.checked_mul(*days))
        }
        None => None,
    };
    match days {
        Some(days) if days > 0 => Ok(Some(now.after(days.saturating_mul(Timestamp::DAY)))),
        _ => Err(Failure::say(Exit::Usage, format!("{text:?} is not a validity"))
            .hint("say 90d, 18m, 2y, a date like 2028-01-31, or none")),
    }
}
