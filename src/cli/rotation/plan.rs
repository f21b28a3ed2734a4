//! `countersign rotation plan`

use anyhow::Context as _;

use super::super::args::Common;
use super::super::{Exit, Failure};
use super::args::PlanArgs;
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::exchange;
use crate::rotation::{Plan, Stage};
use crate::screen;
use crate::time::Timestamp;

pub(super) fn run(common: &Common, args: &PlanArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    if Plan::exists(authority.folder()) && !args.force {
        let failure = Failure::say(Exit::Failed, "the record has a rotation.toml already");
        return Err(failure.hint("edit it, or replace it with --force"));
    }
    let masters: Vec<&Certificate> = authority.masters().iter().collect();
    let successor = Certificate::read(exchange::open_path(&args.successor)?, &masters)
        .with_context(|| format!("{} is refused", args.successor.display()))?;
    let named = super::super::authority::master(&successor)?;
    let now = super::super::now(common.time);
    if successor.is_revoked(now)
        || authority.master(named.fingerprint).is_ok_and(|m| m.is_revoked(now))
    {
        let text = format!("{} is revoked: it succeeds nobody", named.fingerprint);
        return Err(Failure::say(Exit::Refused, text));
    }
    let new = named.fingerprint;
    let known = authority.master(new).is_ok();
    let mut others = authority.policy().masters.iter().map(|m| m.fingerprint).rev();
    let old = match args.old {
        Some(old) => authority.master(old)?.fingerprint(),
        None => others.find(|m| *m != new).context("the policy names no other master")?,
    };
    let start = args.start.unwrap_or(now);
    let or = |given: Option<Timestamp>, days: u32| {
        given.unwrap_or_else(|| start.after(days * Timestamp::DAY))
    };
    let begins = [start, or(args.dual_trust, 30), or(args.new_only, 120), or(args.retire, 210)];
    let plan = Plan::new(old, new, begins)?;
    let authority = match known {
        true => authority,
        false => authority.with_master(&named, &successor)?,
    };
    plan.write(authority.folder(), authority.policy())?;
    if !common.quiet {
        told(&authority, &plan, known);
    }
    Ok(())
}

fn told(authority: &Authority, plan: &Plan, known: bool) {
    crate::say!("old master  {}", plan.old.spaced());
    crate::say!("new master  {}", plan.new.spaced());
    for stage in Stage::ALL {
        crate::say!("{:<11} {}", stage.as_str(), plan.stage.step(stage).begins.date());
    }
    crate::say!("\nthe plan is in {}", authority.folder().join("rotation.toml").display());
    if known {
        return;
    }
    crate::say!("\nThe new master is the last one in policy.toml now: requests go to it unless");
    crate::say!("--master names another one. The policy has changed, and with it its digest:");
    crate::cli::put(format_args!("{}", screen::digest_lines(&authority.policy().digest())));
    crate::say!("The station knows nothing of it yet. Carry the record there, and run");
    crate::say!("  airgap station update --authority RECORD");
    crate::say!("next: countersign request cross-certify, request transition-statement");
}
