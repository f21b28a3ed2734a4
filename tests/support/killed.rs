//! What was left by a program that was killed, and by the next one that went on.

use std::collections::HashSet;
use std::fs;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use airgap::station::Station;
use countersign::authority::Authority;
use countersign::journal::Audited;

use crate::strace::{self, Point};
use crate::{Scenario, skip};

/// The folders that matter. What lies in the practice card's is left out: power lost inside a card
/// is the card's affair.
pub const FOLDERS: [&str; 2] = ["station", "stick"];

/// Runs `one` for each point, on as many processors as there are.
pub fn at_each(points: &[Point], one: impl Fn(&Point) + Sync) {
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            if catch_unwind(AssertUnwindSafe(|| one(point))).is_err() {
                eprintln!("killed at {point}");
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    let (failed, all) = (failed.into_inner(), points.len());
    assert!(failed == 0 && all > 0, "{failed} of {all} points");
    eprintln!("killed at {all} points");
}

/// No file that the killed program did not finish.
pub fn nothing_is_left_over(scenario: &Scenario, point: &Point) {
    for folder in FOLDERS {
        let files = files(&scenario.path(folder));
        let left: Vec<&String> = files.iter().filter(|f| f.contains("/.")).collect();
        assert!(left.is_empty(), "{point}: {left:?}");
    }
    assert!(!scenario.path("station/authority.new").exists(), "{point}");
}

/// Every file under `folder`, as `/path/from/there`.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let path = path.strip_prefix(folder).expect("inside");
                found.push(format!("/{}", path.display()));
            }
        }
    }
    found.sort();
    found
}

/// Whether strace can be used; says so where it cannot.
pub fn strace_is_here() -> bool {
    let here = strace::is_here();
    if !here {
        skip("a killed program: there is no strace, or it may follow nobody");
    }
    here
}

/// The journal is as it should be, by the program's own word.
///
/// # Panics
/// Where it is not; so do those below.
pub fn whole_journal(scenario: &Scenario, point: &Point) {
    let verified = scenario.airgap(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{point}: {}", verified.told());
}

/// Every record that the journal has is on the stick, whole.
pub fn every_record_is_out(scenario: &Scenario, audited: &Audited, point: &Point) {
    let authority = Authority::open(&scenario.path("authority")).expect("the record");
    let record = |name: &String| {
        let record = authority.read_record(&scenario.path(name));
        record.unwrap_or_else(|e| panic!("{point}: {name}: {e}")).digest()
    };
    let out: HashSet<_> = scenario.on_stick(".record.asc").iter().map(record).collect();
    for (covered, digest) in &audited.records {
        assert!(out.contains(digest), "{point}: the record of {covered:?} is not on the stick");
    }
}

/// The scenario's station.
pub fn station(scenario: &Scenario) -> Station {
    Station::open(&scenario.path("station")).expect("a station")
}

/// What the journal says when everything is done.
pub fn settled(scenario: &Scenario, point: &Point) -> Audited {
    whole_journal(scenario, point);
    let audited = station(scenario).audit().expect("it was read a moment ago");
    let ledger = station(scenario).ledger().expect("reads");
    assert_eq!(ledger.pending_after(None).expect("reads"), None, "{point}");
    assert_eq!(ledger.unanswered_after(None).expect("reads"), None, "{point}");
    audited
}
