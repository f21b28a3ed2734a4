//! What is asked of the masters about themselves: `countersign request cross-certify`,
//! `transition-statement`, `renew-master`, `revoke-key`.

use super::super::args::OutputArgs;
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use super::args::{
    CrossCertifyArgs, PairArgs, RenewMasterArgs, RevokeKeyArgs, TransitionArgs, VouchArg,
};
use super::certify::expiry;
use crate::certificate::Certificate;
use crate::cli::revocation;
use crate::drill;
use crate::fingerprint::Fingerprint;
use crate::module::Revoked;
use crate::module::keyring::Supposed;
use crate::operation::{
    CertificateBlock, CrossCertify, KeyReason, Operation, RenewMaster, RevokeKey, Stops,
    TransitionStatement, TrustSignature,
};

/// Complete trust, one step far.
const VOUCHING: TrustSignature = TrustSignature { depth: 1, amount: 120 };

impl Asking<'_> {
    pub(super) fn cross_certify(&self, args: &CrossCertifyArgs) -> Result<(), Failure> {
        let (old, new) = self.pair(&args.pair, &args.output)?;
        let signer = Signer::new(&args.signer)?;
        let expires = expiry(&args.validity, self.now)?;
        let by_new = args.vouch == VouchArg::Both;
        let by_old = by_new || args.vouch == VouchArg::New;
        for (by, about, vouches) in [(old, new, by_old), (new, old, by_new)] {
            let operation = Operation::CrossCertify(CrossCertify {
                certificate: CertificateBlock::new(about.to_bytes()),
                user_ids: about.valid_user_ids(self.now),
                expires,
                trust: vouches.then_some(VOUCHING),
            });
            self.ask(&signer, by, operation, &args.output)?;
        }
        Ok(())
    }

    pub(super) fn transition_statement(&self, args: &TransitionArgs) -> Result<(), Failure> {
        let (old, new) = self.pair(&args.pair, &args.output)?;
        let signer = Signer::new(&args.signer)?;
        let statement = TransitionStatement {
            authority: self.authority.policy().name.clone(),
            old: old.fingerprint(),
            new: new.fingerprint(),
            effective: args.effective.unwrap_or(self.now),
            remarks: args.remarks.clone(),
        };
        for master in [old, new] {
            let operation = Operation::TransitionStatement(statement.clone());
            self.ask(&signer, master, operation, &args.output)?;
        }
        Ok(())
    }

    pub(super) fn renew_master(&self, args: &RenewMasterArgs) -> Result<(), Failure> {
        let master = self.master(args.ask.master)?;
        let operation = Operation::RenewMaster(RenewMaster {
            certificate: CertificateBlock::new(master.to_bytes()),
            user_ids: master.valid_user_ids(self.now),
            expires: expiry(&args.expires, self.now)?,
        });
        self.ask(&Signer::new(&args.ask.signer)?, master, operation, &args.ask.output)
    }

    pub(super) fn revoke_key(&self, args: &RevokeKeyArgs) -> Result<(), Failure> {
        let master = self.authority.master(args.master)?;
        let stops = self.stops(master, args)?;
        let operation = Operation::RevokeKey(RevokeKey {
            certificate: CertificateBlock::new(master.to_bytes()),
            subkey: args.subkey,
            reason: KeyReason::from(args.why.reason),
            text: args.why.text.clone(),
            stops,
        });
        self.ask(&Signer::new(&args.signer)?, master, operation, &args.output)
    }

    /// What stops with the key: told, and gone on with only where that was accepted.
    fn stops(&self, master: &Certificate, args: &RevokeKeyArgs) -> Result<Stops, Failure> {
        if args.subkey.is_some() {
            return Ok(Stops::default());
        }
        let before = self.authority.keyring();
        let (key, kind) = (master.fingerprint(), revocation::kind(args.why.reason));
        let revoked = Revoked { at: self.now, kind };
        let after = before.supposing([Supposed::Key { key, revoked }]);
        let effect = revocation::effect(self.authority, &before, &after, &args.effect, self.now)?;
        crate::cli::put_aside(format_args!("{}", drill::table(&effect)));
        crate::tell!("if the master {key} were revoked today: {}\n", drill::counts(&effect));
        let stops = Stops::from(effect.counts());
        let developers = stops.developers;
        if developers > 0 && args.accept_stop != Some(developers) {
            let failure = Failure::say(Exit::Refused, format!("{stops} would stop"))
                .hint("certify them by the other master first: countersign request recertify")
                .hint("or revoke their certifications: countersign request revoke FINGERPRINT");
            let hint =
                format!("or go on, as far as rotation.may_stop allows: --accept-stop {developers}");
            return Err(failure.hint(hint));
        }
        Ok(stops)
    }

    /// Old and new master, as named or as the policy has them last.
    fn pair(
        &self,
        named: &PairArgs,
        output: &OutputArgs,
    ) -> Result<(&Certificate, &Certificate), Failure> {
        if output.names_a_file() {
            let failure = Failure::say(Exit::Usage, "two masters are asked: these are two files");
            return Err(failure.hint("name a folder with --output"));
        }
        let mut last = self.authority.policy().masters.iter().rev().map(|m| m.fingerprint);
        let new = named.new.or(last.next());
        let old = named.old.or_else(|| last.find(|m| Some(*m) != new));
        let (Some(old), Some(new)) = (old, new) else {
            let failure = Failure::say(Exit::Refused, "the policy names only one master");
            let hint = "bring in the other: countersign rotation plan --successor FILE";
            return Err(failure.hint(hint));
        };
        let master = |key: Fingerprint| self.authority.master(key);
        Ok((master(old)?, master(new)?))
    }
}
