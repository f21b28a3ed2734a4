//! The station's program is killed at each of its system calls that change something in the
//! station's folder or on the stick: every one, and not a sample. The next start knows where it is.
//!
//! What lies in the practice card's folder is not looked at: power lost inside a card is the
//! card's affair. Neither are files without a name, which are gone with the program.
#![allow(missing_docs)]

use std::fs;

use countersign::certificate::Certificate;
use countersign::journal::End;
use countersign::request::{MAX_BYTES, Request};
use countersign::response::{Outcome, Response};
use countersign_tests::Scenario;
use countersign_tests::killed::{
    FOLDERS, at_each, every_record_is_out, files, nothing_is_left_over, settled, station,
    strace_is_here, whole_journal,
};
use countersign_tests::people::fingerprint;
use countersign_tests::run::run;
use countersign_tests::strace::{self, Point};

/// Signatures that the requests ask for which are consented to.
const SIGNATURES: usize = 3;

/// Two developers with three user IDs are certified, a third one is refused.
#[test]
fn a_session_killed_at_any_write_is_finished_by_the_next() {
    let Some(before) = asked() else { return };
    let points = a_whole_session(&before);
    at_each(&points, |point| {
        let cut = before.again();
        let typed = typed(&cut);
        strace::kill(&cut.session().command(), &typed, cut.root(), point);
        let written = points.iter().take_while(|p| *p != point).filter(|p| p.writes_journal());
        assert_eq!(cut.events().len(), 1 + written.count(), "{point}: it was not stopped there");
        let lost = usize::from(point.writes("signed") || point.writes("record-signed"));
        finish(&cut, point, lost);
    });
}

/// Where the power goes, and not only the program, what was not synced may be gone: so nothing gets
/// its name before its content is on the disk, and no entry but `answered`, which costs nothing, is
/// followed by anything before it is.
#[test]
fn nothing_goes_on_before_what_was_written_is_on_the_disk() {
    let Some(before) = asked() else { return };
    let points = a_whole_session(&before);
    for (at, point) in points.iter().enumerate() {
        let next = points.get(at + 1);
        if point.writes_journal() && !point.writes("answered") {
            assert!(next.is_some_and(|next| next.syncs(point)), "{point}");
        } else if point.renames_to("") {
            let synced = at.checked_sub(1).and_then(|before| points.get(before));
            assert!(synced.is_some_and(|synced| synced.syncs(point)), "{point}");
        }
    }
    // Before the card signs, what was consented to has its name; at the end, so have the answers.
    let last = |what: &dyn Fn(&Point) -> bool| points.iter().rposition(what).expect("one");
    let folder = |name: &str| last(&|p| p.to_string() == format!("fsync {name}"));
    let counter = points.iter().position(|p| p.writes("counter")).expect("one");
    let (kept, settled) = (last(&|p| p.renames_to(".request.asc")), folder("station/requests"));
    assert!(kept < settled && settled < counter);
    assert!(last(&|p| p.renames_to(".summary.txt")) < folder("stick"));
}

/// The record itself was cut off: the card had signed it, and the journal does not know.
#[test]
fn a_record_killed_at_any_write_is_signed_by_the_next() {
    let Some(before) = asked() else { return };
    let signed = |p: &&Point| p.writes("record-signed");
    let last = a_whole_session(&before).iter().find(signed).cloned().expect("one");
    strace::kill(&before.session().command(), &typed(&before), before.root(), &last);
    let whole = before.again();
    let (points, ran) = strace::list(&whole.session().record(), "", whole.root(), &FOLDERS);
    ran.ok().says("one ahead of the journal: the record that was under way");
    assert!(points.iter().any(|p| p.writes("counter-explained")));
    at_each(&points, |point| {
        let cut = before.again();
        strace::kill(&cut.session().record(), "", cut.root(), point);
        finish(&cut, point, 1 + usize::from(point.writes("record-signed")));
    });
}

/// Developers of one master are certified by another, all by one word.
#[test]
fn a_batch_killed_at_any_write_is_finished_by_the_next() {
    if !strace_is_here() {
        return;
    }
    let before = batch();
    let session = |s: &Scenario| s.session().card("card-two").command();
    let whole = before.again();
    let (points, ran) = strace::list(&session(&whole), "2\n", whole.root(), &FOLDERS);
    ran.ok().says("2 signed with 2 signatures");
    at_each(&points, |point| {
        let cut = before.again();
        strace::kill(&session(&cut), "2\n", cut.root(), point);
        let lost = usize::from(point.writes("signed") || point.writes("record-signed"));
        // By the number of those who are left; one alone is asked for by a Yes.
        run(&session(&cut), "1\n2\nYes\n").ok();
        if station(&cut).ledger().expect("reads").uncovered().signatures() > 0 {
            run(&cut.session().card("card-two").record(), "").ok();
        }
        let audited = settled(&cut, point);
        // Two by the master before.
        assert_eq!((audited.signatures, audited.explained), (4, lost as u64), "{point}");
        let status = ["card", "status", "--practice-card", "card-two", "--json"];
        let made = 1 + 2 + (audited.records.len() - 1) + lost;
        cut.airgap(&status).ok().says(&format!("\"counter\":{made},"));
        let install = cut.countersign(&["response", "install", "stick"]).ok();
        install.says("2 answers, exactly as asked");
        nothing_is_left_over(&cut, point);
    });
}

/// Two requests to recertify on the stick.
fn batch() -> Scenario {
    let s = Scenario::of_masters(&["one", "two"]);
    let one = fs::read(s.path("one.asc")).expect("a certificate");
    let one = Certificate::read(one.as_slice(), &[]).expect("reads").fingerprint().to_string();
    for name in ["bob", "dave"] {
        s.certify_with(name, &["--master", &one]).ok();
    }
    s.session().card("card-one").run().ok();
    s.install().ok();
    s.clear_stick();
    let ask = ["request", "recertify", "--all-from", &one, "--key-file", "maria.key"];
    s.countersign(&[&ask[..], &["--output", "stick"]].concat()).ok();
    s
}

/// The policy and the managers change.
#[test]
fn an_update_killed_at_any_write_leaves_the_old_record_or_the_new() {
    let Some(before) = asked() else { return };
    change(&before);
    let update = ["station", "update", "--authority", "authority"];
    let whole = before.again();
    let old = record(&whole);
    let command = whole.airgap_command(&update);
    let (points, ran) = strace::list(&command, "Yes\n", whole.root(), &FOLDERS);
    ran.ok();
    let new = record(&whole);
    assert_ne!(old, new);
    assert!(points.iter().any(|p| p.writes("record-changed")));
    at_each(&points, |point| {
        let cut = before.again();
        strace::kill(&cut.airgap_command(&update), "Yes\n", cut.root(), point);
        let left = record(&cut);
        assert!(left == old || left == new, "{point}: a mixture: {left:?}");
        // A session in between goes by the one or the other.
        run(&cut.session().command(), &typed(&cut)).ends(3);
        assert_eq!(record(&cut), left, "{point}");
        nothing_is_left_over(&cut, point);
        let again = cut.airgap_told(&update, "Yes\n").ok();
        assert_eq!(again.has("Nothing differs"), left == new, "{point}");
        assert_eq!(record(&cut), new, "{point}");
        whole_journal(&cut, point);
        nothing_is_left_over(&cut, point);
    });
}

/// Set up again, a station is what it would have been; or it is one already.
#[test]
fn a_set_up_killed_at_any_write_can_be_done_again() {
    if !strace_is_here() {
        return;
    }
    let before = Scenario::without_station();
    let init = ["station", "init", "--authority", "authority"];
    let whole = before.again();
    let (points, ran) = strace::list(&whole.airgap_command(&init), "", whole.root(), &FOLDERS);
    ran.ok();
    let all = record(&whole);
    assert!(points.iter().any(|p| p.writes("station-created")));
    at_each(&points, |point| {
        let cut = before.again();
        strace::kill(&cut.airgap_command(&init), "", cut.root(), point);
        let is_one = !cut.events().is_empty();
        let session = run(&cut.session().command(), "");
        assert_ne!(session.code, 0, "{point}: nothing was asked");
        let again = cut.airgap(&init);
        let (code, words) = if is_one { (1, "is a station already") } else { (0, "station for") };
        assert_eq!(again.code, code, "{point}: {}", again.told());
        again.says(words);
        assert_eq!(record(&cut), all, "{point}");
        whole_journal(&cut, point);
        cut.certify("alice").ok();
        cut.session().run().ok();
        whole_journal(&cut, point);
        nothing_is_left_over(&cut, point);
    });
}

/// What an update has to take over: the policy, and another manager.
fn change(scenario: &Scenario) {
    let path = scenario.path("authority/policy.toml");
    let key = fingerprint("carol");
    let text = fs::read_to_string(&path).expect("a policy");
    let manager =
        format!("\n[[manager]]\nname = \"carol\"\nfingerprint = \"{key}\"\nmay_request = []\n");
    fs::write(&path, text + &manager).expect("our own file");
    let managers = scenario.path(&format!("authority/managers/{key}.asc"));
    fs::copy(scenario.path("carol.asc"), managers).expect("a copy");
}

/// The station's copy of the authority's record: each finished file and what is in it.
fn record(scenario: &Scenario) -> Vec<(String, Vec<u8>)> {
    let folder = scenario.path("station/authority");
    let finished = files(&folder).into_iter().filter(|name| !name.contains("/."));
    finished
        .map(|name| (name.clone(), fs::read(folder.join(&name[1..])).expect("a file")))
        .collect()
}

/// The calls of a whole session. What they do is what this file is about.
fn a_whole_session(before: &Scenario) -> Vec<Point> {
    let whole = before.again();
    let (command, typed) = (whole.session().command(), typed(&whole));
    let (points, ran) = strace::list(&command, &typed, whole.root(), &FOLDERS);
    ran.ends(3);
    for event in ["consented", "refused", "signed", "answered", "record-announced"] {
        assert!(points.iter().any(|p| p.writes(event)), "{event}");
    }
    for event in ["record-signed", "session-ended"] {
        assert_eq!(points.iter().filter(|p| p.writes(event)).count(), 1, "{event}");
    }
    for ending in [".response.json", ".record.asc", ".summary.txt"] {
        assert!(points.iter().any(|p| p.renames_to(ending)), "{ending}");
    }
    points
}

/// Goes on after a session was killed, and looks at what came of both.
fn finish(cut: &Scenario, point: &Point, lost: usize) {
    let (_, end) = station(cut).read_journal(|_| {}).unwrap_or_else(|e| panic!("{point}: {e}"));
    assert_eq!(end, End::Whole, "{point}: a write of one line");
    let given = answers(cut);
    let again = station(cut).ledger().expect("reads").record_may_be_lost();
    if again {
        let named = cut.airgap(&["session", "disclose", "--in", "stick"]).ok();
        named.says("record.asc").says("of the session that was cut off, once more");
    }
    let session = run(&cut.session().command(), &typed(cut)).ends(3).says("refused");
    assert_eq!(again, session.has(".record.asc") && session.has(" 0 signed"), "{point}");
    if station(cut).ledger().expect("reads").uncovered().signatures() > 0 {
        run(&cut.session().record(), "").ok();
    }
    for (name, text) in given {
        assert_eq!(fs::read_to_string(cut.path(&name)).expect("still there"), text, "{point}");
    }
    let audited = settled(cut, point);
    assert_eq!(audited.explained, lost as u64, "{point}");
    assert_eq!(audited.signatures as usize, SIGNATURES, "{point}: a signature was made twice");
    let counter = cut.card()["counter"].as_u64().expect("a number");
    let made = 1 + SIGNATURES + audited.records.len() + lost;
    assert_eq!(counter, made as u64, "{point}");
    exactly_as_asked(cut, point);
    every_record_is_out(cut, &audited, point);
    nothing_is_left_over(cut, point);
}

/// Every request has its answer on the stick.
fn exactly_as_asked(scenario: &Scenario, point: &Point) {
    let answers = scenario.on_stick(".response.json");
    assert_eq!(answers.len(), 3, "{point}: {answers:?}");
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let verify = ["response", "verify", "--requests", "stick"];
    let verified = scenario.countersign(&[&verify[..], &answers].concat());
    assert_eq!(verified.code, 3, "{point}: {}", verified.told());
    let refused = |name: &&&str| {
        let text = fs::read(scenario.path(name)).expect("an answer");
        matches!(Response::parse(&text).expect("reads").outcome, Outcome::Refused { .. })
    };
    assert_eq!(answers.iter().filter(refused).count(), 1, "{point}");
}

/// Three requests on a stick; none where strace is not to be had.
fn asked() -> Option<Scenario> {
    if !strace_is_here() {
        return None;
    }
    let scenario = Scenario::new();
    for name in ["alice", "bob", "dave"] {
        scenario.certify(name).ok();
    }
    Some(scenario)
}

/// What has to be typed in the next session: what waits at the station is asked about first, and
/// what was decided is not.
fn typed(scenario: &Scenario) -> String {
    let station = station(scenario);
    let ledger = station.ledger().expect("a journal");
    let request = |name: &String| {
        let text = fs::read(scenario.path(name)).expect("a request");
        Request::parse(&text, MAX_BYTES).expect("a request")
    };
    let requests: Vec<Request> = scenario.on_stick(".request.asc").iter().map(request).collect();
    let waits = |r: &&Request| ledger.pending(r.id()).expect("reads").is_some();
    let (waiting, others): (Vec<&Request>, Vec<&Request>) = requests.iter().partition(waits);
    let decided =
        |r: &Request| station.history(&ledger, r.id(), None).expect("reads").this.is_some();
    let dave = |r: &Request| format!("{:?}", r.operation().user_ids()).contains("Dave");
    let word = |r: &&Request| if dave(r) { "No\nnot now\n" } else { "Yes\n" };
    waiting.iter().chain(others.iter().filter(|r| !decided(r))).map(word).collect()
}

/// The answers on the stick, which are kept.
fn answers(scenario: &Scenario) -> Vec<(String, String)> {
    let names = scenario.on_stick(".response.json").into_iter();
    names.map(|n| (n.clone(), fs::read_to_string(scenario.path(&n)).expect("text"))).collect()
}
