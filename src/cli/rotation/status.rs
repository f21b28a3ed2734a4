//! `countersign rotation status`

use super::super::Failure;
use super::super::args::{Common, Form};
use super::args::StatusArgs;
use crate::authority::Authority;
use crate::rotation::{Counts, Invitations, Person, Plan, Stage, Status};
use crate::safe::{Safe, clip};
use crate::time::Timestamp;

pub(super) fn run(common: &Common, args: &StatusArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let plan = super::planned(&authority)?;
    let now = super::super::now(common.time);
    let invitations = Invitations::open(authority.folder(), plan.new)?;
    let bar = super::progress(authority.developers()?.len(), common);
    let status = Status::of(&authority, &plan, &invitations, now, |person, _| {
        bar.inc(1);
        if args.list {
            bar.suspend(|| list(&args.form, person));
        }
    });
    bar.finish_and_clear();
    let status = status?;
    if args.form.json {
        json(&plan, &status);
    } else {
        show(&plan, &status, now);
    }
    Ok(())
}

fn list(form: &Form, person: &Person) {
    let (holds, answer) = (person.holding.as_str(), person.answer.as_str());
    if form.json {
        let value = serde_json::json!({
            "version": 1,
            "key": person.key,
            "holds": holds,
            "answer": answer,
            "due": person.invited.and_then(|letter| letter.due),
        });
        crate::say!("{value}");
    } else {
        let name = clip(&person.name);
        crate::say!("{}  {holds:<8}  {answer:<11}  {}", person.key, Safe(&name));
    }
}

fn show(plan: &Plan, status: &Status, now: Timestamp) {
    crate::say!("old master  {}", plan.old.spaced());
    crate::say!("new master  {}", plan.new.spaced());
    let stage = match status.stage {
        Some(_) if status.over => "all four are over".to_owned(),
        Some(stage) => format!("{stage}, since {}", plan.stage.step(stage).begins.date()),
        None => format!("none: {} begins {}", Stage::Introduce, plan.stage.introduce.begins.date()),
    };
    crate::say!("stage       {stage}");
    if let Some(stage) = status.late {
        let date = plan.stage.step(stage).begins.date();
        crate::say!("LATE        {stage} was to begin on {date}, but an earlier stage is not over");
    }
    for stage in Stage::ALL {
        let begins = plan.stage.step(stage).begins;
        let when = match status.stage {
            Some(last) if stage <= last => "since",
            _ if begins <= now => "due since",
            _ => "from",
        };
        crate::say!("\n{stage}, {when} {}", begins.date());
        for (_, condition, met) in status.conditions.iter().filter(|(of, ..)| *of == stage) {
            let mark = if met.holds() { "ok" } else { "NO" };
            crate::say!("  {mark} {:<23} {}", condition.as_str(), met.found());
        }
    }
    let Counts { old_only, both, new_only, neither, invited, answered, refused, overdue } =
        status.counts;
    crate::say!("\ndevelopers certified by");
    for (what, count) in [
        ("the old master only", old_only),
        ("both", both),
        ("the new master", new_only),
        ("neither", neither),
    ] {
        crate::say!("  {what:<20} {count}");
    }
    crate::say!("letters");
    for (what, count) in
        [("written", invited), ("answered", answered), ("refused", refused), ("overdue", overdue)]
    {
        crate::say!("  {what:<20} {count}");
    }
}

fn json(plan: &Plan, status: &Status) {
    let conditions: Vec<serde_json::Value> = status
        .conditions
        .iter()
        .map(|(stage, condition, met)| {
            serde_json::json!({
                "stage": stage,
                "condition": condition,
                "holds": met.holds(),
                "found": met.found(),
            })
        })
        .collect();
    let Counts { old_only, both, new_only, neither, invited, answered, refused, overdue } =
        status.counts;
    let value = serde_json::json!({
        "version": 1,
        "old": plan.old,
        "new": plan.new,
        "stage": status.stage,
        "over": status.over,
        "late": status.late,
        "conditions": conditions,
        "developers": {
            "old_only": old_only, "both": both, "new_only": new_only, "neither": neither,
        },
        "letters": {
            "written": invited, "answered": answered, "refused": refused, "overdue": overdue,
        },
    });
    crate::say!("{value}");
}
