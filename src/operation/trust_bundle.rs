//! `trust-bundle`: the master signs what consumers go by.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Line, Object, Signable, Statement, StatementError};
use crate::bundle::Head;
use crate::certificate::Certificate;
use crate::policy::rules::{bundle, module, requester};
use crate::policy::{Kind, Rule};
use crate::safe::counted;
use crate::time::Timestamp;

/// A cleartext signature (type 0x01, RFC 9580 §5.2.1.2), SHA-512, over a bundle's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustBundle {
    /// The head. Its text is spelled as the request is, so the request says all of it.
    pub head: Head,
}

const RULES: &[Rule] = &[
    requester::REQUESTER_ALLOWED,
    module::MASTER_SIGNS,
    bundle::BUNDLE_SERIAL,
    bundle::BUNDLE_DATES,
    bundle::BUNDLE_BLOCKED,
    bundle::BUNDLE_KEYRING,
    bundle::BUNDLE_MASTERS,
    bundle::BUNDLE_DEVELOPERS,
    bundle::BUNDLE_DECISIONS,
];

impl Signable for TrustBundle {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::Bundled
    }

    fn object(&self) -> Option<Object> {
        Some(Object::Bundle)
    }

    fn version(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.head.serial.to_string()))
    }

    fn expires(&self) -> Option<Timestamp> {
        Some(self.head.expires)
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        _: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let about = format!("trust bundle {}", self.head.serial);
        Ok(vec![Statement::over_text(created, master, &self.head.text(), about)?])
    }

    fn describe(&self) -> Vec<Line> {
        let head = &self.head;
        let mut lines = vec![
            Line::new("authority", &head.authority),
            Line::new("serial", head.serial.to_string()),
            Line::new(
                "until",
                format!("{}, and {}", head.expires, counted(head.grace_days as usize, "day")),
            ),
        ];
        let masters = head.masters.iter();
        lines.extend(masters.map(|m| Line::new("names master", m.fingerprint.spaced())));
        lines.push(Line::new("developers", head.developers.to_string()));
        let keyring = &head.keyring;
        lines.push(Line::new("keyring", format!("{} bytes", keyring.bytes)));
        lines.push(Line::new("", keyring.sha256.spaced()));
        lines.extend(head.blocked.iter().map(|blocked| {
            let text = format!("{} {}: {}", blocked.module, blocked.version, blocked.reason);
            Line::new("BLOCKS module", text)
        }));
        lines
    }

    fn brief(&self) -> String {
        let developers = counted(self.head.developers as usize, "developer");
        format!("serial {}, {developers}", self.head.serial)
    }
}
