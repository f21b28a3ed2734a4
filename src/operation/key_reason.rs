//! Why a master revokes its key or a subkey.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::types::ReasonForRevocation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reasons that fit a key's revocation (RFC 9580 §5.2.3.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReason {
    /// Code 1, soft: another key takes its place.
    Superseded,
    /// Code 2, hard: somebody else may have it; nothing that it ever signed counts.
    Compromised,
    /// Code 3, soft: it is not used any more.
    Retired,
}

impl KeyReason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Superseded => "superseded (code 1)",
            Self::Compromised => "COMPROMISED (code 2): nothing that it ever signed counts",
            Self::Retired => "retired (code 3)",
        }
    }

    /// The reason in one word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Compromised => "compromised",
            Self::Retired => "retired",
        }
    }

    /// The subpacket that says why, for machines and for people (RFC 9580 §5.2.3.31).
    pub(super) fn subpacket(self, text: &str) -> SubpacketValue {
        let reason = text.as_bytes().to_vec();
        SubpacketValue::ReasonForRevocation { code: self.code(), reason }
    }

    fn code(self) -> ReasonForRevocation {
        match self {
            Self::Superseded => ReasonForRevocation::KeySuperseded,
            Self::Compromised => ReasonForRevocation::KeyCompromised,
            Self::Retired => ReasonForRevocation::KeyRetired,
        }
    }
}
