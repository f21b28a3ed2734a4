//! A station's report: shown first, written only with a word, and never more than was shown.
#![allow(missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use airgap::report::{ItemName, NOT_READABLE, Report};
use countersign::digest::Sha256;
use countersign_tests::bad::asked;
use countersign_tests::run::run;
use countersign_tests::virtual_reader::{Card, Error, VirtualReader};
use countersign_tests::{Run, Scenario, program};

const REPORT: [&str; 6] =
    ["station", "report", "--practice-card", "card", "--output", "report.json"];

fn report(s: &Scenario, more: &[&str], typed: &str) -> Run {
    s.airgap_told(&[&REPORT[..], more].concat(), typed)
}

fn text(s: &Scenario) -> String {
    fs::read_to_string(s.path("report.json")).expect("a report")
}

fn parsed(s: &Scenario) -> Report {
    serde_json::from_str(&text(s)).expect("a report")
}

fn values(report: &Report, item: ItemName) -> Vec<(&str, &str)> {
    let item = report.items.iter().find(|there| there.item == item).expect("the item");
    item.facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect()
}

/// Nothing was written, under any name.
#[track_caller]
fn nothing_written(s: &Scenario, before: &[String]) {
    assert!(!s.path("report.json").exists());
    assert_eq!(names(s.root()), before);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_report_is_what_was_shown() {
    let s = asked();
    s.session().run().ok();
    let journal = fs::read(s.path("station/journal.jsonl")).expect("a journal");
    let run = report(&s, &[], "Yes\n").ok();
    let run = run.says(&format!("This and nothing else, {} bytes", text(&s).len()));
    let run = run.says("written: report.json");
    assert_eq!(fs::read(s.path("station/journal.jsonl")).expect("a journal"), journal);
    let report = parsed(&s);
    assert_eq!(report.text(), text(&s));
    assert_eq!(report.items.len(), ItemName::ALL.len());
    for item in &report.items {
        // Each item as it stands on the screen, line by line.
        assert!(run.out.contains(&item.to_string()), "{item} in {}", run.told());
    }

    let program = fs::read(program("airgap")).expect("the program");
    let software = values(&report, ItemName::Software);
    let digest = Sha256::of(program).to_string();
    assert_eq!(software[1], ("binary sha256", digest.as_str()));
    let record = s.countersign(&["authority", "show", "--json"]).ok().out;
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    let policy = values(&report, ItemName::Policy);
    assert_eq!(policy[1], ("policy sha256", record["policy"].as_str().expect("a digest")));
    let master = fs::read_to_string(s.path("station/authority/policy.toml")).expect("a policy");
    assert!(policy[2].0 == "master" && master.contains(policy[2].1), "{policy:?}");

    let lines: Vec<&[u8]> = journal.split(|b| *b == b'\n').collect();
    let entries = s.events().len();
    let expected = [
        ("entries", entries.to_string()),
        ("chain", "holds".to_owned()),
        ("first sha256", Sha256::of(lines[0]).to_string()),
        ("head sha256", Sha256::of(lines[entries - 1]).to_string()),
    ];
    let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(values(&report, ItemName::Journal), expected);
    let cards = values(&report, ItemName::Cards);
    let card = s.card();
    assert_eq!(cards[0].1, card["card"].as_str().expect("an identity"));
    assert_eq!(cards[5], ("signatures made", card["counter"].to_string().as_str()));
}

#[test]
fn without_the_word_nothing_is_written() {
    let s = Scenario::new();
    let before = names(s.root());
    for answer in ["", "\n", "yes\n", "No\n", "Yes please\n", "serials\n", "Network\n"] {
        report(&s, &[], answer).ends(3).says("error: nothing was written");
        nothing_written(&s, &before);
    }
    // A slip loses nothing.
    report(&s, &[], "foo\nNo\n")
        .ends(3)
        .says("there is no item \"foo\"; there are: software, policy")
        .says("error: nothing was written");
    // The word after a refusal is too late.
    report(&s, &[], "no\nYes\n").ends(3);
    // A word that was said before an item was left out does not count for what is left.
    report(&s, &[], "network\n").ends(3).says("left out: network");
    nothing_written(&s, &before);
}

#[test]
fn an_item_can_be_left_out_before_and_after_it_was_seen() {
    let s = Scenario::new();
    let run = report(&s, &["--without", "packages", "--without", "cards"], "network\nYes\n").ok();
    let (_, again) = run.out.split_once("leave it out: network").expect("the question");
    assert!(!again.contains("network ("), "{again}");
    assert!(run.out.matches("software (").count() == 2, "{}", run.out);
    run.never_says("packages (").never_says("cards (");
    let report = parsed(&s);
    assert_eq!(report.left_out, [ItemName::Packages, ItemName::Network, ItemName::Cards]);
    assert_eq!(report.items.len(), ItemName::ALL.len() - 3);
    assert!(!text(&s).contains("list sha256") && !text(&s).contains("signatures made"));
}

#[test]
fn the_exact_json_is_shown_where_it_is_asked_for() {
    let s = Scenario::new();
    let run = report(&s, &["--json"], "Yes\n").ok();
    assert!(run.out.contains(&text(&s)), "{}", run.told());
    run.never_says(ItemName::Swap.reason());
}

#[test]
fn wrong_usage_is_said_before_anything_is_asked() {
    let s = Scenario::new();
    let before = names(s.root());
    let unknown = report(&s, &["--without", "serials"], "Yes\n").ends(2);
    unknown.says("there is no item \"serials\"; there are: software, policy, journal");
    for output in ["-", "..", "/"] {
        let line = ["station", "report", "--output", output];
        let run = s.airgap_told(&line, "Yes\n").ends(2);
        run.says("a report goes into a file with a name").never_says("Type Yes");
    }
    let none = s.airgap_told(&["station", "report"], "Yes\n").ends(2);
    none.says("--output <FILE>");
    nothing_written(&s, &before);
}

#[test]
fn a_file_that_is_there_stays() {
    let s = Scenario::new();
    fs::write(s.path("report.json"), "mine").expect("a new file");
    report(&s, &[], "Yes\n").ends(1).says("report.json exists already").never_says("Type Yes");
    assert_eq!(text(&s), "mine");
    fs::remove_file(s.path("report.json")).expect("our own file");
    std::os::unix::fs::symlink("nowhere", s.path("report.json")).expect("a link");
    report(&s, &[], "Yes\n").ends(1).says("exists already");
    assert!(!s.path("nowhere").exists());
    let missing = s.airgap_told(&["station", "report", "--output", "no/report.json"], "Yes\n");
    missing.ends(1).says("cannot be written").never_says("Type Yes");
}

#[test]
fn without_a_station_or_a_date_there_is_no_report() {
    let s = Scenario::without_station();
    report(&s, &[], "Yes\n").ends(1).says("station is not a station");
    s.airgap(&["station", "init", "--authority", "authority"]).ok();
    let asked = |answers: &str| {
        let mut command = Command::new(program("airgap"));
        command.args(REPORT).current_dir(s.root()).env_remove("AIRGAP_STATION");
        run(&command, answers)
    };
    asked("").ends(3).says("nobody confirmed the date");
    assert!(!s.path("report.json").exists());
    // The first word is for the date, the second for the report.
    asked("Yes\n").ends(3).says("nothing was written");
    asked("Yes\nYes\n").ok();
    let report = parsed(&s);
    let clock = values(&report, ItemName::Clock);
    assert_eq!(clock[0], ("confirmed", report.made.to_string().as_str()));
}

#[test]
fn a_confirmed_date_stands_beside_the_machines() {
    let s = Scenario::new();
    s.pass(86_400);
    report(&s, &[], "Yes\n").ok();
    let report = parsed(&s);
    assert_eq!(report.made, s.now());
    let clock = values(&report, ItemName::Clock);
    assert_eq!(clock[0].1, s.now().to_string());
    assert_ne!(clock[1].1, clock[0].1);
}

#[test]
fn a_damaged_journal_is_reported_as_that() {
    let s = Scenario::new();
    let path = s.path("station/journal.jsonl");
    let whole = fs::read_to_string(&path).expect("a journal");
    fs::write(&path, format!("{whole}{{\"seq")).expect("our own file");
    report(&s, &[], "Yes\n").ok().says("the last line is cut off at byte");
    fs::remove_file(s.path("report.json")).expect("our own file");
    fs::write(&path, whole.replace("Example Project", "Other Project") + &whole)
        .expect("our own file");
    report(&s, &[], "Yes\n").ok().says("not readable: the journal does not hold together");
}

#[test]
fn a_card_is_described_without_its_holder() {
    let s = Scenario::new();
    fs::write(s.path("pins"), "777777\n77777777\n").expect("a new file");
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<pins; exec "$0" "$@""#]).arg(program("airgap"));
    command.args(["card", "init", "--practice-card", "new", "--name", "Marked<<Maria"]);
    command.args(["--url", "https://marked.example", "--pin-fd", "3"]).current_dir(s.root());
    run(&command, "").ok();
    let status = s.airgap(&["card", "status", "--practice-card", "new"]).ok();
    status.says("Marked, Maria").says("https://marked.example");
    let line = ["station", "report", "--practice-card", "new", "--output", "report.json"];
    s.airgap_told(&line, "Yes\n").ok().says("signature slot empty");
    assert!(!text(&s).contains("arked"), "{}", text(&s));
    fs::remove_file(s.path("report.json")).expect("our own file");
    let line = ["station", "report", "--practice-card", "none", "--output", "report.json"];
    s.airgap_told(&line, "Yes\n").ok();
    assert_eq!(values(&parsed(&s), ItemName::Cards), [("cards", NOT_READABLE)]);
}

/// What this very machine is called, as far as it tells.
fn names_of_this_machine() -> Vec<String> {
    let mut files: Vec<String> = ["product_serial", "board_serial", "product_uuid"]
        .map(|name| format!("/sys/class/dmi/id/{name}"))
        .to_vec();
    files.push("/etc/machine-id".into());
    let interfaces = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let addresses = interfaces.map(|i| i.path().join("address").to_string_lossy().into_owned());
    files.extend(addresses);
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    let texts = texts.map(|text| text.trim().to_owned());
    texts.filter(|text| text.len() >= 8 && text != "00:00:00:00:00:00").collect()
}

#[test]
fn this_machines_own_names_are_not_in_its_report() {
    let s = Scenario::new();
    report(&s, &[], "Yes\n").ok();
    let names = names_of_this_machine();
    if names.is_empty() {
        countersign_tests::skip("this machine has no name that could be told");
    }
    for name in names {
        let plain = name.replace([':', '-'], "");
        for form in [&name, &plain] {
            assert!(!text(&s).contains(form.as_str()), "{form} in {}", text(&s));
        }
    }
}

/// The digest over the packages is the one that anybody gets from dpkg itself.
#[test]
fn dpkg_gives_the_same_digest_of_the_packages() {
    let line = "dpkg-query --show --showformat='${db:Status-Status} ${Package} ${Version}\\n' | \
                sed -n 's/^installed //p' | LC_ALL=C sort | sha256sum";
    let tool = Command::new("dpkg-query").arg("--version").stdout(Stdio::null()).status();
    if !tool.is_ok_and(|status| status.success()) {
        countersign_tests::skip("dpkg-query is not installed");
        return;
    }
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide-operator.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    assert!(guide.contains(line), "the guide has another command");
    let digest = run(Command::new("sh").args(["-c", line]), "").ok().out;
    let s = Scenario::new();
    report(&s, &[], "Yes\n").ok();
    let report = parsed(&s);
    let packages = values(&report, ItemName::Packages);
    let digest = digest.split_whitespace().next().expect("a digest");
    assert_eq!(packages[1], ("list sha256", digest));
}

#[test]
fn no_other_command_makes_a_report() {
    let s = asked();
    s.session().run().ok();
    s.airgap(&["station", "self-test", "--practice-card", "card"]).ok();
    let grep = ["-r", "--binary-files=text", "countersign-station-report", "."];
    let found = run(Command::new("grep").args(grep).current_dir(s.root()), "");
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    report(&s, &[], "Yes\n").ok();
    run(Command::new("grep").args(grep).current_dir(s.root()), "").ok().says("report.json");
}

#[test]
fn without_a_service_there_are_no_readers() {
    let s = Scenario::new();
    let mut command = Command::new(program("airgap"));
    command.args(["station", "report", "--output", "report.json"]).current_dir(s.root());
    command.args(["--time", &s.now().to_string()]).env_remove("AIRGAP_STATION");
    command.env("PCSCLITE_CSOCK_NAME", s.path("no-socket"));
    run(&command, "Yes\n").ok();
    let report = parsed(&s);
    assert_eq!(values(&report, ItemName::Readers), [("readers", "no smartcard service")]);
    assert_eq!(values(&report, ItemName::Cards), [("cards", "none")]);
}

#[test]
fn readers_and_cards_are_those_that_pcsc_has() {
    let s = Scenario::new();
    let mut reader = match VirtualReader::start(Card::Practice, &s.path("reader")) {
        Ok(reader) => reader,
        Err(Error::Skip(reason)) => return countersign_tests::skip(&reason.to_string()),
        Err(error) => panic!("{error}"),
    };
    let written = |reader: &VirtualReader| {
        let mut command = Command::new(program("airgap"));
        command.args(["station", "report", "--output", "report.json"]).current_dir(s.root());
        command.args(["--time", &s.now().to_string()]).env_remove("AIRGAP_STATION");
        command.env("PCSCLITE_CSOCK_NAME", reader.socket());
        run(&command, "Yes\n").ok();
        let report = parsed(&s);
        fs::remove_file(s.path("report.json")).expect("our own file");
        report
    };
    let full = written(&reader);
    let readers = values(&full, ItemName::Readers);
    assert!(readers.iter().all(|(name, _)| *name == "reader"), "{readers:?}");
    assert!(readers[0].1.starts_with("Virtual reader"), "{readers:?}");
    let cards = values(&full, ItemName::Cards);
    assert_eq!(cards[0].0, "card");
    assert_eq!(cards[4], ("signature slot", "empty"));
    reader.unplug().expect("unplugged");
    let empty = written(&reader);
    assert_eq!(values(&empty, ItemName::Readers), readers);
    assert_eq!(values(&empty, ItemName::Cards), [("cards", "none")]);
}
