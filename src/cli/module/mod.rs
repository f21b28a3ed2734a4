//! `countersign module …`

pub mod args;
mod explain;
mod keyring;
mod progress;
mod sign;
mod verify;

use super::args::Common;
use super::{Exit, Failure};
use args::ModuleVerb;
pub(super) use sign::{hash, list, raw_name};

pub(super) fn run(common: &Common, verb: &ModuleVerb) -> Result<(), Failure> {
    match verb {
        ModuleVerb::Sign(args) => sign::run(common, args),
        ModuleVerb::Verify { folders, judge, details, form } => {
            verify::run(common, folders, judge, *details, form)
        }
        ModuleVerb::Explain { path, judge } => explain::run(common, path, judge),
    }
}
