//! `countersign authority …`

use std::path::{Path, PathBuf};

use super::args::{AuthorityVerb, Common};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::certificate::{Certificate, algorithm};
use crate::digest::Sha256;
use crate::exchange;
use crate::operation::{Agreement, OperationName};
use crate::policy::{ApprovalPolicy, Manager, Named, Policy, WitnessPolicy};
use crate::safe::{Safe, counted};
use crate::screen;
use crate::time::Timestamp;

pub(super) fn run(common: &Common, verb: AuthorityVerb) -> Result<(), Failure> {
    match verb {
        AuthorityVerb::Init { name, domain, masters, agreement, managers, policy_uri } => {
            let masters = read_all(&masters)?;
            let managers = read_all(&managers)?;
            let agreement = exchange::read_path(&agreement, 1 << 20)?;
            let notation = format!("agreement-sha256@{domain}");
            let named = Agreement { sha256: Sha256::of(&agreement), notation };
            let mut policy = Policy::with_defaults(&name, master(&masters[0])?, named);
            policy.masters = masters.iter().map(master).collect::<Result<_, _>>()?;
            policy.managers = managers.iter().map(manager).collect();
            policy.certify.policy_uri = policy_uri;
            // Read back before anything is written: a value that the policy refuses stops here.
            let policy = Policy::parse(&policy.to_toml())?;
            let made =
                Authority::create(&common.authority, &policy, &agreement, &masters, &managers)?;
            if !common.quiet {
                show(&made, crate::cli::now(common.time));
                crate::say!("\nThe record is in {}: put it under git.", made.folder().display());
            }
            Ok(())
        }
        AuthorityVerb::Adopt(args) => super::adopt::run(common, &args),
        AuthorityVerb::Forecast(args) => super::forecast::run(common, &args),
        AuthorityVerb::Show(form) => {
            let authority = Authority::open(&common.authority)?;
            authority.agreement()?;
            if form.json {
                show_json(&authority);
            } else {
                show(&authority, crate::cli::now(common.time));
            }
            Ok(())
        }
    }
}

pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let read = |path: &PathBuf| {
        let file = exchange::open_path(path)?;
        let context = || format!("{} is refused", path.display());
        Certificate::read(file, &[])
            .map_err(|e| Failure::from(anyhow::Error::new(e).context(context())))
    };
    paths.iter().map(read).collect()
}

/// A master is RSA, or FreePBX does not recognise its revocations (docs/threat-model.md).
pub(super) fn master(certificate: &Certificate) -> Result<Named, Failure> {
    let name = algorithm(certificate.primary());
    if !name.starts_with("RSA ") {
        let text = format!(
            "the master {} is {name}: it must be RSA, because FreePBX recognises a revoked \
             certification only by an RSA key",
            certificate.fingerprint()
        );
        return Err(Failure::say(Exit::Refused, text).hint("airgap master generate"));
    }
    Ok(named(certificate))
}

fn named(certificate: &Certificate) -> Named {
    let id = certificate.user_ids().next();
    let name = id.map(|u| String::from_utf8_lossy(u.value()).into_owned()).unwrap_or_default();
    Named { name: Safe(&name).to_string(), fingerprint: certificate.fingerprint() }
}

/// What the first manager may ask for: everything that neither a key's owner asks for nor the
/// station makes by itself.
fn managed() -> Vec<OperationName> {
    let others = [OperationName::Certify, OperationName::SessionRecord];
    OperationName::ALL.iter().copied().filter(|name| !others.contains(name)).collect()
}

pub(super) fn manager(certificate: &Certificate) -> Manager {
    let Named { name, fingerprint } = named(certificate);
    Manager { name, fingerprint, may_request: managed() }
}

fn show(authority: &Authority, now: Timestamp) {
    let policy = authority.policy();
    crate::say!("{}", Safe(&policy.name));
    for (certificate, named) in authority.masters().iter().zip(&policy.masters) {
        crate::say!(
            "  master   {}  {}",
            certificate.fingerprint(),
            algorithm(certificate.primary())
        );
        crate::say!("           {}", Safe(&named.name));
        if certificate.is_revoked(now) {
            crate::say!(
                "           REVOKED: what it certified counts no more for GnuPG and FreePBX"
            );
        }
    }
    for manager in &policy.managers {
        let may: Vec<String> = manager.may_request.iter().map(ToString::to_string).collect();
        let may = if may.is_empty() { "nothing".to_owned() } else { may.join(", ") };
        crate::say!("  manager  {}  may request: {may}", manager.fingerprint);
        crate::say!("           {}", Safe(&manager.name));
    }
    for (operation, approval) in &policy.approvals {
        show_approval(*operation, approval);
    }
    let developers = authority.developers().map_or(0, |d| d.len());
    crate::say!("  developers on record: {developers}");
    let certify = &policy.certify;
    crate::say!("  certifications last at most {} days", certify.max_validity_days);
    crate::say!("  agreement ({}):", Path::new("agreement.txt").display());
    crate::cli::put(format_args!("{}", screen::digest_lines(&certify.agreement.sha256)));
    crate::say!("  policy digest:");
    crate::cli::put(format_args!("{}", screen::digest_lines(&policy.digest())));
}

/// Who has to agree to an operation.
fn show_approval(operation: OperationName, approval: &ApprovalPolicy) {
    let witness = match approval.witness {
        WitnessPolicy::None => "no witness",
        WitnessPolicy::Word => "a witness at the station",
        WitnessPolicy::Signature => "a witness's signature",
    };
    let count = counted(approval.approvals as usize, "approval");
    match approval.by.is_empty() {
        true => crate::say!("  approval {operation} takes {witness}"),
        false => crate::say!("  approval {operation} takes {count} by these, and {witness}"),
    }
    for key in &approval.by {
        crate::say!("           {key}");
    }
    for key in &approval.witnesses {
        crate::say!("           {key} as witness");
    }
}

fn show_json(authority: &Authority) {
    let policy = authority.policy();
    let value = serde_json::json!({
        "version": 1,
        "name": policy.name,
        "masters": policy.masters.iter().map(|m| m.fingerprint).collect::<Vec<_>>(),
        "managers": policy.managers.iter().map(|m| m.fingerprint).collect::<Vec<_>>(),
        "approvals": policy.approvals,
        "agreement": policy.certify.agreement.sha256,
        "policy": policy.digest(),
    });
    crate::say!("{value}");
}
