//! `countersign request revoke`

use super::super::args::{ReasonArg, RevokeArgs};
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::operation::Reason;
use crate::policy::Evidence;
use crate::request::Draft;

impl Asking<'_> {
    pub(super) fn revoke(&self, args: &RevokeArgs) -> Result<(), Failure> {
        let reason = match args.reason {
            ReasonArg::Unspecified => Reason::Unspecified,
            ReasonArg::UserIdInvalid => Reason::UserIdInvalid,
        };
        let master = match args.ask.master {
            Some(_) => self.master(args.ask.master)?,
            None => certifier(self.authority, args.developer)?,
        };
        let text = args.text.clone();
        let operation = self.authority.revocation(args.developer, master, reason, text)?;
        let draft = Draft::new(self.now, master.fingerprint(), operation);
        let signer = Signer::new(&args.ask.signer)?;
        self.finish(&signer, &draft, &Evidence::default(), &args.ask.output)
    }
}

/// The last master in the policy that ever certified the developer.
fn certifier(authority: &Authority, developer: Fingerprint) -> Result<&Certificate, Failure> {
    let record = authority.developer(developer)?;
    let mut masters = authority.masters().iter().rev();
    masters
        .find(|m| !record.certificate.opinions_of(m).is_empty())
        .ok_or_else(|| Failure::say(Exit::Refused, format!("no master ever certified {developer}")))
}
