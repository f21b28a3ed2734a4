//! `countersign revocation …`: what a revocation would do, and the sealed ones.

pub mod args;
mod drill;
mod sealed;
mod show;

pub(super) use show::effect;

use super::args::{Common, KeyReasonArg};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::module::Kind;
use args::RevocationVerb;

pub(super) fn run(common: &Common, verb: &RevocationVerb) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)
        .map_err(|e| Failure::from(e).hint("name the authority's record with --authority DIR"))?;
    let now = super::now(common.time);
    match verb {
        RevocationVerb::Drill(args) => drill::run(common, &authority, args, now),
        RevocationVerb::Test(args) => sealed::test(common, &authority, args, now),
        RevocationVerb::Open { sealed, output, guard } => {
            let form = if *guard { sealed::Guard::Colon } else { sealed::Guard::None };
            sealed::open(common, &authority, sealed, output, form, now)
        }
    }
}

/// How far back a revocation with this reason reaches.
pub(super) fn kind(reason: KeyReasonArg) -> Kind {
    match reason {
        KeyReasonArg::Superseded | KeyReasonArg::Retired => Kind::Soft,
        KeyReasonArg::Compromised => Kind::Hard,
    }
}
