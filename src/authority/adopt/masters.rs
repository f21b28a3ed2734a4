//! Who the masters of a keyring may be.

use std::collections::BTreeSet;

use crate::certificate::algorithm;
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

use super::Survey;

/// Somebody who certified others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The key.
    pub key: Fingerprint,
    /// Its first user ID: untrusted text.
    pub name: String,
    /// Its algorithm in words.
    pub algorithm: String,
    /// When it was made.
    pub made: Timestamp,
    /// How many others it certified.
    pub certified: usize,
    /// Why it cannot be a master, where it cannot, or is none.
    pub against: Option<&'static str>,
}

/// Everybody who certified somebody else, oldest first. A master certified others, is RSA, because
/// FreePBX recognises a revocation by no other key, and was appointed by nobody.
pub fn proposals(survey: &Survey, now: Timestamp) -> Vec<Proposal> {
    let all = survey.certifications();
    let certifiers: BTreeSet<Fingerprint> =
        all.iter().filter(|c| !c.opinion.revokes).map(|c| c.by).collect();
    let mut found: Vec<Proposal> = certifiers
        .iter()
        .filter_map(|key| {
            let certificate = survey.certificate(*key)?;
            let theirs = all.iter().filter(|c| c.by == *key);
            let certified: BTreeSet<Fingerprint> = theirs.map(|c| c.whom).collect();
            let appointed = all.iter().any(|c| c.whom == *key && c.opinion.introduces.is_some());
            let algorithm = algorithm(certificate.primary());
            let against = if !algorithm.starts_with("RSA ") {
                Some("not RSA: FreePBX would not recognise its revocations")
            } else if appointed {
                Some("somebody else appointed it as an introducer")
            } else if certificate.is_revoked(now) {
                Some("its owner revoked it")
            } else {
                None
            };
            let name = certificate.user_ids().next();
            let name = name.map(|id| String::from_utf8_lossy(id.value()).into_owned());
            Some(Proposal {
                key: *key,
                name: name.unwrap_or_default(),
                algorithm,
                made: Timestamp::from(certificate.primary().creation_time()),
                certified: certified.len(),
                against,
            })
        })
        .collect();
    found.sort_by_key(|p| (p.made, p.key));
    found
}
