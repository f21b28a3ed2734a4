//! Version 4 fingerprints (RFC 9580 §5.5.4.2): 20 bytes, written as 40 upper-case hex digits.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use sequoia_openpgp as openpgp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fingerprint of a version 4 key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Fingerprint([u8; 20]);

/// A text or key without a version 4 fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a fingerprint of 40 hex digits")]
pub struct NotAFingerprint(String);

impl Fingerprint {
    /// The long key id, 16 upper-case hex digits: what FreePBX names key files after.
    pub fn key_id(&self) -> String {
        hex::encode_upper(&self.0[12..])
    }

    /// The 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// In groups of four digits, for comparing by eye.
    pub fn spaced(&self) -> String {
        self.0.chunks(2).map(hex::encode_upper).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    /// Reads 40 hex digits; spaces, a leading `0x` and lower case are what people paste.
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let error = || NotAFingerprint(text.chars().take(80).collect());
        if text.len() > 80 {
            return Err(error());
        }
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let digits = digits.strip_prefix("0x").unwrap_or(&digits);
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| error())?;
        Ok(Self(bytes))
    }
}

impl TryFrom<openpgp::Fingerprint> for Fingerprint {
    type Error = NotAFingerprint;

    fn try_from(fingerprint: openpgp::Fingerprint) -> Result<Self, NotAFingerprint> {
        match fingerprint {
            openpgp::Fingerprint::V4(bytes) => Ok(Self(bytes)),
            other => Err(NotAFingerprint(other.to_hex())),
        }
    }
}

impl From<[u8; 20]> for Fingerprint {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

impl From<Fingerprint> for openpgp::Fingerprint {
    fn from(fingerprint: Fingerprint) -> Self {
        Self::V4(fingerprint.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    /// On the wire there is one spelling: 40 upper-case hex digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<Self>() {
            Ok(fingerprint) if fingerprint.to_string() == text => Ok(fingerprint),
            _ => Err(serde::de::Error::custom(NotAFingerprint(text.chars().take(80).collect()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_paste_spaces_and_lower_case_but_the_wire_has_one_spelling() {
        let plain = "0BDE0BFA09946D732091E26E1588A7366BD35B34";
        let pasted = "0bde 0bfa 0994 6d73 2091  e26e 1588 a736 6bd3 5b34";
        let fingerprint: Fingerprint = pasted.parse().expect("a fingerprint");
        assert_eq!(fingerprint.to_string(), plain);
        assert_eq!(fingerprint.key_id(), "1588A7366BD35B34");
        assert!(serde_json::from_str::<Fingerprint>(&format!("{plain:?}")).is_ok());
        assert!(serde_json::from_str::<Fingerprint>(&format!("{pasted:?}")).is_err());
    }
}
