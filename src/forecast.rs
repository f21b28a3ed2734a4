//! What ends by when, and what stops working with it: by the record alone.

use crate::authority::{Authority, AuthorityError, Developer};
use crate::certificate::{Certificate, lenient};
use crate::drill::{self, Judged};
use crate::fingerprint::Fingerprint;
use crate::module::chain::{Chain, Moments};
use crate::module::strict::WeakChains;
use crate::module::{Keyring, Kind, Revoked, SigningKey};
use crate::operation::Stops;
use crate::rotation::published;
use crate::time::Timestamp;

/// Everything that ends in a span of time, earliest first.
#[derive(Debug)]
pub struct Forecast {
    ends: Vec<End>,
}

/// Something that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// What it is.
    pub what: What,
    /// The key that it is about.
    pub key: Option<Fingerprint>,
    /// The master who made it, where it is a certification.
    pub by: Option<Fingerprint>,
    /// The user ID (untrusted text), or a serial number.
    pub about: String,
    /// What stops working, and for whom.
    pub effect: String,
}

/// What can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A master's key.
    Master,
    /// The newest trust bundle.
    Bundle,
    /// A manager's key.
    Manager,
    /// A developer's key.
    Key,
    /// A user ID, by the owner's own signature.
    UserId,
    /// A certification.
    Certification,
}

impl What {
    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Bundle => "bundle",
            Self::Manager => "manager's key",
            Self::Key => "developer's key",
            Self::UserId => "user ID",
            Self::Certification => "certification",
        }
    }
}

impl Forecast {
    /// What ends after `now` and not after `until`.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn of(
        authority: &Authority,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let mut looking = Looking { now, until, ends: Vec::new() };
        for master in authority.masters() {
            if !looking.sees(master) {
                continue;
            }
            let revoked = Revoked { at: now, kind: Kind::Soft };
            let judged = Judged { weak: WeakChains::Refuse, now };
            let effect = drill::without(authority, master.fingerprint(), revoked, judged)?;
            let stops = Stops::from(effect.counts());
            let effect = format!("what it certified counts no more: {stops} depend on it alone");
            looking.key(What::Master, master, &effect);
        }
        for manager in authority.managers() {
            looking.key(What::Manager, manager, "requests signed by it are refused");
        }
        if let Some(bundle) = published(authority)? {
            let effect = "consumers refuse it until they get a newer one";
            looking.end(
                What::Bundle,
                bundle.last_day,
                None,
                None,
                format!("serial {}", bundle.serial),
                effect,
            );
        }
        let keyring = Keyring::from_certificates(authority.masters(), []);
        for key in authority.developers()? {
            looking.developer(&keyring, &authority.developer(key)?);
        }
        let mut ends = looking.ends;
        ends.sort_by_key(|end| (end.at, end.what, end.by, end.key));
        Ok(Self { ends })
    }

    /// Earliest first.
    pub fn ends(&self) -> &[End] {
        &self.ends
    }
}

struct Looking {
    now: Timestamp,
    until: Timestamp,
    ends: Vec<End>,
}

impl Looking {
    fn end(
        &mut self,
        what: What,
        at: Timestamp,
        key: Option<Fingerprint>,
        by: Option<Fingerprint>,
        about: String,
        effect: &str,
    ) {
        if at > self.now && at <= self.until {
            self.ends.push(End { at, what, key, by, about, effect: effect.to_owned() });
        }
    }

    /// Whether a key ends in the span.
    fn sees(&self, certificate: &Certificate) -> bool {
        let state = SigningKey::primary_of(certificate).state(self.now);
        let at = state.expires.filter(|_| state.revoked.is_none());
        at.is_some_and(|at| at > self.now && at <= self.until)
    }

    fn key(&mut self, what: What, certificate: &Certificate, effect: &str) {
        let at = SigningKey::primary_of(certificate).state(self.now).expires;
        if let Some(at) = at.filter(|_| self.sees(certificate)) {
            let key = certificate.fingerprint();
            self.end(what, at, Some(key), None, first_user_id(certificate), effect);
        }
    }

    fn developer(&mut self, keyring: &Keyring, developer: &Developer) {
        let certificate = &developer.certificate;
        let moments = Moments { signed: self.now, now: self.now };
        let chain = Chain::of(keyring, certificate, moments);
        let counting = chain.counting();
        if counting.is_empty() {
            return;
        }
        let key = certificate.fingerprint();
        self.key(
            What::Key,
            certificate,
            "what this key signs counts no more, whoever certified it",
        );
        self.user_ids(certificate);
        for word in &counting {
            let Some(at) = word.opinion.expires else { continue };
            let goes_on = |end: Option<Timestamp>| end.is_none_or(|other| other > at);
            let other = counting.iter().rfind(|w| goes_on(w.opinion.expires));
            let effect = match other {
                Some(other) => format!(
                    "nothing stops for who trusts {}: its certification goes on",
                    other.by.certificate().fingerprint().key_id()
                ),
                None => "what this key signs counts no more: it is the last certification".into(),
            };
            let by = word.by.certificate().fingerprint();
            let about = String::from_utf8_lossy(word.opinion.user_id.value()).into_owned();
            self.end(What::Certification, at, Some(key), Some(by), about, &effect);
        }
    }

    /// User IDs whose own signature ends, as few do.
    fn user_ids(&mut self, certificate: &Certificate) {
        let policy = lenient(self.now);
        let now = std::time::SystemTime::from(self.now);
        let valid = certificate.cert().userids().with_policy(&policy, now);
        let ends: Vec<(Timestamp, String)> = valid
            .filter_map(|user_id| {
                let at = user_id.binding_signature().signature_expiration_time()?;
                let text = String::from_utf8_lossy(user_id.userid().value()).into_owned();
                Some((Timestamp::from(at), text))
            })
            .collect();
        for (at, about) in ends {
            let effect = "certifications of this user ID count no more";
            self.end(What::UserId, at, Some(certificate.fingerprint()), None, about, effect);
        }
    }
}

fn first_user_id(certificate: &Certificate) -> String {
    let first = certificate.user_ids().next();
    first.map(|id| String::from_utf8_lossy(id.value()).into_owned()).unwrap_or_default()
}
