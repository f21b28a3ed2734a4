//! The card is pulled or the power goes, at any moment; and signatures made elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};

use airgap::Access;
use airgap::card::Card;
use airgap::session::{self, Options, SessionError, Task};
use countersign::exchange::visit_batches;
use countersign::journal::{End, Event};
use countersign::request::{Request, RequestId};
use countersign::response::Response;
use countersign_tests::act::{SIGN, VERIFY, assert_answered, count, failing, unlock};
use countersign_tests::campaign::Campaign;
use countersign_tests::failing::{Fault, Plan};
use countersign_tests::station::{Bench, PIN, Script};

/// The card is pulled, or the power goes, at each command of a session in turn. Whatever happens,
/// the next session finishes the work, every answer is right, and no signature is made twice: but
/// for the one whose value was lost between the card and the journal, which is the same again.
#[test]
fn card_or_power_lost_at_any_command_costs_nothing_but_time() {
    let ask = |bench: &Bench| {
        [bench.ask(&["A <a@example.org>", "A <a@second.example.org>"]), bench.ask(&["B <b@b.org>"])]
    };
    let commands = {
        let bench = Bench::new();
        ask(&bench);
        let plan = Plan::new(None);
        bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
        plan.instructions()
    };
    std::panic::set_hook(Box::new(|_| {}));
    for fault in [Fault::Pulled, Fault::PulledLate, Fault::Died, Fault::DiedLate] {
        for (at, instruction) in commands.iter().enumerate() {
            let bench = Bench::new();
            let requests = ask(&bench);
            let plan = Plan::new(Some((at, fault)));
            let first = catch_unwind(AssertUnwindSafe(|| {
                bench.run(&mut Script::yes(), || failing(&bench, &plan))
            }));
            let what = format!("{fault:?} at command {at} ({instruction:02x})");
            assert!(!matches!(first, Ok(Ok(_))), "{what}: no fault seen");
            if let Ok(Err(error)) = &first {
                let text = format!("{error}: {:?}", error.hint());
                assert!(text.contains("removed") || text.contains("same card"), "{what}: {text}");
            }
            let plan = Plan::new(None);
            let mut console = Script::yes();
            bench
                .run(&mut console, || failing(&bench, &plan))
                .unwrap_or_else(|e| panic!("{what}: {e}\n{}", console.shown));
            assert_answered(&bench, &requests);
            bench.record_what_is_left(&mut console);
            let lost = matches!(fault, Fault::PulledLate | Fault::DiedLate) && *instruction == SIGN;
            // Three signatures, one record, and what was lost.
            assert_eq!(bench.counter(), 1 + 3 + 1 + u32::from(lost), "{what}");
            assert_eq!(bench.audited().findings, [], "{what}");
            if lost {
                assert!(
                    console.shown.contains("one ahead of the journal"),
                    "{what}: {}",
                    console.shown
                );
            }
            let ledger = bench.station().ledger().expect("whole");
            let (_, end) = bench.station().read_journal(|_| {}).expect("whole");
            assert_eq!(end, End::Whole, "{what}");
            assert_eq!(ledger.pending_after(None).expect("read"), None, "{what}");
        }
    }
}

/// The power goes while a line of the journal is being written: at each byte of the last line.
#[test]
fn a_line_cut_off_at_any_byte_is_set_aside_and_the_session_goes_on() {
    let bench = Bench::new();
    let requests = [bench.ask(&["A <a@example.org>"])];
    let plan = Plan::new(None);
    bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    let journal = bench.path("station/journal.jsonl");
    let whole = std::fs::read(&journal).expect("a journal");
    let lines: Vec<usize> =
        whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let text = String::from_utf8(whole.clone()).expect("text");
    let signed = text.lines().position(|l| l.contains("\"signed\"")).expect("a signed entry");
    // The line that holds the signature: cut in it, the signature is lost and made again.
    let (from, to) = (lines[signed - 1], lines[signed]);
    for cut in [from + 1, from + 40, (from + to) / 2, to - 1] {
        std::fs::write(&journal, &whole[..cut]).expect("cut");
        let mut console = Script::yes();
        // The signature was made, the record was not.
        rewind(&bench, 2);
        bench.run(&mut console, || failing(&bench, &plan)).expect("goes on");
        assert_eq!(bench.counter(), 2 + 2);
        assert_eq!(bench.audited().findings, []);
        assert!(console.shown.contains("interrupted"), "{}", console.shown);
        assert_answered(&bench, &requests);
        assert!(bench.path(&format!("station/journal.torn-{from}")).exists());
        // The counter moved on; the next cut starts from a card that the journal accounts for.
        let (_, end) = bench.station().read_journal(|_| {}).expect("whole");
        assert_eq!(end, End::Whole);
        std::fs::write(&journal, &whole).expect("restored");
    }
}

/// Puts the card back to the state in which its counter was `counter`.
fn rewind(bench: &Bench, counter: u32) {
    let fresh = Bench::new();
    for entry in std::fs::read_dir(fresh.path("card")).expect("a folder") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), bench.path("card").join(entry.file_name())).expect("copied");
    }
    let other = fresh.ask(&["X <x@example.org>"]);
    for _ in fresh.counter()..counter {
        let mut card = Card::over(Box::new(bench.card())).expect("opens");
        let mut session = card.session().expect("a session");
        unlock(&mut session);
        session.sign(&[0; 64]).expect("signs");
    }
    assert_eq!(other.signatures().len(), 1);
}

/// The signature that was under way is explained once, although the PIN is wrong the first time.
#[test]
fn a_wrong_pin_after_an_interruption_explains_nothing_twice() {
    std::panic::set_hook(Box::new(|_| {}));
    let bench = Bench::new();
    let requests = [bench.ask(&["A <a@example.org>"])];
    let plan = Plan::new(None);
    let signs = {
        let other = Bench::new();
        other.ask(&["A <a@example.org>"]);
        other.run(&mut Script::yes(), || failing(&other, &plan)).expect("signs");
        plan.instructions().iter().position(|i| *i == SIGN).expect("it signs")
    };
    let plan = Plan::new(Some((signs, Fault::DiedLate)));
    let died =
        catch_unwind(AssertUnwindSafe(|| bench.run(&mut Script::yes(), || failing(&bench, &plan))));
    assert!(died.is_err());
    let plan = Plan::new(None);
    let mut console = Script::saying(&["Yes"], &["999999"]);
    bench.run(&mut console, || failing(&bench, &plan)).expect_err("a wrong PIN");
    assert!(console.shown.contains("one ahead of the journal"), "{}", console.shown);
    let mut console = Script::yes();
    bench.run(&mut console, || failing(&bench, &plan)).expect("goes on");
    assert!(!console.shown.contains("one ahead of the journal"), "{}", console.shown);
    assert_answered(&bench, &requests);
    assert_eq!((bench.audited().findings, bench.audited().explained), (vec![], 1));
}

/// The power goes after the last signature and before the answer is on the stick.
#[test]
fn an_answer_that_was_never_written_goes_onto_the_next_stick_without_being_asked() {
    let bench = Bench::new();
    let requests = [bench.ask(&["A <a@example.org>"])];
    let plan = Plan::new(None);
    bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    let journal = bench.path("station/journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    let whole: Vec<&str> = text.lines().take_while(|l| !l.contains("\"answered\"")).collect();
    std::fs::write(&journal, format!("{}\n", whole.join("\n"))).expect("cut");
    std::fs::remove_dir_all(bench.stick()).expect("another stick");
    std::fs::create_dir(bench.stick()).expect("another stick");

    let mut console = Script::yes();
    let card = || panic!("the card was opened");
    let tally = bench.run(&mut console, card).expect("goes on");
    assert_eq!((tally.answered_again, tally.signatures), (1, 0));
    assert!(console.shown.contains("its answer was not written"), "{}", console.shown);
    assert_answered(&bench, &requests);
}

/// The stick is pulled after the first answer: the session signs to its end without it, says which
/// answers are not on it, and the next session writes these onto any stick, without the card.
#[test]
fn answers_that_a_pulled_stick_did_not_take_are_named_and_go_onto_the_next() {
    let bench = Bench::new();
    let asked = ["A <a@example.org>", "B <b@example.org>", "C <c@example.org>"];
    let requests = asked.map(|id| bench.ask(&[id]));
    let (stick, pocket) = (bench.stick(), bench.path("pocket"));
    let pull = move || std::fs::rename(&stick, &pocket).expect("pulled");
    let mut console = Script::yes().when_signed(2, pull);
    let plan = Plan::new(None);
    let error = bench.run(&mut console, || failing(&bench, &plan)).expect_err("tells");
    // Two answers, the record and the summary.
    assert!(matches!(error, SessionError::Stick { count: 4, .. }), "{error}");
    assert_eq!((count(&plan, SIGN), bench.counter()), (3 + 1, 1 + 3 + 1));
    let answer = |r: &Request| r.file_name().replace("request.asc", "response.json");
    let taken = |r: &&Request| bench.path("pocket").join(answer(r)).exists();
    let (taken, missing): (Vec<&Request>, Vec<&Request>) = requests.iter().partition(taken);
    assert_eq!((taken.len(), missing.len()), (1, 2));
    let named =
        |r: &Request| console.shown.contains(&format!("NO ANSWER  {} certify", r.id().0.short()));
    assert!(missing.iter().all(|r| named(r)) && !named(taken[0]), "{}", console.shown);
    let first = unanswered(&bench, None).expect("one");
    let second = unanswered(&bench, Some(first)).expect("two");
    assert_eq!(unanswered(&bench, Some(second)), None);

    std::fs::create_dir(bench.stick()).expect("another stick");
    let mut console = Script::yes();
    let card = || panic!("the card was opened");
    let tally = bench.run(&mut console, card).expect("goes on");
    assert_eq!((tally.answered_again, tally.signatures), (2, 0));
    std::fs::copy(
        bench.path("pocket").join(answer(taken[0])),
        bench.stick().join(answer(taken[0])),
    )
    .expect("both sticks together");
    assert_answered(&bench, &requests);
    assert_eq!(unanswered(&bench, None), None);
    record_goes_out_once_more(&bench);
}

/// The record that a stick did not take is had again, without the card.
fn record_goes_out_once_more(bench: &Bench) {
    let station = bench.station();
    let (recorder, _) = station.recorder(bench.now, Access::Write).expect("a journal");
    let card = || panic!("the card was opened");
    let (couriers, mut console) = (bench.couriers(), Script::yes());
    let options = Options { task: Task::Record, ..bench.options() };
    session::run(&station, recorder, couriers, &options, &mut console, card).expect("a record");
    let text = std::fs::read_to_string(bench.stick().join("session-000001.record.asc"));
    assert!(text.expect("a record").contains("\"session\": 1,"));
}

#[test]
fn signatures_that_the_journal_does_not_know_stop_the_session_until_explained() {
    let bench = Bench::new();
    bench.ask(&["A <a@example.org>"]);
    let plan = Plan::new(None);
    bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect("signs");
    {
        let mut card = Card::over(Box::new(bench.card())).expect("opens");
        let mut session = card.session().expect("a session");
        unlock(&mut session);
        session.sign(&[1; 64]).expect("signs");
        session.sign(&[2; 64]).expect("signs");
    }
    bench.ask(&["B <b@example.org>"]);
    let plan = Plan::new(None);
    let error = bench.run(&mut Script::yes(), || failing(&bench, &plan)).expect_err("stops");
    assert!(matches!(error, SessionError::Counter { actual: 5, expected: 3, .. }), "{error}");
    assert!(error.to_string().contains("made 2 signatures that this journal does not know"));
    assert_eq!((count(&plan, SIGN), count(&plan, VERIFY)), (0, 0));

    let explain_counter = Some("tried with gpg on 2026-11-20, by M".to_owned());
    let options = Options { explain_counter, ..bench.options() };
    bench.run_with(&options, &mut Script::yes(), || failing(&bench, &plan)).expect("goes on");
    let mut explained = false;
    let station = bench.station();
    let look = |e: &countersign::journal::Entry| {
        explained |= matches!(&e.event, Event::CounterExplained { unknown: 2, .. });
    };
    station.read_journal(look).expect("a whole journal");
    assert!(explained);
}

fn unanswered(bench: &Bench, after: Option<RequestId>) -> Option<RequestId> {
    let ledger = bench.station().ledger().expect("whole");
    ledger.unanswered_after(after).expect("read")
}

/// The card is pulled or the power goes at each signature of a batch in turn: the next session asks
/// about what is left, and no signature is made twice but for the very same.
#[test]
fn card_or_power_lost_at_any_signature_of_a_batch_costs_nothing_but_time() {
    std::panic::set_hook(Box::new(|_| {}));
    for fault in [Fault::Pulled, Fault::Died, Fault::DiedLate] {
        for at in 0..3 {
            let campaign = Campaign::of(3);
            campaign.ask().ok();
            let requests = campaign.requests();
            let whole = Plan::new(None);
            let bench = &campaign.bench;
            // Where in a session the signatures are made: the last three but the counter's.
            let first = whole_session_signs_at();
            let plan = Plan::new(Some((first + at, fault)));
            let cut = catch_unwind(AssertUnwindSafe(|| {
                bench.run(&mut Script::saying(&["3"], &[PIN]), || failing(bench, &plan))
            }));
            assert!(!matches!(cut, Ok(Ok(_))), "{fault:?} at {at}: no fault seen");
            let mut console = Script::saying(&["3", "2", "Yes"], &[PIN]);
            let tally = bench.run(&mut console, || failing(bench, &whole));
            let tally =
                tally.unwrap_or_else(|e| panic!("{fault:?} at {at}: {e}\n{}", console.shown));
            assert_eq!((tally.left, tally.refused), (0, 0), "{}", console.shown);
            for request in &requests {
                let mut found = Vec::new();
                let token = request.id().token();
                visit_batches(&bench.stick(), ".response.json", 99, |path| found.push(path))
                    .expect("a stick");
                let answer = found.iter().find(|p| p.to_string_lossy().contains(&token));
                let answer = bench.stick().join(answer.expect("an answer"));
                let response =
                    Response::parse(&std::fs::read(answer).expect("a file")).expect("reads");
                response.verify(request, &bench.master).expect("just what was asked");
            }
            let lost = u32::from(matches!(fault, Fault::DiedLate));
            assert_eq!(bench.counter(), 1 + 3 + 1 + lost, "{fault:?} at {at}");
            assert_eq!(bench.audited().findings, [], "{fault:?} at {at}");
        }
    }
}

/// The number of the first command that signs in a session over three requests.
fn whole_session_signs_at() -> usize {
    let campaign = Campaign::of(3);
    campaign.ask().ok();
    let plan = Plan::new(None);
    let bench = &campaign.bench;
    bench.run(&mut Script::saying(&["3"], &[PIN]), || failing(bench, &plan)).expect("signs");
    plan.instructions().iter().position(|i| *i == SIGN).expect("it signs")
}
