//! `countersign authority adopt`: from a keyring to a record.

pub mod args;
mod json;
mod words;

use std::path::Path;

use super::args::Common;
use super::authority::{manager, master, read_all};
use super::{Exit, Failure};
use crate::authority::adopt::{Adoption, Campaign, Survey, proposals};
use crate::certificate::{Certificate, Introduction};
use crate::digest::Sha256;
use crate::exchange;
use crate::module::Keyring;
use crate::module::strict::WeakChains;
use crate::operation::Agreement;
use crate::policy::{Introducer, Policy};
use crate::safe::{Safe, chain};
use crate::time::Timestamp;
use args::{AdoptArgs, RecordArgs};

/// Longest keyring file, in bytes.
const MAX_FILE: usize = 64 << 20;
/// The name of an authority that is only looked at.
const NOBODY: &str = "a project that is looked at";

pub(super) fn run(common: &Common, args: &AdoptArgs) -> Result<(), Failure> {
    let now = super::now(common.time);
    let survey = survey(args)?;
    if args.masters.is_empty() {
        let proposed = proposals(&survey, now);
        match args.form.json {
            true => crate::say!("{}", json::proposals(&survey, &proposed)),
            false => words::proposals(&survey, &proposed),
        }
        return Ok(());
    }
    let weak = if args.accept_weak_chains { WeakChains::Accept } else { WeakChains::Refuse };
    let adoption = Adoption::of(&survey, &args.masters, weak, now).map_err(|error| {
        Failure::new(Exit::Refused, error)
            .hint("see who is there: countersign authority adopt --keyring PATH")
    })?;
    let agreement = args.record.agreement.as_deref();
    let agreement = agreement.map_or(Ok(Vec::new()), |path| exchange::read_path(path, 1 << 20))?;
    let managers = read_all(&args.record.managers)?;
    let policy = policy(&adoption, &args.record, &agreement, &managers, now)?;
    let campaign = Campaign::propose(&adoption, &policy, weak);
    match args.form.json {
        true => crate::say!("{}", json::report(&adoption, &campaign)),
        false => words::report(&survey, &adoption, &campaign),
    }
    if let Some(folder) = &args.record.output {
        write(common, folder, &adoption, &policy, &agreement, &managers)?;
    }
    Ok(())
}

fn survey(args: &AdoptArgs) -> Result<Survey, Failure> {
    let none: [Certificate; 0] = [];
    let mut gatherer = Keyring::of(&none);
    for path in &args.keyring {
        gatherer = if path.is_dir() {
            gatherer.folder(path)
        } else {
            let untrusted = exchange::read_path(path, MAX_FILE)?;
            gatherer.bytes(&path.display().to_string(), &untrusted)
        };
    }
    let survey = Survey::of(gatherer);
    for refused in survey.refused() {
        let source = Safe(&refused.source);
        crate::tell!("note: {source} is left out: {}", Safe(&chain(&refused.error)));
    }
    if survey.certificates().is_empty() {
        return Err(Failure::say(Exit::Failed, "the keyring holds no certificate"));
    }
    Ok(survey)
}

/// The policy of the new record; while nothing is written, one with every default.
fn policy(
    adoption: &Adoption,
    record: &RecordArgs,
    agreement: &[u8],
    managers: &[Certificate],
    now: Timestamp,
) -> Result<Policy, Failure> {
    let masters = adoption.keyring().masters();
    let domain = record.domain.as_deref().unwrap_or("example.org");
    let notation = format!("agreement-sha256@{domain}");
    let named = Agreement { sha256: Sha256::of(agreement), notation };
    let name = record.name.as_deref().unwrap_or(NOBODY);
    let first = masters.first().expect("an adoption has at least one master");
    let mut policy = Policy::with_defaults(name, master(first)?, named);
    policy.masters = masters.iter().map(master).collect::<Result<_, _>>()?;
    policy.managers = managers.iter().map(manager).collect();
    policy.certify.policy_uri = record.policy_uri.clone();
    policy.certify.introducers = introducers(adoption, now);
    // Read back before anything is written: a value that the policy refuses stops here.
    Ok(Policy::parse(&policy.to_toml())?)
}

/// Whom a master appointed as an introducer, and still does: they may be appointed anew.
fn introducers(adoption: &Adoption, now: Timestamp) -> Vec<Introducer> {
    let masters = adoption.keyring().masters();
    let of_each = adoption.developers().filter_map(|known| {
        let certificate = &known.certificate;
        let said = masters.iter().flat_map(|m| certificate.opinions_of(m));
        let stands = said.filter(|o| !o.revokes && o.expires.is_none_or(|at| at > now));
        let amounts = stands.filter_map(|o| o.introduces.map(|i: Introduction| i.amount));
        let max_amount = amounts.max()?.clamp(1, 120);
        (!certificate.is_revoked(now))
            .then(|| Introducer { fingerprint: certificate.fingerprint(), max_amount })
    });
    of_each.collect()
}

fn write(
    common: &Common,
    folder: &Path,
    adoption: &Adoption,
    policy: &Policy,
    agreement: &[u8],
    managers: &[Certificate],
) -> Result<(), Failure> {
    let authority = adoption.write(folder, policy, agreement, managers)?;
    if !common.quiet {
        let developers = authority.developers()?.len();
        crate::tell!(
            "written: {} with {} and {}; put it under git",
            folder.display(),
            crate::safe::counted(policy.masters.len(), "master"),
            crate::safe::counted(developers, "developer")
        );
        crate::tell!("next: countersign authority show --authority {}", folder.display());
    }
    Ok(())
}
