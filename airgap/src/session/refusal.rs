//! What is not signed: said with its reasons, written down, and answered where it is a request.

use countersign::digest::Sha256;
use countersign::journal::Event;
use countersign::policy::{Rejection, Violation};
use countersign::request::{Request, RequestId};
use countersign::response::{Outcome, Refuser, Response};
use countersign::safe::{Safe, clip};

use super::intake::describe;
use super::{Session, SessionError};
use crate::card::{Card, CardError};
use crate::console::Console;

impl<C, O> Session<'_, C, O>
where
    C: Console,
    O: FnMut() -> Result<Card, CardError>,
{
    /// A rule is broken.
    pub(super) fn refuse(
        &mut self,
        rejection: &Rejection,
        untrusted: &[u8],
    ) -> Result<(), SessionError> {
        let file = Sha256::of(untrusted);
        let violations = rejection.violations();
        self.refused(&rejection.request, file, Refuser::Policy, violations)
    }

    /// Whoever refused it: noted, journalled, and answered.
    pub(super) fn refused(
        &mut self,
        request: &Request,
        file: Sha256,
        by: Refuser,
        violations: Vec<Violation>,
    ) -> Result<(), SessionError> {
        self.tally.refused += 1;
        let why: Vec<String> =
            violations.iter().map(|v| format!("{}: {}", v.rule, Safe(&v.reason))).collect();
        self.note(format!("REFUSED    {}\n           {}", describe(request), why.join("; ")));
        self.journal(Event::Refused {
            request: Some(request.id()),
            file: Some(file),
            by,
            violations: violations.clone(),
        })?;
        self.write_answer(
            request,
            &Response::new(request.id(), Outcome::Refused { by, violations }),
        )
    }

    /// What the operator refused stays refused, for the same reason and in the same words.
    pub(super) fn refuse_again(
        &mut self,
        request: &Request,
        reason: String,
    ) -> Result<(), SessionError> {
        self.tally.refused += 1;
        let line =
            format!("REFUSED    {}\n           as before: {}", describe(request), Safe(&reason));
        self.note(line);
        self.write_answer(request, &refusal(request, reason))
    }

    /// A file that is not even a request: said, journalled, and not answered.
    pub(super) fn unreadable(
        &mut self,
        label: &str,
        untrusted: Option<&[u8]>,
        rule: &str,
        reason: &str,
    ) -> Result<(), SessionError> {
        let reason = clip(reason);
        self.console.show(&format!("NO   {rule}: {}\n", Safe(&reason)));
        self.tally.refused += 1;
        self.note(format!("REFUSED    {label}\n           {rule}: {}", Safe(&reason)));
        let violations = vec![Violation {
            rule: rule.to_owned(),
            reason,
            mend: "make the request again with countersign".into(),
        }];
        let (file, by) = (untrusted.map(Sha256::of), Refuser::Policy);
        self.journal(Event::Refused { request: None, file, by, violations })
    }

    /// A request whose copy the power took before anything of it was signed.
    pub(super) fn lost(&mut self, id: RequestId) -> Result<(), SessionError> {
        let text =
            format!("request {} is not at the station any more: give it again\n", id.0.short());
        self.console.show(&text);
        let violations = vec![Violation {
            rule: "kept".into(),
            reason: "the station's copy was lost with the power".into(),
            mend: "give the same request again".into(),
        }];
        let (request, file, by) = (Some(id), None, Refuser::Policy);
        self.journal(Event::Refused { request, file, by, violations })
    }
}

/// The operator's reason, in the shape of a broken rule.
pub(super) fn by_operator(reason: String) -> Violation {
    let mend = "settle it with the operator, then make a new request".into();
    Violation { rule: "operator".into(), reason, mend }
}

fn refusal(request: &Request, reason: String) -> Response {
    let violations = vec![by_operator(reason)];
    Response::new(request.id(), Outcome::Refused { by: Refuser::Operator, violations })
}
