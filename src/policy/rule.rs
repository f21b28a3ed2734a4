//! A rule: a name that never changes, a question, and the code that answers it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::review::{Context, History};
use super::signers::Signed;
use super::{Evidence, Policy};
use crate::certificate::Certificate;
use crate::operation::Signable;
use crate::request::Request;
use crate::safe::clip;
use crate::time::Timestamp;

/// One rule of the policy.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its stable name: in output, documentation and tests.
    pub name: &'static str,
    /// What it demands, in one sentence.
    pub demand: &'static str,
    /// Judges one request.
    pub check: fn(&Subject<'_>) -> Verdict,
}

/// What a rule judges: a request, and all that is known about it. No clock, no files.
pub struct Subject<'a> {
    /// The request.
    pub request: &'a Request,
    /// Policy, masters and managers.
    pub context: &'a Context<'a>,
    /// The master that is asked.
    pub master: &'a Certificate,
    /// The certificate that the request is about, where it is about one.
    pub certificate: Option<&'a Certificate>,
    /// What was decided before on this request and this key.
    pub history: &'a History,
    /// What stands beside the request.
    pub evidence: &'a Evidence,
    /// Its signatures: whose each is, and what keeps it from counting.
    pub(super) signed: Vec<Signed<'a>>,
}

impl<'a> Subject<'a> {
    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        self.context.policy
    }

    /// What is asked, if it is a `T`.
    pub fn asked<T: Signable>(&self) -> Option<&'a T> {
        self.request.operation().as_any()
    }

    /// The date that the judge goes by.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }
}

/// A rule's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds; what was found.
    Holds(String),
    /// It holds, and a person should know.
    Warns(String),
    /// It is broken.
    Broken {
        /// Why.
        reason: String,
        /// What to do about it.
        mend: String,
    },
}

impl Verdict {
    /// The rule holds.
    pub fn holds(found: impl Into<String>) -> Self {
        Self::Holds(clip(&found.into()))
    }

    /// The rule does not apply to what is asked: no operation lists a rule that cannot judge it.
    pub fn not_asked() -> Self {
        Self::Holds("does not apply".to_owned())
    }

    /// The rule holds with a warning.
    pub fn warns(found: impl Into<String>) -> Self {
        Self::Warns(clip(&found.into()))
    }

    /// The rule is broken.
    pub fn broken(reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Broken { reason: clip(&reason.into()), mend: clip(&mend.into()) }
    }
}

/// A rule's verdict on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Its answer.
    pub verdict: Verdict,
}

impl Finding {
    /// Asks `rule` about `subject`.
    pub fn of(rule: &Rule, subject: &Subject<'_>) -> Self {
        Self { rule: rule.name, verdict: (rule.check)(subject) }
    }

    /// The violation, if the rule is broken.
    pub fn violation(&self) -> Option<Violation> {
        match &self.verdict {
            Verdict::Broken { reason, mend } => Some(Violation {
                rule: self.rule.to_owned(),
                reason: reason.clone(),
                mend: mend.clone(),
            }),
            Verdict::Holds(_) | Verdict::Warns(_) => None,
        }
    }
}

/// A broken rule, as it travels back to the requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// The rule's name.
    pub rule: String,
    /// Why it is broken.
    pub reason: String,
    /// What to do about it.
    pub mend: String,
}
