//! `countersign request prepare-revocation`

use std::path::{Path, PathBuf};

use super::super::args::{KeyReasonArg, PrepareArgs};
use super::super::signer::Signer;
use super::super::{Exit, Failure};
use super::Asking;
use crate::exchange;
use crate::operation::{CertificateBlock, KeyReason, Operation, PrepareRevocation, Seal};
use crate::sealed::{Custodian, MAX_INPUT};

impl Asking<'_> {
    pub(super) fn prepare_revocation(&self, args: &PrepareArgs) -> Result<(), Failure> {
        let master = self.master(args.ask.master)?;
        let custodian = |path: &PathBuf| self.custodian(path);
        let seal = match args.seal.passphrase {
            true => Seal::Passphrase,
            false => Seal::Custodians(
                args.seal.custodians.iter().map(custodian).collect::<Result<_, _>>()?,
            ),
        };
        let operation = Operation::PrepareRevocation(PrepareRevocation {
            certificate: CertificateBlock::new(master.to_bytes()),
            reason: KeyReason::from(args.why.reason),
            text: args.why.text.clone(),
            seal,
        });
        self.ask(&Signer::new(&args.ask.signer)?, master, operation, &args.ask.output)
    }

    fn custodian(&self, path: &Path) -> Result<CertificateBlock, Failure> {
        let bytes = exchange::read_path(path, MAX_INPUT)?;
        let custodian = Custodian::read(&bytes, self.now).map_err(|error| {
            let context = format!("{} is no custodian", path.display());
            Failure::new(Exit::Refused, anyhow::Error::new(error).context(context))
        })?;
        Ok(CertificateBlock::new(custodian.to_bytes().to_vec()))
    }
}

impl From<KeyReasonArg> for KeyReason {
    fn from(reason: KeyReasonArg) -> Self {
        match reason {
            KeyReasonArg::Superseded => Self::Superseded,
            KeyReasonArg::Compromised => Self::Compromised,
            KeyReasonArg::Retired => Self::Retired,
        }
    }
}
