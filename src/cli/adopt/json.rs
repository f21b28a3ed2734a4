//! The report of a keyring, for programs.

use serde_json::{Value, json};

use crate::authority::adopt::{Adoption, Campaign, Chore, Known, Proposal, Said, Standing, Survey};
use crate::certificate::algorithm;

/// Who may be a master.
pub(super) fn proposals(survey: &Survey, proposed: &[Proposal]) -> Value {
    let each = proposed.iter().map(|p| {
        json!({
            "key": p.key,
            "user_id": p.name,
            "algorithm": p.algorithm,
            "made": p.made,
            "certified": p.certified,
            "against": p.against,
        })
    });
    json!({
        "version": 1,
        "keys": survey.certificates().len(),
        "proposed": each.collect::<Vec<_>>(),
    })
}

/// Everybody, what counts, and what has to be done.
pub(super) fn report(adoption: &Adoption, campaign: &Campaign) -> Value {
    let first = campaign.first.iter().map(|f| json!({ "key": f.key, "rules": f.violations }));
    let losses = campaign.losses.iter().map(|loss| {
        let counts = loss.effect.counts();
        let stop = loss.effect.developers().filter(|c| c.stops());
        json!({
            "master": loss.master,
            "developers_stop": counts.developers_stop,
            "keys": stop.map(|c| c.subject.fingerprint).collect::<Vec<_>>(),
        })
    });
    let chores = campaign.masters.iter().map(|(master, chore)| match chore {
        Chore::Renew => json!({ "master": master, "renew": true }),
        Chore::CrossCertify(other) => json!({ "master": master, "cross_certify": other }),
    });
    json!({
        "version": 1,
        "keys": adoption.known().iter().map(known).collect::<Vec<_>>(),
        "campaign": {
            "master": campaign.master,
            "done": campaign.done,
            "ready": campaign.ready,
            "masters": chores.collect::<Vec<_>>(),
            "first": first.collect::<Vec<_>>(),
            "gone": campaign.gone,
            "losses": losses.collect::<Vec<_>>(),
        },
    })
}

fn known(known: &Known) -> Value {
    let certificate = &known.certificate;
    let user_ids = certificate.user_ids().map(|id| String::from_utf8_lossy(id.value()));
    json!({
        "key": certificate.fingerprint(),
        "standing": match known.standing {
            Standing::Master => "master",
            Standing::Developer => "developer",
            Standing::Stranger => "stranger",
        },
        "algorithm": algorithm(certificate.primary()),
        "user_ids": user_ids.collect::<Vec<_>>(),
        "said": known.said.iter().map(said).collect::<Vec<_>>(),
        "gpg": known.view.gpg.to_string(),
        "freepbx": known.view.freepbx.number(),
        "good": known.view.problems.is_empty(),
        "problems": known.view.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn said(said: &Said) -> Value {
    let opinion = &said.opinion;
    let trust = opinion.introduces.as_ref();
    json!({
        "by": said.by,
        "user_id": String::from_utf8_lossy(opinion.user_id.value()),
        "made": opinion.created,
        "expires": opinion.expires,
        "revokes": opinion.revokes,
        "digest": opinion.digest.to_string(),
        "depth": trust.map(|i| i.depth),
        "amount": trust.map(|i| i.amount),
        "for_gpg": said.for_gpg,
        "strictly": said.counts_strictly(),
        "lapse": said.lapse.map(|lapse| lapse.to_string()),
    })
}
