//! The review: every rule asked, every signature predicted.

use std::collections::BTreeSet;

use super::rule::{Finding, Rule, Subject, Violation};
use super::rules::{approval, common, requester};
use super::signers::{self, Other, Signers};
use super::{Evidence, Policy, Verdict};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::Changes;
use crate::operation::{SignModule, Statement};
use crate::request::{Draft, Request, RequestId};
use crate::time::Timestamp;

/// The rules about a request's signatures: before it is signed they cannot hold.
const ABOUT_SIGNATURES: &[&str] = &[
    requester::PROOF_OF_POSSESSION.name,
    requester::REQUESTER_ALLOWED.name,
    approval::APPROVALS.name,
    approval::WITNESS.name,
];

/// What a judge knows beside the request: the authority's policy and keys, and the date.
pub struct Context<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The masters' certificates.
    pub masters: &'a [Certificate],
    /// The managers' certificates.
    pub managers: &'a [Certificate],
    /// The date to go by: at the station the one that the operator confirmed.
    pub now: Timestamp,
}

impl<'a> Context<'a> {
    /// The masters' certificates, for reading what they said on others.
    pub fn all_masters(&self) -> Vec<&'a Certificate> {
        self.masters.iter().collect()
    }
}

/// What was decided before on one request and on the key that it is about, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The decision on this very request, if there is one.
    pub this: Option<Decided>,
    /// What the masters signed about this key.
    pub decisions: Vec<Decision>,
}

impl History {
    /// What `master` decided about a key, oldest first: what is recorded, and what its signatures
    /// on the certificate tell beyond that.
    pub fn past(
        &self,
        master: Fingerprint,
        on: Option<(&Certificate, &Certificate)>,
    ) -> Vec<Decision> {
        let mut past: Vec<Decision> =
            self.decisions.iter().filter(|d| d.master == master).cloned().collect();
        if let Some((certificate, master)) = on {
            for decision in certificate.decisions_of(master) {
                let same = |d: &Decision| {
                    d.created == decision.created
                        && (d.kind == Kind::Revoked) == (decision.kind == Kind::Revoked)
                        && decision.names.iter().all(|id| d.names.contains(id))
                };
                if !past.iter().any(same) {
                    past.push(decision);
                }
            }
        }
        past.sort_by_key(|d| (d.created, d.kind == Kind::Revoked));
        past
    }

    /// Every user ID of the key that `master` ever certified, by the same two sources.
    pub fn certified_user_ids(
        &self,
        certificate: &Certificate,
        master: &Certificate,
    ) -> BTreeSet<String> {
        let past = self.past(master.fingerprint(), Some((certificate, master)));
        let certified = past.into_iter().filter(|d| matches!(d.kind, Kind::Certified { .. }));
        certified.flat_map(|d| d.names).collect()
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Signed; the answer can be written again.
    Signed {
        /// When.
        at: Timestamp,
    },
    /// The operator said no.
    Refused {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

/// One earlier operation of a master on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The request that asked for it.
    pub request: RequestId,
    /// The master that signed.
    pub master: Fingerprint,
    /// The creation time in its signatures.
    pub created: Timestamp,
    /// What it was.
    pub kind: Kind,
    /// The user IDs; of a module, its version; of a trust bundle, its serial number.
    pub names: Vec<String>,
}

/// What an earlier decision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Certified until then, or for good.
    Certified {
        /// When it ends.
        expires: Option<Timestamp>,
    },
    /// Took the certifications back.
    Revoked,
    /// Signed a module's list.
    SignedModule,
    /// Signed a text about itself and another master.
    Stated,
    /// Gave itself another end.
    Renewed {
        /// When it ends.
        expires: Option<Timestamp>,
    },
    /// Revoked itself, or a subkey of its own.
    KeyRevoked,
    /// Made its own revocation in advance, sealed.
    RevocationPrepared,
    /// Signed a trust bundle.
    Bundled,
}

/// What a review found of a request: who signed it, every rule's verdict, and exactly what would be
/// signed.
#[derive(Debug)]
pub struct Judged {
    request: Request,
    certificate: Option<Certificate>,
    signers: Signers,
    findings: Vec<Finding>,
    statements: Vec<Statement>,
    changes: Option<Changes>,
}

/// A request for which every rule holds. Only [`Policy::review`] makes one.
#[derive(Debug)]
pub struct Review(Judged);

/// A request that breaks a rule.
#[derive(Debug)]
pub struct Rejection {
    /// The request.
    pub request: Request,
    /// Every rule that could be asked, broken or not.
    pub findings: Vec<Finding>,
    /// The certificate that it is about, where it is about one and that could be read.
    pub certificate: Option<Certificate>,
    /// Whose good signatures it bears; nobody's where it was refused before they were looked at.
    pub signers: Signers,
    /// Whose other signatures.
    pub others: Vec<Other>,
}

impl Rejection {
    /// Of a request whose signatures were not looked at.
    fn early(request: Request, findings: Vec<Finding>, context: &Context<'_>) -> Box<Self> {
        let certificate = request.certificate(&context.all_masters()).ok().flatten();
        let others = signers::claimed(&request, context);
        Box::new(Self { request, findings, certificate, signers: Signers::default(), others })
    }

    /// The broken rules.
    pub fn violations(&self) -> Vec<Violation> {
        self.findings.iter().filter_map(Finding::violation).collect()
    }
}

impl std::ops::Deref for Review {
    type Target = Judged;

    fn deref(&self) -> &Judged {
        &self.0
    }
}

impl Judged {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The certificate that it is about, where it is about one.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// What changed since the module was signed last.
    pub fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// Who asked for it, who approved it, and what is known of a witness.
    pub fn signers(&self) -> &Signers {
        &self.signers
    }

    /// Every rule's verdict.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Every signature that will be made, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What keeps it from being signed; of a request that can travel only whose signatures are
    /// still missing.
    pub fn open(&self) -> Vec<Violation> {
        self.findings.iter().filter_map(Finding::violation).collect()
    }
}

impl Policy {
    /// Judges a draft before anybody signs it, by every rule but those about its signatures.
    ///
    /// # Errors
    /// A [`Rejection`] with all findings where a rule is broken.
    pub fn lint(
        context: &Context<'_>,
        draft: &Draft,
        history: &History,
        evidence: &Evidence,
    ) -> Result<(), Box<Rejection>> {
        let Err(mut rejection) = Self::review(context, draft.unsigned(), history, evidence) else {
            return Ok(());
        };
        rejection.findings.retain(|f| !ABOUT_SIGNATURES.contains(&f.rule));
        if rejection.violations().is_empty() { Ok(()) } else { Err(rejection) }
    }

    /// Judges a signed request on its way from one person to the next: approvals and a witness's
    /// signature may still be missing.
    ///
    /// # Errors
    /// A [`Rejection`] with all findings where another rule is broken.
    pub fn preview(
        context: &Context<'_>,
        request: Request,
        history: &History,
        evidence: &Evidence,
    ) -> Result<Judged, Box<Rejection>> {
        Self::judge(context, request, history, evidence, approval::OPEN_ON_THE_WAY)
    }

    /// Judges a request by every rule that applies to it.
    ///
    /// # Errors
    /// A [`Rejection`] with all findings where a rule is broken.
    pub fn review(
        context: &Context<'_>,
        request: Request,
        history: &History,
        evidence: &Evidence,
    ) -> Result<Review, Box<Rejection>> {
        Self::judge(context, request, history, evidence, &[]).map(Review)
    }

    /// Judges a request; the rules in `open` may be broken.
    fn judge(
        context: &Context<'_>,
        request: Request,
        history: &History,
        evidence: &Evidence,
        open: &[&str],
    ) -> Result<Judged, Box<Rejection>> {
        let mut findings = vec![common::size(&request, context.policy), common::format()];
        let master = match common::target_master(&request, context) {
            Ok((master, finding)) => {
                findings.push(finding);
                master
            }
            Err(finding) => {
                findings.push(finding);
                return Err(Rejection::early(request, findings, context));
            }
        };
        let certificate = match common::certificate(&request, context) {
            Ok(Some((certificate, finding))) => {
                findings.push(finding);
                Some(certificate)
            }
            Ok(None) => None,
            Err(finding) => {
                findings.push(finding);
                return Err(Rejection::early(request, findings, context));
            }
        };
        let about = certificate.as_ref();
        let mut subject = Subject {
            request: &request,
            context,
            master,
            certificate: about,
            history,
            evidence,
            signed: Vec::new(),
        };
        subject.signed = signers::signed(&subject);
        let rules = common::RULES.iter().chain(request.operation().name().rules());
        findings.extend(rules.map(|rule: &Rule| Finding::of(rule, &subject)));

        let (finding, statements) = common::signable(&subject);
        findings.push(finding);
        let signers = Signers::of(&subject);
        let broken = |f: &Finding| matches!(f.verdict, Verdict::Broken { .. });
        if findings.iter().any(|f| broken(f) && !open.contains(&f.rule)) {
            let others = signers::others(&subject, &signers);
            return Err(Box::new(Rejection { request, findings, certificate, signers, others }));
        }
        let changes = evidence.previous.as_ref().and_then(|previous| {
            let asked = request.operation().as_any::<SignModule>()?;
            Some(Changes::between(previous, &asked.manifest().ok()?))
        });
        Ok(Judged { request, certificate, signers, findings, statements, changes })
    }
}
