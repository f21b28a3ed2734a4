//! The report of a keyring, for people.

use crate::authority::adopt::{
    Adoption, Campaign, Certification, Chore, Known, Proposal, Said, Standing, Survey,
};
use crate::certificate::{Certificate, Introduction, Strength, algorithm};
use crate::drill;
use crate::fingerprint::Fingerprint;
use crate::module::SigningKey;
use crate::safe::{Safe, clip, counted};
use crate::time::Timestamp;

/// Who may be a master, and what to type next.
pub(super) fn proposals(survey: &Survey, proposed: &[Proposal]) {
    crate::say!("{} in the keyring", counted(survey.certificates().len(), "key"));
    if proposed.is_empty() {
        crate::say!("nobody of them certified anybody else: no master is among them");
        return;
    }
    for proposal in proposed {
        crate::say!("\n{}  {}", proposal.key, Safe(&clip(&proposal.name)));
        crate::say!(
            "    {}, made {}, certified {}",
            proposal.algorithm,
            proposal.made.date(),
            counted(proposal.certified, "other")
        );
        match proposal.against {
            None => crate::say!("    may be a master"),
            Some(against) => crate::say!("    no master: {against}"),
        }
    }
    let masters = proposed.iter().filter(|p| p.against.is_none());
    let masters: Vec<String> = masters.map(|p| p.key.to_string()).collect();
    if !masters.is_empty() {
        crate::say!("\nA signature says who certified whom, not who should have. Compare these");
        crate::say!("fingerprints with those that the project published, then give, oldest first:");
        crate::say!("  --master {}", masters.join(" "));
    }
}

/// Everybody, what counts, and what has to be done.
pub(super) fn report(survey: &Survey, adoption: &Adoption, campaign: &Campaign) {
    let certifications = survey.certifications();
    for (standing, title) in [
        (Standing::Master, "MASTERS"),
        (Standing::Developer, "CERTIFIED"),
        (Standing::Stranger, "NOT CERTIFIED"),
    ] {
        let mut known = adoption.known().iter().filter(|k| k.standing == standing).peekable();
        if known.peek().is_some() {
            crate::say!("{title}");
            known.for_each(|known| person((survey, &certifications), adoption, known));
            crate::say!();
        }
    }
    proposal(adoption, campaign);
}

fn person(
    (survey, certifications): (&Survey, &[Certification]),
    adoption: &Adoption,
    known: &Known,
) {
    let (certificate, now) = (&known.certificate, adoption.now());
    crate::say!("{}  {}", certificate.fingerprint(), name(certificate));
    let state = SigningKey::primary_of(certificate).state(now);
    let end = match (state.revoked, state.expires) {
        (Some(revoked), _) => format!("REVOKED by its owner {}", revoked.at.date()),
        (None, Some(at)) if at <= now => format!("ENDED {}", at.date()),
        (None, Some(at)) => format!("ends {}", at.date()),
        (None, None) => "no end".to_owned(),
    };
    let made = Timestamp::from(certificate.primary().creation_time()).date();
    crate::say!("    {}, made {made}, {end}", algorithm(certificate.primary()));
    for user_id in certificate.user_ids() {
        let text = String::from_utf8_lossy(user_id.value()).into_owned();
        let digest = certificate.binding(&text).map(|b| b.hash_algo().to_string());
        let digest = digest.unwrap_or_else(|| "none".into());
        crate::say!("    user ID {}, self-signature {digest}", Safe(&clip(&text)));
    }
    known.said.iter().for_each(word);
    let others = certifications.iter().filter(|c| {
        c.whom == certificate.fingerprint() && !known.said.iter().any(|s| s.by == c.by)
    });
    for other in others {
        crate::say!("    certified by {}, which no master appointed", other.by.key_id());
    }
    let read = survey.certificate(certificate.fingerprint());
    let foreign = read.map_or(0, |read| read.dropped().foreign_signatures);
    if foreign > 0 {
        let foreign = usize::try_from(foreign).unwrap_or(usize::MAX);
        crate::say!("    {} by keys that are not here", counted(foreign, "signature"));
    }
    let strictly = match known.view.problems.as_slice() {
        [] => "good".to_owned(),
        [first, ..] => format!("BAD: {first}"),
    };
    let (gpg, freepbx) = (known.view.gpg, known.view.freepbx);
    crate::say!("    today   gpg: {gpg} · FreePBX: {freepbx} · strictly: {strictly}");
}

fn name(certificate: &Certificate) -> String {
    let id = certificate.user_ids().next();
    let id = id.map(|id| String::from_utf8_lossy(id.value()).into_owned());
    Safe(&clip(&id.unwrap_or_default())).to_string()
}

/// One certification: by whom, when, how; then for whom it counts, and why not.
fn word(said: &Said) {
    let opinion = &said.opinion;
    let what = if opinion.revokes { "REVOKED by" } else { "certified by" };
    let mut how = vec![opinion.digest.to_string()];
    if let Some(Introduction { depth, amount, .. }) = &opinion.introduces {
        how.push(format!("trust signature: depth {depth}, amount {amount} of 120"));
    }
    if let Some(at) = opinion.expires {
        how.push(format!("until {}", at.date()));
    }
    crate::say!(
        "    {what} {} on {} ({})",
        said.by.key_id(),
        opinion.created.date(),
        how.join(", ")
    );
    let user_id = String::from_utf8_lossy(opinion.user_id.value()).into_owned();
    crate::say!("        user ID {}", Safe(&clip(&user_id)));
    crate::say!("        {}", counts(said));
}

/// For whom a certification counts, and why not for the others.
fn counts(said: &Said) -> String {
    if said.opinion.revokes {
        return "takes back what was said before".into();
    }
    let why = if said.outdated {
        "something newer was said".to_owned()
    } else {
        match (said.lapse, said.strength) {
            (Some(lapse), _) => lapse.to_string(),
            (None, Strength::Legacy) => {
                "SHA-1 of before 2019-01-19 (--accept-weak-chains accepts it)".to_owned()
            }
            (None, Strength::Nothing) => "a digest that nobody believes".to_owned(),
            (None, Strength::Full) => String::new(),
        }
    };
    match (said.for_gpg, why.is_empty()) {
        (true, true) => "counts for gpg and FreePBX, and strictly".into(),
        (true, false) => format!("counts for gpg and FreePBX, not strictly: {why}"),
        (false, true) => "counts strictly, not for gpg and FreePBX".into(),
        (false, false) => format!("counts for nobody: {why}"),
    }
}

/// The campaign.
fn proposal(adoption: &Adoption, campaign: &Campaign) {
    let line = |key: &Fingerprint| {
        let certificate = adoption.keyring().certificate(*key);
        let name = certificate.map(name).unwrap_or_default();
        crate::say!("    {key}  {name}");
    };
    for (master, chore) in &campaign.masters {
        match chore {
            Chore::Renew => {
                crate::say!("master {master}: its self-signatures are of yesterday");
                crate::say!(
                    "    → countersign request renew-master --master {master} --expires 10y"
                );
            }
            Chore::CrossCertify(other) => {
                crate::say!("master {master} does not certify {other}");
                crate::say!("    → countersign request cross-certify");
            }
        }
    }
    crate::say!("CAMPAIGN: everybody who counts today, certified by {}", campaign.master);
    crate::say!("{} already", counted(campaign.done.len(), "key"));
    campaign.done.iter().for_each(line);
    crate::say!("{} can be certified as they are", counted(campaign.ready.len(), "key"));
    campaign.ready.iter().for_each(line);
    crate::say!("{} to do something first", counted_have(campaign.first.len()));
    for first in &campaign.first {
        line(&first.key);
        for violation in &first.violations {
            crate::say!("        {}: {}", violation.rule, Safe(&violation.reason));
            crate::say!("        → {}", Safe(&violation.mend));
        }
    }
    if !campaign.gone.is_empty() {
        crate::say!(
            "{} not counted by anybody today: left alone",
            counted(campaign.gone.len(), "key")
        );
        campaign.gone.iter().for_each(line);
    }
    for loss in &campaign.losses {
        crate::say!(
            "\nif the master {} were retired today: {}",
            loss.master,
            drill::counts(&loss.effect)
        );
        crate::cli::put(format_args!("{}", drill::table(&loss.effect)));
    }
}

fn counted_have(count: usize) -> String {
    if count == 1 { "1 key has".into() } else { format!("{count} keys have") }
}
