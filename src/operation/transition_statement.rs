//! `transition-statement`: old and new master say in one text that the one follows the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Line, Object, Signable, Statement, StatementError};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::policy::rules::{requester, rotation};
use crate::policy::{Kind, Rule};
use crate::time::Timestamp;

/// A cleartext signature (type 0x01, RFC 9580 §5.2.1.2), SHA-512, over a text that is made from
/// these fields alone, so that both masters sign the very same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitionStatement {
    /// The authority's name.
    pub authority: String,
    /// The master that is followed.
    pub old: Fingerprint,
    /// The master that follows.
    pub new: Fingerprint,
    /// From when on the new master signs what the old one signed.
    pub effective: Timestamp,
    /// Further lines for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

const RULES: &[Rule] =
    &[requester::REQUESTER_ALLOWED, rotation::TRANSITION_MASTERS, rotation::TRANSITION_REMARKS];

impl TransitionStatement {
    /// The text to be signed, with a final newline. Its last line is for machines.
    pub fn text(&self) -> String {
        let Self { authority, old, new, effective, remarks } = self;
        let mut text = format!(
            "Transition of the signing master of {authority}\n\
             \n\
             From {effective} on, the new master signs\n\
             what the old one signed before:\n\
             \n    new  {}\n    old  {}\n\
             \n\
             Both keys are the authority's own, and both sign this.\n\
             Trust both until the old one is revoked: a certification\n\
             by either is one by the authority.\n",
            new.spaced(),
            old.spaced()
        );
        for remark in remarks {
            text.push_str(&format!("\n{remark}"));
        }
        if !remarks.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("\n{}\n", self.machine_readable()));
        text
    }

    fn machine_readable(&self) -> String {
        let Self { old, new, effective, .. } = self;
        format!("countersign-transition: version=1 old={old} new={new} effective={effective}")
    }
}

impl Signable for TransitionStatement {
    fn rules() -> &'static [Rule] {
        RULES
    }

    fn kind(_: Option<Timestamp>) -> Kind {
        Kind::Stated
    }

    fn object(&self) -> Option<Object> {
        Some(Object::Key(self.new))
    }

    fn statements(
        &self,
        created: Timestamp,
        master: &Certificate,
        _: Option<&Certificate>,
    ) -> Result<Vec<Statement>, StatementError> {
        let about = format!("transition from {} to {}", self.old.key_id(), self.new.key_id());
        Ok(vec![Statement::over_text(created, master, &self.text(), about)?])
    }

    fn describe(&self) -> Vec<Line> {
        self.text().lines().map(|line| Line::new("", line)).collect()
    }

    fn brief(&self) -> String {
        format!("{} follows {}", self.new.key_id(), self.old.key_id())
    }
}
