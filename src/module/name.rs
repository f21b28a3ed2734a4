//! A module's name.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest name, in bytes.
const MAX_LENGTH: usize = 64;

/// A module's raw name, as FreePBX names its folder and package: ASCII letters, digits, `_` and
/// `-`, beginning with a letter or digit.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RawName(String);

/// Not a module's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a module's name: letters, digits, _ and -, at most {MAX_LENGTH} of them")]
pub struct NameError(String);

impl RawName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RawName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_LENGTH && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(MAX_LENGTH).collect()))
        }
    }
}

impl TryFrom<String> for RawName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<RawName> for String {
    fn from(name: RawName) -> Self {
        name.0
    }
}

impl fmt::Display for RawName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
