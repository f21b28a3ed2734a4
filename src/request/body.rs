//! The JSON under a request's signatures.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RequestError;
use crate::fingerprint::Fingerprint;
use crate::operation::Operation;
use crate::time::Timestamp;

/// The text that is signed, version 1. Fields stand in this order, indented by two spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Always `countersign-request`.
    pub format: Format,
    /// Always 1.
    pub version: Version,
    /// When the request was made; every signature that it asks for bears this time.
    pub created: Timestamp,
    /// The fingerprint of the master key that is asked.
    pub master: Fingerprint,
    /// What is asked.
    pub operation: Operation,
}

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// A request.
    #[serde(rename = "countersign-request")]
    Request,
}

/// The version of the format: 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(with = "u32", extend("const" = 1))]
pub struct Version;

impl Version {
    /// The number on the wire.
    pub const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(serde::de::Error::custom(format!("version {other} is not known"))),
        }
    }
}

impl Body {
    /// The one spelling of this body, with a final newline.
    pub(super) fn canonical(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a body has only string keys");
        text.push('\n');
        text
    }

    /// Reads a body that is spelled as [`Body::canonical`] spells it.
    pub(super) fn parse(text: &str) -> Result<Self, RequestError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u64,
        }
        let head: Head = serde_json::from_str(text).map_err(RequestError::Body)?;
        if head.format != "countersign-request" || head.version != u64::from(Version::NUMBER) {
            let shown: String = head.format.chars().take(40).collect();
            return Err(RequestError::Version {
                actual: format!("{} version {}", crate::safe::Safe(&shown), head.version),
                expected: format!("countersign-request version {}", Version::NUMBER),
            });
        }
        let body: Self = serde_json::from_str(text).map_err(RequestError::Body)?;
        if body.canonical() == text { Ok(body) } else { Err(RequestError::NotCanonical) }
    }
}
