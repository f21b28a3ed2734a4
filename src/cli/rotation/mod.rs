//! `countersign rotation …`

pub mod args;
mod invite;
mod plan;
mod status;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Common;
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::rotation::{Plan, PlanError};
use args::RotationVerb;

pub(super) fn run(common: &Common, verb: &RotationVerb) -> Result<(), Failure> {
    match verb {
        RotationVerb::Plan(args) => plan::run(common, args),
        RotationVerb::Status(args) => status::run(common, args),
        RotationVerb::Invite(args) => invite::run(common, args),
    }
}

/// The plan on record.
fn planned(authority: &Authority) -> Result<Plan, Failure> {
    Plan::open(authority.folder()).map_err(|error| match error {
        PlanError::None => Failure::new(Exit::Failed, error)
            .hint("make one: countersign rotation plan --successor FILE"),
        other => other.into(),
    })
}

/// How many developers were looked at: a line on the terminal, nothing elsewhere.
fn progress(all: usize, common: &Common) -> ProgressBar {
    let target = match common.quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr_with_hz(4),
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} developers, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(all as u64), target);
    bar.enable_steady_tick(Duration::from_secs(1));
    bar.with_style(style.expect("the template is sound"))
}
