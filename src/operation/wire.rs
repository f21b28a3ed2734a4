//! A certificate inside a request: base64 in lines of 64 characters.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bytes of a certificate as they travelled. Untrusted until read by
/// [`crate::certificate::Certificate::read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateBlock(Vec<u8>);

impl CertificateBlock {
    /// Wraps the bytes of a certificate.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, untrusted.
    pub fn untrusted_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for CertificateBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = STANDARD.encode(&self.0);
        serializer.collect_seq(
            text.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).expect("base64 is ASCII")),
        )
    }
}

impl<'de> Deserialize<'de> for CertificateBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Vec::<String>::deserialize(deserializer)?.concat();
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for CertificateBlock {
    fn schema_name() -> Cow<'static, str> {
        "CertificateBlock".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "array",
            "description": "An OpenPGP certificate (RFC 9580 §10.1) in base64, 64 characters a line.",
            "items": { "type": "string", "maxLength": 64 }
        })
    }
}
