//! What an operation is about.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::module::RawName;

/// What an operation is about: the journal keeps its history by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Object {
    /// A key, by its fingerprint.
    Key(Fingerprint),
    /// A module, by its raw name.
    Module(RawName),
    /// The authority's trust bundle.
    Bundle,
}

impl Object {
    /// A digest that no two objects share, whatever their kinds.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.to_string())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(fingerprint) => write!(f, "key {fingerprint}"),
            Self::Module(name) => write!(f, "module {name}"),
            Self::Bundle => f.write_str("trust bundle"),
        }
    }
}
