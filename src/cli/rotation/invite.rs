//! `countersign rotation invite`

use super::super::args::Common;
use super::super::{Exit, Failure};
use super::args::InviteArgs;
use crate::authority::Authority;
use crate::exchange;
use crate::policy::Violation;
use crate::rotation::{
    Addressee, Candidate, Invitation, Invitations, Person, Plan, Status, Wanted, letter,
};
use crate::safe::{Safe, counted};
use crate::time::Timestamp;

/// How many letters there are of each kind.
#[derive(Default)]
struct Tally {
    written: usize,
    before: usize,
    done: usize,
    nothing_to_do: usize,
}

pub(super) fn run(common: &Common, args: &InviteArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let plan = super::planned(&authority)?;
    let now = super::super::now(common.time);
    let due = args.due.unwrap_or(plan.stage.new_only.begins);
    if due <= now {
        let text = format!("an answer by {} can no longer be given", due.date());
        return Err(Failure::say(Exit::Usage, text).hint("name a later date with --due"));
    }
    let master = authority.master(plan.new)?;
    let folder = &args.output;
    exchange::make_folder(folder)?;
    let mut invitations = Invitations::open(authority.folder(), plan.new)?;
    let wanted = Wanted { master, expires: Some(now.after(365 * Timestamp::DAY)), now };
    let (mut people, mut tally) = (Vec::new(), Tally::default());
    let bar = super::progress(authority.developers()?.len(), common);
    Status::of(&authority, &plan, &invitations, now, |person, _| {
        bar.inc(1);
        people.push((person.key, person.name.clone(), Due::of(person)));
    })?;
    bar.finish_and_clear();
    for (key, name, state) in people {
        match state {
            Due::Done => tally.done += 1,
            Due::Written if !args.again => tally.before += 1,
            Due::Written | Due::Told | Due::Open => {
                let developer = authority.developer(key)?;
                let in_the_way = in_the_way(Candidate::of(&authority, &developer, wanted)?);
                let told = matches!(state, Due::Told) && !args.again;
                if in_the_way.is_empty() && (!args.all || told) {
                    tally.nothing_to_do += 1;
                    continue;
                }
                let to = Addressee { key, name: &name, in_the_way: &in_the_way };
                let text = letter(&authority, &plan, &to, due);
                exchange::write_many(&folder.join(format!("{key}.txt")), text.as_bytes())?;
                let due = (!in_the_way.is_empty()).then_some(due);
                invitations.add(Invitation { key, master: plan.new, written: now, due });
                tally.written += 1;
            }
        }
    }
    exchange::sync_folder(folder)?;
    invitations.write(authority.folder())?;
    if !common.quiet {
        told(&tally, args, &plan, due);
    }
    Ok(())
}

/// Whether somebody is to be written to.
enum Due {
    /// The new master has certified the key.
    Done,
    /// A letter was written.
    Written,
    /// A letter was written that wanted no answer.
    Told,
    /// None was.
    Open,
}

impl Due {
    fn of(person: &Person) -> Self {
        match (person.holding.has_new(), person.invited) {
            (true, _) => Self::Done,
            // Who was only told what happens may have to do something by now.
            (false, Some(letter)) if letter.due.is_some() => Self::Written,
            (false, Some(_)) => Self::Told,
            (false, None) => Self::Open,
        }
    }
}

fn in_the_way(candidate: Candidate) -> Vec<Violation> {
    match candidate {
        Candidate::Done | Candidate::Ready(_) => Vec::new(),
        Candidate::Blocked(violations) => violations,
    }
}

fn told(tally: &Tally, args: &InviteArgs, plan: &Plan, due: Timestamp) {
    let place = args.output.display().to_string();
    let letters = counted(tally.written, "letter");
    crate::say!("{letters} in {}, to be answered by {}", Safe(&place), due.date());
    crate::say!("certified by the new master already: {}", tally.done);
    crate::say!("written to before: {}", tally.before);
    if tally.nothing_to_do > 0 {
        crate::say!("need not do anything: {}. For them:", tally.nothing_to_do);
        crate::say!("  countersign request recertify --all-from {}", plan.old);
    }
}
