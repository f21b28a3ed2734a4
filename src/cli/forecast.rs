//! `countersign authority forecast`

use super::args::{Common, ForecastArgs};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::forecast::{End, Forecast};
use crate::safe::{Safe, clip, counted};
use crate::time::Timestamp;

/// Ends of one kind on one day that are named one by one.
const NAMED: usize = 10;

pub(super) fn run(common: &Common, args: &ForecastArgs) -> Result<(), Failure> {
    let authority = Authority::open(&common.authority)?;
    let now = super::now(common.time);
    let until = now.after(args.days.saturating_mul(Timestamp::DAY));
    let forecast = Forecast::of(&authority, now, until)?;
    if args.form.json {
        for end in forecast.ends() {
            json(end);
        }
    } else {
        show(&forecast, args.days, until);
    }
    match forecast.ends().len() {
        0 => Ok(()),
        n => {
            let text = format!("{} within {} days", counted(n, "ending"), args.days);
            Err(Failure::say(Exit::Due, text))
        }
    }
}

fn json(end: &End) {
    let value = serde_json::json!({
        "version": 1,
        "at": end.at,
        "what": end.what.as_str(),
        "key": end.key,
        "by": end.by,
        "about": end.about,
        "effect": end.effect,
    });
    crate::say!("{value}");
}

fn show(forecast: &Forecast, days: u32, until: Timestamp) {
    if forecast.ends().is_empty() {
        crate::say!("nothing ends within {days} days, until {}", until.date());
        return;
    }
    let same = |a: &End, b: &End| a.at.date() == b.at.date() && a.what == b.what && a.by == b.by;
    for group in forecast.ends().chunk_by(same) {
        let first = &group[0];
        let by = first.by.map_or(String::new(), |by| format!(" by {}", by.key_id()));
        crate::say!("{}  {}{by}: {}", first.at.date(), first.what.as_str(), group.len());
        for end in group.iter().take(NAMED) {
            let key = end.key.map_or(String::new(), |key| format!("{key}  "));
            crate::say!("            {key}{}", Safe(&clip(&end.about)));
            crate::say!("            → {}", Safe(&end.effect));
        }
        if let Some(more) = group.len().checked_sub(NAMED).filter(|more| *more > 0) {
            crate::say!("            and {more} more: --json names all");
        }
    }
}
