//! `countersign module …`

pub mod args;
mod check;
mod explain;
mod keyring;
mod package;
mod progress;
mod sign;
mod unpack;
mod verify;

use super::args::Common;
use super::{Exit, Failure};
use args::ModuleVerb;
pub(super) use args::Profile;
pub(super) use keyring::read_masters;
pub(super) use progress::Count;
pub(super) use sign::{hash, list, raw_name};

pub(super) fn run(common: &Common, verb: &ModuleVerb) -> Result<(), Failure> {
    match verb {
        ModuleVerb::Sign(args) => sign::run(common, args),
        ModuleVerb::Verify { folders, judge, details, form } => {
            verify::run(common, folders, judge, *details, form)
        }
        ModuleVerb::Check { folders, profile, form } => check::run(folders, *profile, form),
        ModuleVerb::Package(args) => package::run(common, args),
        ModuleVerb::Unpack(args) => unpack::run(common, args),
        ModuleVerb::Explain { path, judge } => explain::run(common, path, judge),
    }
}
