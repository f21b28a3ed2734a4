//! `airgap station self-test`

use countersign::cli::args::Form;
use countersign::cli::{Exit, Failure};
use countersign::journal::{SelfCheck, SelfResult, SelfTest};
use countersign::safe::Safe;
use countersign::time::Timestamp;

use super::args::Common;
use super::{confirmed_time, station_failure, terminal};
use crate::selftest;
use crate::station::Station;

pub(super) fn run(common: &Common, form: &Form) -> Result<(), Failure> {
    let station = Station::open(&common.station).map_err(station_failure)?;
    let now = match (form.json, common.time) {
        // A question would stand between a program and its JSON.
        (true, None) => {
            return Err(Failure::say(Exit::Usage, "--json asks nobody: give the date with --time"));
        }
        (_, Some(time)) => time,
        (false, None) => confirmed_time(common, &mut terminal(common)?)?,
    };
    let checks = selftest::with_card(&station, &common.selector(), now);
    if form.json {
        let value = serde_json::json!({ "version": 1, "date": now, "checks": checks });
        countersign::say!("{value}");
    } else {
        tell(&checks, now);
    }
    verdict(&checks)
}

fn tell(checks: &[SelfCheck], now: Timestamp) {
    countersign::say!("self-test at {now}");
    for SelfCheck { test, result } in checks {
        let (word, text) = match result {
            SelfResult::Passed(text) => ("ok", text),
            SelfResult::Failed(text) => ("FAILED", text),
            SelfResult::Skipped(text) => ("not tried", text),
        };
        countersign::say!("{word:<9}  {:<12}  {}", test.name(), Safe(text));
    }
}

/// A card that fails can be put away; a station that fails holds no session.
fn verdict(checks: &[SelfCheck]) -> Result<(), Failure> {
    let failed: Vec<SelfTest> = checks.iter().filter(|c| c.failed()).map(|c| c.test).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let exit = match failed.iter().all(|test| *test == SelfTest::Card) {
        true => Exit::Card,
        false => Exit::Untrue,
    };
    let names: Vec<&str> = failed.iter().map(|test| test.name()).collect();
    let hint = match failed.as_slice() {
        [SelfTest::Clock] => "both dates are named; give the right one",
        [SelfTest::Card] => "airgap card verify says more",
        _ => "sign nothing here before you know why",
    };
    let text = format!("the self-test failed: {}", names.join(", "));
    Err(Failure::say(exit, text).hint(hint))
}
