//! Card or power lost while a revocation is made and sealed: it is made again, sealed again, and
//! stands nowhere in clear.
#![allow(missing_docs)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use countersign::journal::{End, Event};
use countersign_tests::act::{SIGN, failing};
use countersign_tests::failing::{Fault, Plan};
use countersign_tests::station::{Bench, Script};

/// No file under `folder` holds these bytes, plain or in base64 at any of its three phases.
#[track_caller]
fn nowhere(folder: &Path, bytes: &[u8]) {
    use base64::Engine as _;
    let encode = |skip: usize| {
        base64::engine::general_purpose::STANDARD.encode(&bytes[skip..skip + 60]).into_bytes()
    };
    let needles = [bytes[..60].to_vec(), encode(0), encode(1), encode(2)];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            nowhere(&entry.path(), bytes);
            continue;
        }
        let content = fs::read(entry.path()).expect("a file");
        let found = needles.iter().any(|n| content.windows(n.len()).any(|w| w == n.as_slice()));
        assert!(!found, "{}", entry.path().display());
    }
}

#[test]
fn a_sealed_revocation_survives_a_fault_at_any_command() {
    let commands = {
        let bench = Bench::new();
        bench.prepare();
        let plan = Plan::new(None);
        bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
        plan.instructions()
    };
    assert!(commands.contains(&SIGN), "the card signs");
    std::panic::set_hook(Box::new(|_| {}));
    for fault in [Fault::PulledLate, Fault::DiedLate] {
        for (at, instruction) in commands.iter().enumerate() {
            let what = format!("{fault:?} at command {at} ({instruction:02x})");
            let bench = Bench::new();
            let request = bench.prepare();
            let plan = Plan::new(Some((at, fault)));
            let first = catch_unwind(AssertUnwindSafe(|| {
                bench.run(&mut Script::yes(), || failing(&bench, &plan))
            }));
            assert!(!matches!(first, Ok(Ok(_))), "{what}: no fault seen");
            let mut console = Script::yes();
            let plan = Plan::new(None);
            bench
                .run(&mut console, || failing(&bench, &plan))
                .unwrap_or_else(|e| panic!("{what}: {e}\n{}", console.shown));
            bench.record_what_is_left(&mut console);
            let lost = *instruction == SIGN;
            // The revocation, the record, and what was lost.
            assert_eq!(bench.counter(), 1 + 1 + 1 + u32::from(lost), "{what}");
            assert_eq!(console.shown.contains("one ahead of the journal"), lost, "{what}");
            assert_eq!(bench.audited().findings, [], "{what}");
            let secret = bench.opened(&request);
            for place in ["station", "stick"] {
                nowhere(&bench.path(place), &secret);
            }
            let mut clear = 0;
            let look = |e: &countersign::journal::Entry| {
                clear += usize::from(matches!(e.event, Event::Signed { .. }));
            };
            let (_, end) = bench.station().read_journal(look).expect("whole");
            assert_eq!((end, clear), (End::Whole, 0), "{what}");
        }
    }
}

/// The answer is lost after it was sealed: the very same message goes onto the next stick.
#[test]
fn a_sealed_answer_is_written_again_from_the_journal() {
    let bench = Bench::new();
    let request = bench.prepare();
    let plan = Plan::new(None);
    bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    let name = request.file_name().replace("request.asc", "response.json");
    let answer = fs::read(bench.stick().join(&name)).expect("an answer");
    fs::remove_file(bench.stick().join(&name)).expect("lost");
    let mut console = Script::yes();
    let card = || panic!("the card was opened");
    let tally = bench.run(&mut console, card).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((tally.answered_again, tally.signatures), (1, 0), "{}", console.shown);
    assert_eq!(fs::read(bench.stick().join(&name)).expect("an answer"), answer);
    bench.opened(&request);
}
