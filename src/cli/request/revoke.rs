//! `countersign request revoke`

use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use super::args::{ReasonArg, RevokeArgs};
use crate::certificate::{Certificate, Standing};
use crate::fingerprint::Fingerprint;
use crate::operation::Reason;

impl Asking<'_> {
    pub(super) fn revoke(&self, args: &RevokeArgs) -> Result<(), Failure> {
        let reason = match args.reason {
            ReasonArg::Unspecified => Reason::Unspecified,
            ReasonArg::UserIdInvalid => Reason::UserIdInvalid,
        };
        let masters = match args.ask.master {
            Some(_) => vec![self.master(args.ask.master)?],
            None => self.certifiers(args.developer)?,
        };
        if masters.len() > 1 && args.ask.output.names_a_file() {
            let text = format!("{} masters are to be asked, and this is one file", masters.len());
            let failure = Failure::say(Exit::Usage, text);
            return Err(failure.hint("name a folder with --output, or one master with --master"));
        }
        let signer = Signer::new(&args.ask.signer)?;
        for master in masters {
            let text = args.text.clone();
            let operation = self.authority.revocation(args.developer, master, reason, text)?;
            self.ask(&signer, master, operation, &args.ask.output)?;
        }
        Ok(())
    }

    /// Every master whose certification of the developer is not taken back on every user ID, and
    /// that can still sign: a key that one of them still certifies stays trusted.
    fn certifiers(&self, developer: Fingerprint) -> Result<Vec<&Certificate>, Failure> {
        let record = self.authority.developer(developer)?;
        let ever = |m: &&Certificate| !record.certificate.opinions_of(m).is_empty();
        let masters: Vec<&Certificate> = self.authority.masters().iter().filter(ever).collect();
        if masters.is_empty() {
            let text = format!("no master ever certified {developer}");
            return Err(Failure::say(Exit::Refused, text));
        }
        let stands = |m: &&Certificate| {
            let standings = record.standings(m, self.now);
            standings.iter().any(|(_, s)| matches!(s, Standing::Certified { .. }))
        };
        let standing: Vec<&Certificate> = masters.iter().copied().filter(stands).collect();
        let usable = |m: &&Certificate| !m.is_revoked(self.now);
        let open: Vec<&Certificate> = standing.into_iter().filter(usable).collect();
        Ok(if open.is_empty() { masters.into_iter().rev().take(1).collect() } else { open })
    }
}
