//! What a bundle says of itself: the text that a master signs.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::module::Blocked;
use crate::request::Version;
use crate::time::Timestamp;

/// Most masters of an authority.
pub const MAX_MASTERS: usize = 64;
/// Most blocked modules.
pub const MAX_BLOCKED: usize = 2_000;

/// A bundle's head, version 1. Members stand in this order, indented by two spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Always `countersign-bundle`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// The authority's name.
    pub authority: String,
    /// Grows with each bundle.
    pub serial: Serial,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// For how many days more a consumer goes on with it, and says so.
    pub grace_days: u32,
    /// The masters, in the order of their certificates.
    pub masters: Vec<MasterName>,
    /// How many developers' certificates follow theirs.
    pub developers: u32,
    /// The certificates, which stand behind this text.
    pub keyring: KeyringDigest,
    /// Versions of modules that are not to run any more.
    pub blocked: Vec<Blocked>,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// A trust bundle's head.
    #[serde(rename = "countersign-bundle")]
    Bundle,
}

/// A master, as the policy names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MasterName {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// For people.
    pub name: String,
}

/// Which bytes the certificates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyringDigest {
    /// How many.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: Sha256,
}

/// The number of a bundle: no consumer goes back to a smaller one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Serial(pub u32);

impl Serial {
    /// The number of the next bundle.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is not a bundle's head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// Not this JSON.
    #[error("the signed text is not a trust bundle's head")]
    Json(#[source] serde_json::Error),
    /// Another format or version.
    #[error("the text is {0}, this program reads countersign-bundle version 1")]
    Version(String),
    /// The same meaning in another spelling.
    #[error("the head is not written as heads are: somebody edited or reformatted it")]
    NotCanonical,
    /// Too many masters or none, or too many blocked modules.
    #[error("the head names {actual} {what}, at most {limit} are read")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        actual: usize,
        /// The limit.
        limit: usize,
    },
}

impl Head {
    /// The one spelling of this head, with a final newline: what a master signs.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a head has only string keys");
        text.push('\n');
        text
    }

    /// What this very bundle is told from others by: SHA-256 of its text, and so of all of it.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.text())
    }

    /// Reads a head that is spelled as [`Head::text`] spells it.
    ///
    /// # Errors
    /// [`HeadError`] where it is anything else.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        #[derive(Deserialize)]
        struct Kind {
            format: String,
            version: u64,
        }
        let kind: Kind = serde_json::from_str(text).map_err(HeadError::Json)?;
        if kind.format != "countersign-bundle" || kind.version != 1 {
            let shown: String = kind.format.chars().take(40).collect();
            let shown = crate::safe::Safe(&shown).to_string();
            return Err(HeadError::Version(format!("{shown} version {}", kind.version)));
        }
        let head: Self = serde_json::from_str(text).map_err(HeadError::Json)?;
        head.limits()?;
        if head.text() == text { Ok(head) } else { Err(HeadError::NotCanonical) }
    }

    /// Until when a consumer goes on with it.
    pub fn last_day(&self) -> Timestamp {
        self.expires.after(self.grace_days.saturating_mul(Timestamp::DAY))
    }

    fn limits(&self) -> Result<(), HeadError> {
        for (what, actual, limit) in [
            ("masters", self.masters.len(), MAX_MASTERS),
            ("blocked modules", self.blocked.len(), MAX_BLOCKED),
        ] {
            if actual > limit {
                return Err(HeadError::TooMany { what, actual, limit });
            }
        }
        Ok(())
    }
}
