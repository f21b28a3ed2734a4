//! A station that tries itself: what is as it should be, and each thing that is not.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use airgap::card::{Card, CardError, Session};
use countersign::digest::Sha256;
use countersign_practice_card::PracticeCard;
use countersign_tests::bad::asked;
use countersign_tests::people::{gpg, kill_agent, new_home};
use countersign_tests::run::run;
use countersign_tests::virtual_reader::{self, VirtualReader};
use countersign_tests::{PIN, Run, Scenario, program};
use openpgp_card::ocard::KeyType;
use secrecy::SecretString;
use sequoia_openpgp as openpgp;
use serde_json::Value;

use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;
use openpgp::{Cert, Packet};

/// The Admin PIN of the scenarios' cards.
const ADMIN_PIN: &str = "48291675";
const TRY: [&str; 2] = ["station", "self-test"];

fn try_with(s: &Scenario, card: &str) -> Run {
    s.airgap(&[&TRY[..], &["--practice-card", card]].concat())
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        match entry.is_dir() {
            true => found.extend(files(&entry)),
            false => drop(found.insert(entry.clone(), fs::read(&entry).expect("a file"))),
        }
    }
    found
}

/// Nothing is written meanwhile.
#[track_caller]
fn writes_nothing(s: &Scenario, what: impl FnOnce() -> Run) -> Run {
    let before = ["station", "stick"].map(|name| files(&s.path(name)));
    let run = what();
    let after = ["station", "stick"].map(|name| files(&s.path(name)));
    assert!(after == before, "written by {}", run.line);
    run
}

fn edit(s: &Scenario, change: impl Fn(&str) -> String) {
    let path = s.path("station/journal.jsonl");
    let text = fs::read_to_string(&path).expect("a journal");
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(path, changed).expect("our own file");
}

#[test]
fn a_station_is_as_it_should_be() {
    let s = asked();
    let never = writes_nothing(&s, || try_with(&s, "card")).ok();
    never.says("ok card").says("counter 1, and this journal never saw the card");
    s.session().run().ok();
    let (entries, counter) = (s.events().len(), &s.card()["counter"]);
    let run = writes_nothing(&s, || try_with(&s, "card")).ok();
    let run = run
        .never_says("FAILED")
        .says("ok known answer 2 known signatures predicted and accepted")
        .says(&format!("ok journal {entries} entries, the chain holds"))
        .says("ok clock")
        .says(&format!("3 tries for the PIN; counter {counter}, as the journal adds up"));
    let journal = fs::read_to_string(s.path("station/journal.jsonl")).expect("a journal");
    let head = Sha256::of(journal.lines().last().expect("an entry"));
    run.says(&format!("its head is {}", head.short()));
}

#[test]
fn the_date_is_asked_for() {
    let s = Scenario::without_station();
    // The scenario's clock runs ahead of this machine's.
    s.turn_back(60);
    s.airgap(&["station", "init", "--authority", "authority"]).ok();
    let asked = |answer: &str, more: &[&str]| {
        let mut command = Command::new(program("airgap"));
        command.args(TRY).args(["--practice-card", "card"]).args(more).current_dir(s.root());
        command.env_remove("AIRGAP_STATION");
        run(&command, answer)
    };
    asked("Yes\n", &[]).ok().says("Type Yes if that is right").says("ok clock");
    asked("", &[]).ends(3).says("nobody confirmed the date");
    // Nobody is asked in the middle of JSON.
    let json = asked("Yes\n", &["--json"]).ends(2).says("give the date with --time");
    assert_eq!(json.out, "");
}

#[test]
fn it_says_the_same_to_programs() {
    let s = Scenario::new();
    let json = |card: &str| {
        let run = s.airgap(&[&TRY[..], &["--json", "--practice-card", card]].concat());
        let value = serde_json::from_str::<Value>(&run.out).expect("JSON");
        assert_eq!(value["version"], 1);
        assert_eq!(value["date"], s.now().to_string());
        (run.code, value["checks"].as_array().expect("a list").clone())
    };
    let (code, checks) = json("card");
    let tests: Vec<_> = checks.iter().map(|c| c["test"].as_str().expect("a name")).collect();
    assert_eq!((code, &tests[..]), (0, &["known-answer", "journal", "clock", "card"][..]));
    assert!(checks.iter().all(|c| c["result"]["passed"].is_string()), "{checks:?}");
    let (code, checks) = json("no-card");
    assert_eq!(code, 5);
    assert!(checks[3]["result"]["failed"].is_string(), "{checks:?}");
}

#[test]
fn a_date_before_the_journal_or_the_program_fails() {
    let s = Scenario::new();
    let at = |time: &str| {
        let mut command = Command::new(program("airgap"));
        command.args(TRY).args(["--practice-card", "card", "--time", time]);
        command.current_dir(s.root()).env_remove("AIRGAP_STATION");
        writes_nothing(&s, || run(&command, ""))
    };
    let early = at("2026-11-02").ends(4);
    early
        .says("FAILED clock the date is 2026-11-02T00:00:00Z, before the journal's last entry of")
        .says("error: the self-test failed: clock")
        .says("hint: both dates are named; give the right one")
        .says("ok journal");
    // A journal older than the program.
    fs::remove_dir_all(s.path("station")).expect("our own folder");
    let init = ["station", "init", "--authority", "authority", "--time", "2026-10-01"];
    let mut command = Command::new(program("airgap"));
    command.args(init).current_dir(s.root()).env_remove("AIRGAP_STATION");
    run(&command, "").ok();
    let early = at("2026-10-31").ends(4);
    early.says(
        "FAILED clock the date is 2026-10-31T00:00:00Z, before this program's own, \
         2026-11-01T00:00:00Z",
    );
    at("2026-11-01").ok();
}

#[test]
fn a_journal_that_was_changed_or_torn_fails() {
    let s = asked();
    s.session().run().ok();
    let path = s.path("station/journal.jsonl");
    let whole = fs::read_to_string(&path).expect("a journal");
    edit(&s, |text| format!("{text}{{\"sequence\":"));
    let torn = writes_nothing(&s, || try_with(&s, "card")).ends(4);
    torn.says(&format!("FAILED journal the last line is cut off at byte {}", whole.len()));

    fs::write(&path, whole).expect("our own file");
    edit(&s, |text| text.replace("Bob Example", "Eve Example"));
    let broken = writes_nothing(&s, || try_with(&s, "card")).ends(4);
    broken
        .says("FAILED journal")
        .says("the chain breaks at line")
        .says("not tried card there is no journal to compare its counter with")
        .says("ok known answer")
        .says("the self-test failed: journal");
}

#[test]
fn a_card_of_somebody_else_or_none_fails() {
    let s = Scenario::new().with_other_card();
    let other = writes_nothing(&s, || try_with(&s, "other-card")).ends(5);
    other.says("FAILED card").says("is not one of Example Project's masters").says("ok journal");
    drop(PracticeCard::open(&s.path("new")).expect("an empty card"));
    try_with(&s, "new").ends(5).says("the signature slot is empty");
    try_with(&s, "nowhere").ends(5).says("FAILED card nowhere holds no practice card");
}

#[test]
fn a_card_with_another_key_under_the_masters_name_fails() {
    let s = Scenario::new().with_other_card();
    let master = Cert::from_file(s.path("master.asc")).expect("the master").fingerprint();
    let master = <[u8; 20]>::try_from(master.as_bytes()).expect("of version 4");
    {
        let card = PracticeCard::open(&s.path("other-card")).expect("a card");
        let mut card = openpgp_card::Card::new(card).expect("opens");
        let mut card = card.transaction().expect("a transaction");
        card.verify_admin_pin(SecretString::from(ADMIN_PIN)).expect("the Admin PIN");
        card.card().set_fingerprint(master.into(), KeyType::Signing).expect("set");
    }
    let run = try_with(&s, "other-card").ends(5);
    run.says("FAILED card the card claims to hold").says("but its public key is another one");
}

/// Somebody uses the card without the station.
fn with_pin(s: &Scenario, pin: &str, then: impl FnOnce(&mut Session<'_>, Result<(), CardError>)) {
    let card = PracticeCard::open(&s.path("card")).expect("the card");
    let mut card = Card::over(Box::new(card)).expect("opens");
    let mut session = card.session().expect("a session");
    let before = session.before_unlocking().expect("a status");
    let unlocked = session.unlock(SecretString::from(pin), &before);
    then(&mut session, unlocked);
}

#[test]
fn a_card_that_signed_elsewhere_fails() {
    let s = asked();
    s.session().run().ok();
    let known = s.card()["counter"].as_u64().expect("a number");
    with_pin(&s, PIN, |session, unlocked| {
        unlocked.expect("the PIN");
        session.sign(&[0; 64]).expect("signs");
    });
    let run = writes_nothing(&s, || try_with(&s, "card")).ends(5);
    let words = format!("the counter is {}, and the journal adds up to {known}", known + 1);
    run.says("FAILED card").says(&words);
}

#[test]
fn a_blocked_pin_fails_and_a_last_try_is_said() {
    let s = Scenario::new();
    for (tries, code, words) in
        [(2, 0, "2 tries for the PIN"), (1, 0, "ONE TRY LEFT"), (0, 5, "the PIN is blocked")]
    {
        with_pin(&s, "999999", |_, unlocked| {
            unlocked.expect_err("a wrong PIN");
        });
        let run = try_with(&s, "card").ends(code).says(words);
        run.never_says(&format!("{} tries", tries + 1));
    }
}

#[test]
fn without_a_card_nothing_is_said_against_it() {
    let s = Scenario::new();
    // No service, whatever this machine has.
    let mut command = Command::new(program("airgap"));
    command.args(TRY).args(["--time", &s.now().to_string()]).current_dir(s.root());
    command.env_remove("AIRGAP_STATION").env("PCSCLITE_CSOCK_NAME", s.path("no-socket"));
    run(&command, "").ok().says("not tried card the smartcard service pcscd does not answer");
    // Who names one expects it.
    command.args(["--card", "0006:12345678"]);
    run(&command, "").ends(5).says("FAILED card");
}

#[test]
fn a_card_in_a_reader_is_tried_and_an_empty_reader_is_none() {
    let s = Scenario::new();
    let mut reader = match VirtualReader::start(virtual_reader::Card::Practice, &s.path("reader")) {
        Ok(reader) => reader,
        Err(virtual_reader::Error::Skip(reason)) => {
            return countersign_tests::skip(&reason.to_string());
        }
        Err(error) => panic!("{error}"),
    };
    let mut command = Command::new(program("airgap"));
    command.args(TRY).args(["--time", &s.now().to_string()]).current_dir(s.root());
    command.env_remove("AIRGAP_STATION").env("PCSCLITE_CSOCK_NAME", reader.socket());
    run(&command, "").ends(5).says("FAILED card").says("the signature slot is empty");
    reader.unplug().expect("unplugged");
    run(&command, "").ok().says("not tried card no card in any reader");
}

#[test]
fn a_missing_station_is_said_to_be_missing() {
    let s = Scenario::without_station();
    try_with(&s, "card").ends(1).says("station is not a station").says("airgap station init");
}

fn certificate(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let lines = value.as_array().map_or_else(
        || value.as_str().expect("base64").to_owned(),
        |lines| lines.iter().map(|l| l.as_str().expect("base64")).collect(),
    );
    base64::engine::general_purpose::STANDARD.decode(lines).expect("base64")
}

/// The known answer is no invention of this program: gpg takes every signature in it for good.
#[test]
fn gpg_takes_the_known_answer_for_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../airgap/src/selftest/known_answer.json");
    let vector = fs::read_to_string(path).expect("the vector");
    let vector: Value = serde_json::from_str(&vector).expect("JSON");
    let master = certificate(&vector["master"]);
    let asked = &vector["operation"]["certify"];
    let mut developer =
        Cert::from_bytes(&certificate(&asked["certificate"])).expect("a certificate");
    let answer = vector["answer"].as_array().expect("a list");
    for (user_id, known) in asked["user_ids"].as_array().expect("a list").iter().zip(answer) {
        let signature = Packet::from_bytes(&certificate(&known["signature"])).expect("a packet");
        let user_id = openpgp::packet::UserID::from(user_id.as_str().expect("a text"));
        let packets = [Packet::from(user_id), signature];
        (developer, _) = developer.insert_packets(packets).expect("they belong together");
    }
    let folder = tempfile::TempDir::with_prefix("cs").expect("a folder");
    let home = folder.path().join("gnupg");
    new_home(&home);
    for (name, bytes) in
        [("master", master.clone()), ("developer", developer.to_vec().expect("bytes"))]
    {
        fs::write(folder.path().join(name), bytes).expect("written");
        gpg(&home, &["--import", &folder.path().join(name).to_string_lossy()]).ok();
    }
    let key = developer.fingerprint().to_hex();
    let listing = gpg(&home, &["--with-colons", "--check-sigs", &key]).ok().out;
    let by = Cert::from_bytes(&master).expect("a certificate").keyid().to_hex();
    let good = listing.lines().filter(|l| l.starts_with("sig:!") && l.contains(&by)).count();
    assert_eq!((good, answer.len()), (2, 2), "{listing}");
    kill_agent(&home);
}

/// A station that was set up, and is used, before the program was made: the clock is wrong.
#[test]
fn a_session_that_fails_its_own_test_reads_no_request() {
    let s = Scenario::new();
    s.certify("bob").ok();
    let early = |arguments: &[&str], answers: &str| {
        let mut airgap = Command::new(program("airgap"));
        airgap.args(arguments).args(["--station", "early"]).current_dir(s.root());
        run(airgap.env_remove("AIRGAP_STATION"), answers)
    };
    let init = ["station", "init", "--authority", "authority", "--time", "2026-10-01"];
    early(&init, "").ok();
    let session = ["session", "run", "--practice-card", "card", "--in", "stick", "--out", "stick"];
    let before = s.watch();
    let run = early(&[&session[..], &["--time", "2026-10-02"]].concat(), "Yes\n").ends(4);
    run.says("the station's self-test failed: clock: the date is 2026-10-02T00:00:00Z, before")
        .says("airgap station self-test")
        .never_says("CERTIFY");
    s.nothing_signed_since(&before);
    let show = early(&["journal", "show"], "").ok();
    show.says("clock FAILED").says("known answer good").says("session ended");
}
