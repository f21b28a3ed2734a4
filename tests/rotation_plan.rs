//! A rotation from its plan to the last letter, by the record alone; and what ends by when.
#![allow(missing_docs)]

use std::fs;

use countersign::certificate::Certificate;
use countersign_tests::people::{copy, fingerprint, kept};
use countersign_tests::{Run, Scenario};
use serde_json::Value;

const DAY: u32 = 86_400;

fn master(s: &Scenario, name: &str) -> String {
    let bytes = fs::read(s.path(&format!("{name}.asc"))).expect("a certificate");
    Certificate::read(bytes.as_slice(), &[]).expect("reads").fingerprint().to_string()
}

/// A record of the master `one` alone, with Alice and Bob certified for a year and for a day.
fn begun(edit: impl FnOnce(String) -> String) -> Scenario {
    let s = Scenario::of_masters_with(&["one"], edit);
    s.certify_with("alice", &["--validity", "1y"]).ok();
    s.certify_with("bob", &["--validity", "5d"]).ok();
    s.session().run().ok();
    s.install().ok();
    s.clear_stick();
    s
}

/// The card of the master `two`, at `card-two`.
fn second_card(s: &Scenario) {
    copy(&kept().join("two.card"), &s.path("card-two"));
}

fn plan(s: &Scenario) -> Run {
    s.countersign(&["rotation", "plan", "--successor", "two.asc"])
}

fn status(s: &Scenario) -> Value {
    let run = s.countersign(&["rotation", "status", "--json"]).ok();
    serde_json::from_str(&run.out).expect("JSON")
}

fn condition<'a>(status: &'a Value, name: &str) -> &'a Value {
    let all = status["conditions"].as_array().expect("a list");
    all.iter().find(|c| c["condition"] == name).expect("it is there")
}

/// The station learns of the record; the masters' requests are signed by both cards.
fn signed_by_both(s: &Scenario) {
    s.airgap_told(&["station", "update", "--authority", "authority"], "Yes\n").ok();
    for card in ["card-one", "card-two"] {
        s.session().card(card).run().ok();
    }
    s.install().ok();
    s.clear_stick();
}

#[test]
fn a_plan_brings_the_successor_into_the_record_and_leaves_the_rest_of_it_alone() {
    let s = begun(|policy| format!("# by hand\n{policy}"));
    let before = fs::read_to_string(s.path("authority/policy.toml")).expect("a policy");
    plan(&s).ok().says("airgap station update").says("requests go to it");
    let after = fs::read_to_string(s.path("authority/policy.toml")).expect("a policy");
    assert!(after.starts_with(before.trim_end()), "{after}");
    assert!(after.contains(&master(&s, "two")));
    let text = fs::read_to_string(s.path("authority/rotation.toml")).expect("a plan");
    assert!(
        text.contains("# Stage 2 of 4: dual-trust") && text.contains("For consumers:"),
        "{text}"
    );
    s.countersign(&["authority", "show"]).ok().says(&master(&s, "two"));
    // A second plan takes a word, and does not name the master twice.
    plan(&s).ends(1).says("rotation.toml already");
    s.countersign(&["rotation", "plan", "--successor", "two.asc", "--force"]).ok();
    let again = fs::read_to_string(s.path("authority/policy.toml")).expect("a policy");
    assert_eq!(again, after);
}

#[test]
fn a_plan_that_makes_no_sense_changes_nothing() {
    let s = begun(|policy| policy);
    let before = fs::read_to_string(s.path("authority/policy.toml")).expect("a policy");
    let run = |more: &[&str]| s.countersign(&[&["rotation", "plan"], more].concat());
    run(&["--successor", "alice.key"]).ends(1);
    run(&["--successor", "bob.asc"]).ends(3).says("must be RSA");
    run(&["--successor", "one.asc"]).ends(1).says("no other master");
    run(&["--successor", "two.asc", "--retire", "2001-01-01"]).ends(1).says("begins before");
    assert_eq!(fs::read_to_string(s.path("authority/policy.toml")).expect("a policy"), before);
    assert!(!s.path("authority/rotation.toml").exists());
    s.countersign(&["rotation", "status"]).ends(1).says("rotation plan --successor");
}

#[test]
fn the_stages_follow_the_record() {
    let s = begun(|policy| policy);
    second_card(&s);
    plan(&s).ok();
    let first = status(&s);
    assert_eq!(first["stage"], "introduce");
    assert_eq!(condition(&first, "successor-in-policy")["holds"], true);
    assert_eq!(condition(&first, "cross-certified")["holds"], false);
    assert_eq!(first["developers"]["old_only"], 2);

    let by_manager = ["--key-file", "maria.key", "--output", "stick"];
    s.countersign(&[&["request", "cross-certify"], &by_manager[..]].concat()).ok();
    s.countersign(&[&["request", "transition-statement"], &by_manager[..]].concat()).ok();
    signed_by_both(&s);
    let introduced = status(&s);
    assert_eq!(condition(&introduced, "cross-certified")["holds"], true, "{introduced}");
    assert_eq!(condition(&introduced, "transition-statement")["holds"], true, "{introduced}");

    // A month later consumers are to trust both.
    s.pass(31 * DAY);
    let dual = status(&s);
    assert_eq!(dual["stage"], "dual-trust");
    // Bob's certification has ended by then: nobody certifies him.
    assert_eq!(dual["developers"]["neither"], 1);
    let one = master(&s, "one");
    let ask = ["request", "recertify", "--all-from", &one];
    s.countersign(&[&ask[..], &by_manager].concat()).ends(3);
    s.session().card("card-two").run().ok().says("1 signed with 2 signatures");
    s.countersign(&["response", "install", "stick"]).ok();
    let recertified = status(&s);
    assert_eq!(recertified["developers"]["both"], 1);
    assert_eq!(condition(&recertified, "developers-recertified")["holds"], true);
    assert_eq!(condition(&recertified, "nobody-old-only")["holds"], true);
    s.pass(100 * DAY);
    let late = status(&s);
    assert_eq!((&late["stage"], &late["late"]), (&"dual-trust".into(), &"new-only".into()));
}

#[test]
fn a_share_of_nobody_is_not_enough() {
    let s = begun(|policy| policy);
    plan(&s).ok();
    s.pass(2 * 365 * DAY);
    let lapsed = status(&s);
    assert_eq!(lapsed["developers"]["neither"], 2);
    let condition = condition(&lapsed, "developers-recertified");
    assert_eq!(condition["found"], "neither master certifies any of 2");
    assert_eq!(condition["holds"], false);
}

#[test]
fn a_new_master_that_was_revoked_has_recertified_nobody() {
    let s = begun(|policy| policy);
    second_card(&s);
    plan(&s).ok();
    let two = master(&s, "two");
    let ask = ["request", "revoke-key", "--master", &two, "--reason", "superseded"];
    s.countersign(&[&ask[..], &["--key-file", "maria.key", "--output", "stick"]].concat()).ok();
    signed_by_both(&s);
    let revoked = status(&s);
    let condition = condition(&revoked, "developers-recertified");
    assert_eq!(condition["holds"], false);
    let found = condition["found"].as_str().expect("words");
    assert!(found.starts_with("the new master was revoked on"), "{found}");
}

#[test]
fn letters_go_to_those_who_have_to_act_and_their_answers_are_counted() {
    let s = begun(|policy| policy);
    plan(&s).ok();
    s.pass(6 * DAY);
    s.countersign(&["rotation", "invite", "--output", "letters"]).ok().says("1 letter in letters");
    let letter = s.path(&format!("letters/{}.txt", fingerprint("bob")));
    let letter = fs::read_to_string(letter).expect("a letter");
    let words = letter.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in ["certification expired", "request certify", "your key", &master(&s, "two")] {
        assert!(words.contains(expected), "no {expected:?} in {letter}");
    }
    assert!(!s.path(&format!("letters/{}.txt", fingerprint("alice"))).exists());
    let again = s.countersign(&["rotation", "invite", "--output", "letters"]).ok();
    again.says("0 letters").says("written to before: 1");
    s.countersign(&["rotation", "invite", "--output", "letters", "--all"]).ok().says("1 letter in");
    assert_eq!(status(&s)["letters"]["written"], 1, "who need not answer is not waited for");

    // What the station refuses is seen, and what it grants later.
    s.airgap_told(&["station", "update", "--authority", "authority"], "Yes\n").ok();
    second_card(&s);
    s.certify("bob").ok();
    s.session().card("card-two").answers("No\nwho are you?\n").run().ends(3);
    s.install().ends(3);
    assert_eq!(status(&s)["letters"]["refused"], 1);
    s.clear_stick();
    s.certify("bob").ok();
    s.session().card("card-two").run().ok();
    s.install().ok();
    let answered = status(&s);
    assert_eq!(answered["letters"]["answered"], 1, "{answered}");
    assert_eq!(answered["developers"]["new_only"], 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let s = begun(|policy| policy);
    plan(&s).ok();
    fs::write(s.path("letters"), "a file").expect("written");
    let run = s.countersign(&["rotation", "invite", "--output", "letters"]).ends(1);
    run.says("error: letters cannot be created");
}

#[test]
fn who_does_not_answer_in_time_is_overdue() {
    let s = begun(|policy| policy.replace("\"on-file\"", "\"fresh\""));
    plan(&s).ok();
    let invited = s.countersign(&["rotation", "invite", "--output", "letters"]).ok();
    invited.says("2 letters in letters");
    assert_eq!(status(&s)["letters"]["overdue"], 0);
    s.pass(121 * DAY);
    assert_eq!(status(&s)["letters"]["overdue"], 2);
    let list = s.countersign(&["rotation", "status", "--list"]).ok();
    list.says("overdue Bob Example");
    let late = s.countersign(&["rotation", "invite", "--output", "letters"]).ends(2);
    late.says("can no longer be given").says("--due");
}

#[test]
fn a_forecast_tells_a_cron_job_by_its_status() {
    let s = begun(|policy| policy);
    s.countersign(&["authority", "forecast", "--days", "4"])
        .ok()
        .says("nothing ends within 4 days");
    let soon = s.countersign(&["authority", "forecast", "--days", "6"]).ends(7);
    soon.says("certification by").says("Bob Example").says("it is the last certification");
    let json = s.countersign(&["authority", "forecast", "--days", "400", "--json"]).ends(7);
    let ends: Vec<Value> =
        json.out.lines().map(|l| serde_json::from_str(l).expect("an object")).collect();
    assert_eq!(ends.len(), 3, "{}", json.out);
    assert!(ends.windows(2).all(|pair| pair[0]["at"].as_str() <= pair[1]["at"].as_str()));
    // Their keys end after five years, and the manager's.
    let keys = s.countersign(&["authority", "forecast", "--days", "2000"]).ends(7);
    keys.says("developer's key").says("manager's key").says("requests signed by it are refused");
    s.countersign(&["authority", "forecast", "--days", "0"]).ends(2);
}
