//! A bundle made of an authority's record: whose certificates go in, and who is left out and why.

use std::sync::Mutex;

use rayon::prelude::*;

use super::head::{Format, Head, KeyringDigest, MasterName, Serial};
use crate::authority::{Authority, AuthorityError};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::module::chain::{Chain, Lapse, Moments};
use crate::module::{Blocked, Keyring, SigningKey};
use crate::request::Version;
use crate::time::Timestamp;

/// A bundle that nobody signed yet.
#[derive(Debug)]
pub struct Composed {
    /// What is to be signed.
    pub head: Head,
    /// The certificates.
    pub keyring: Vec<u8>,
    /// Developers who are left out, each with a name for people (untrusted text) and the reason.
    pub left_out: Vec<(Fingerprint, String, Why)>,
    /// Developers who are in it, and of whom something should be known.
    pub notes: Vec<(Fingerprint, String, Note)>,
}

/// Why a developer is left out: a consumer learns nothing from the certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No master ever certified the key.
    #[error("no master of this authority says anything about the key")]
    NothingSaid,
    /// No certification counts any more, and none was taken back.
    #[error("{0}")]
    Lapsed(Lapsed),
}

/// Why certifications do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapsed(Vec<Lapse>);

impl std::fmt::Display for Lapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&words.join("; "))
    }
}

/// What should be known of a developer who is in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// One certification was taken back and another stands.
    #[error(
        "HALF REVOKED: a certification was revoked on {}, and another still counts. FreePBX goes \
         on trusting the key: have it revoked by every master", at.date()
    )]
    HalfRevoked {
        /// When the one was revoked.
        at: Timestamp,
    },
    /// Every certification was taken back.
    #[error("certification revoked on {}: in it, so that consumers learn of that", at.date())]
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// The owner revoked the key.
    #[error("revoked by its owner on {}: in it, so that consumers learn of that", at.date())]
    KeyRevoked {
        /// When.
        at: Timestamp,
    },
    /// The key has ended.
    #[error("the key itself ended on {}: what it signed does not count until it is renewed", at.date())]
    KeyExpired {
        /// When.
        at: Timestamp,
    },
}

/// One developer, judged.
enum Judged {
    In(Vec<u8>, Vec<Note>),
    Out(Why),
}

/// Makes the bundle with this serial number at `now`. `progress` is told of each developer.
///
/// # Errors
/// [`AuthorityError`] where the record is damaged.
pub fn compose(
    authority: &Authority,
    serial: Serial,
    now: Timestamp,
    blocked: Vec<Blocked>,
    progress: &(dyn Fn() + Sync),
) -> Result<Composed, AuthorityError> {
    let masters = Keyring::from_certificates(authority.masters(), []);
    let (mut keyring, mut developers) = (Vec::new(), 0);
    let (left_out, notes) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    keyring.extend(authority.masters().iter().flat_map(Certificate::to_bytes));
    let mut keys = authority.developers()?;
    keys.sort_unstable();
    // Some hundreds at a time: every core works, and the order stays.
    for some in keys.chunks(512) {
        let judged = some.par_iter().map(|key| {
            let certificate = authority.developer(*key)?.certificate;
            let name = name(&certificate);
            progress();
            Ok(match judge(&masters, &certificate, now) {
                Judged::In(bytes, found) => {
                    let mut notes = notes.lock().expect("nobody panics with it");
                    notes.extend(found.into_iter().map(|note| (*key, name.clone(), note)));
                    Some(bytes)
                }
                Judged::Out(why) => {
                    left_out.lock().expect("nobody panics with it").push((*key, name, why));
                    None
                }
            })
        });
        for bytes in judged.collect::<Result<Vec<_>, AuthorityError>>()?.into_iter().flatten() {
            keyring.extend(bytes);
            developers += 1;
        }
    }
    let (mut left_out, mut notes) = (
        left_out.into_inner().expect("nobody panics with it"),
        notes.into_inner().expect("nobody panics with it"),
    );
    left_out.sort_by_key(|(key, ..)| *key);
    notes.sort_by_key(|(key, ..)| *key);
    let head = head(authority, serial, now, developers, &keyring, blocked);
    Ok(Composed { head, keyring, left_out, notes })
}

fn head(
    authority: &Authority,
    serial: Serial,
    made: Timestamp,
    developers: u32,
    keyring: &[u8],
    blocked: Vec<Blocked>,
) -> Head {
    let policy = authority.policy();
    let named = policy.masters.iter();
    let named = named.map(|m| MasterName { fingerprint: m.fingerprint, name: m.name.clone() });
    Head {
        format: Format::Bundle,
        version: Version,
        authority: policy.name.clone(),
        serial,
        made,
        expires: made.after(policy.bundle.valid_days.saturating_mul(Timestamp::DAY)),
        grace_days: policy.bundle.grace_days,
        masters: named.collect(),
        developers,
        keyring: KeyringDigest { bytes: keyring.len() as u64, sha256: Sha256::of(keyring) },
        blocked,
    }
}

/// A certificate goes in if it makes somebody trusted, or ends somebody's trust.
fn judge(masters: &Keyring, certificate: &Certificate, now: Timestamp) -> Judged {
    let chain = Chain::of(masters, certificate, Moments { signed: now, now });
    if chain.words.is_empty() {
        return Judged::Out(Why::NothingSaid);
    }
    // Younger than every certification that counts: what was certified anew since is no half.
    let revoked = chain.revocation().map(|word| word.opinion.created);
    let counts = !chain.counting().is_empty();
    let mut notes = Vec::new();
    match (revoked, counts) {
        (Some(at), true) => notes.push(Note::HalfRevoked { at }),
        (Some(at), false) => notes.push(Note::Revoked { at }),
        (None, true) => {}
        (None, false) => {
            let lapses = chain.words.iter().filter_map(|word| word.lapse).collect();
            return Judged::Out(Why::Lapsed(Lapsed(lapses)));
        }
    }
    let state = SigningKey::primary_of(certificate).state(now);
    if let Some(by_owner) = state.revoked {
        notes.push(Note::KeyRevoked { at: by_owner.at });
    } else if let Some(at) = state.expired(now) {
        notes.push(Note::KeyExpired { at });
    }
    Judged::In(certificate.to_bytes(), notes)
}

/// The first user ID.
pub(super) fn name(certificate: &Certificate) -> String {
    let id = certificate.user_ids().next();
    id.map(|id| String::from_utf8_lossy(id.value()).into_owned()).unwrap_or_default()
}
