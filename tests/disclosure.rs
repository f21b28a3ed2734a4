//! What leaves the station: the page that lists it, against the types; the command that lists it,
//! against what a session wrote.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use airgap::report::Report;
use countersign::journal::{Entry, Record};
use countersign::response::Response;
use countersign_tests::schema::{leaves, table};
use countersign_tests::{Scenario, forge, people};
use serde_json::Value;

fn schemas() -> [(&'static str, Value); 4] {
    let json = |schema: schemars::Schema| serde_json::to_value(schema).expect("JSON");
    [
        ("response", json(schemars::schema_for!(Response))),
        ("record", json(schemars::schema_for!(Record))),
        ("journal-entry", json(schemars::schema_for!(Entry))),
        ("report", json(schemars::schema_for!(Report))),
    ]
}

/// Write the tables anew with `COUNTERSIGN_DOCS=write`, and read the difference.
#[test]
fn the_page_lists_every_field_of_every_type() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/disclosure.md");
    let page = fs::read_to_string(&path).expect("a page");
    let mut expected = page.clone();
    for (name, schema) in schemas() {
        let (begin, end) = (format!("<!-- fields: {name} -->\n"), "<!-- end -->");
        let from = expected.find(&begin).expect("a table") + begin.len();
        let to = from + expected[from..].find(end).expect("its end");
        expected.replace_range(from..to, &table(&schema));
    }
    if std::env::var_os("COUNTERSIGN_DOCS").is_some_and(|v| v == "write") {
        fs::write(&path, &expected).expect("a writable page");
    }
    let old = "docs/disclosure.md is old: COUNTERSIGN_DOCS=write cargo test --test disclosure";
    assert!(page == expected, "{old}");
    for (_, schema) in schemas() {
        let undescribed: Vec<_> =
            leaves(&schema).into_iter().filter(|(_, text)| text.is_empty()).collect();
        assert_eq!(undescribed, [], "a field without a word");
    }
}

/// A session in which one request is signed, one refused by a rule and one by the operator.
fn held() -> Scenario {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.certify_with("bob", &["--validity", "30d"]).ok();
    fs::write(s.path("stick/no.request.asc"), "no request\n").expect("a new file");
    s.session().answers("Yes\nNo\nnot today\n").run().ends(3);
    s
}

fn disclosed(s: &Scenario, arguments: &[&str]) -> Value {
    let run = s.airgap(&[&["session", "disclose", "--json"], arguments].concat()).ok();
    serde_json::from_str(&run.out).expect("JSON")
}

/// The paths of a file's fields.
fn paths(file: &Value) -> BTreeSet<String> {
    let fields = file["fields"].as_array().expect("a list").iter();
    fields.map(|f| f["path"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn after_a_session_every_file_is_listed_with_every_field() {
    let s = held();
    let listed = disclosed(&s, &["--out", "stick"]);
    let files = listed["after"]["files"].as_array().expect("a list");
    let mut names: Vec<String> =
        files.iter().map(|f| format!("stick/{}", f["name"].as_str().expect("a text"))).collect();
    names.sort();
    let requests = s.on_stick(".request.asc");
    let all: Vec<String> = s.on_stick("").into_iter().filter(|n| !requests.contains(n)).collect();
    assert_eq!(names, all);
    let known: BTreeSet<String> =
        schemas().into_iter().take(2).flat_map(|(_, schema)| leaves(&schema).into_keys()).collect();
    let (mut fields, mut without) = (0, 0);
    for file in files {
        let name = file["name"].as_str().expect("a text");
        let size = fs::metadata(s.path("stick").join(name)).expect("a file").len();
        assert_eq!(file["bytes"], size, "{name}");
        let unknown: Vec<String> =
            paths(file).into_iter().filter(|p| !known.contains(p) && !p.starts_with('(')).collect();
        assert_eq!(unknown, [""; 0], "{name}");
        adds_up(file);
        fields += paths(file).len();
        without += usize::from(paths(file).is_empty());
    }
    // Only the summary is a text for people.
    assert!(fields > 30 && without == 1, "{fields} fields, {without} files without");
    let strays: Vec<String> = listed["after"]["strays"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|stray| format!("stick/{}", stray["name"].as_str().expect("a text")))
        .collect();
    assert_eq!(strays, requests);
}

#[test]
fn what_was_changed_removed_or_added_on_the_stick_is_named() {
    let s = held();
    let disclose = ["session", "disclose", "--out", "stick"];
    let run = s.airgap(&disclose).ok().says("also there, and not written by this session");
    run.says("outcome.signed.signatures[]").says("no.request.asc");
    let answer = s.on_stick(".response.json")[0].clone();
    let text = fs::read_to_string(s.path(&answer)).expect("an answer");
    fs::write(s.path(&answer), text.replace("countersign", "countersigm")).expect("changed");
    fs::remove_file(s.path(&s.on_stick(".summary.txt")[0])).expect("our own file");
    fs::write(s.path("stick/planted"), "secret").expect("a new file");
    let run = s.airgap(&disclose).ends(4);
    run.says("CHANGED")
        .says("NOT HERE session-000001.summary.txt")
        .says("planted 6 bytes")
        .says("1 file is not what the session wrote")
        .says("1 file is not there");
    fs::write(s.path(&answer), text).expect("changed back");
    s.airgap(&disclose).ends(1).says("NOT HERE").says("1 file is not there");
}

#[test]
fn what_another_session_wrote_is_marked_with_its_number() {
    let s = held();
    let disclose = ["session", "disclose", "--out", "stick"];
    s.certify("carol").ok();
    s.session().answers("Yes\n").run();
    let run = s.airgap(&disclose).ok();
    run.says("session-000001.record.asc").says("written by session 1");
    let planted = s.path("stick/session-000001.summary.txt");
    let text = fs::read_to_string(&planted).expect("a summary");
    fs::write(&planted, text.replace("Session", "session")).expect("changed");
    let listed = disclosed(&s, &["--out", "stick"]);
    let strays = listed["after"]["strays"].as_array().expect("a list");
    let of = |name: &str| strays.iter().find(|stray| stray["name"] == name).expect("listed");
    assert_eq!(of("session-000001.record.asc")["session"], 1);
    assert_eq!(of("session-000001.summary.txt").get("session"), None, "its content is another");
    s.airgap(&[&disclose[..], &["--session", "99"]].concat())
        .ends(1)
        .says("there was no session 99, or it handed nothing out");
}

/// As many folders as one likes are looked into no further than files are.
#[test]
fn a_stick_full_of_folders_is_looked_at_for_a_short_time() {
    let s = held();
    for at in 0..2_000 {
        fs::create_dir_all(s.path(&format!("stick/{at}/b"))).expect("a new folder");
    }
    let listed = disclosed(&s, &["--out", "stick"]);
    let more = listed["after"]["more"].as_u64().expect("a number");
    assert!(more >= 1_000, "{more}");
}

/// An error of the medium is no missing file.
#[test]
fn a_place_that_cannot_be_read_is_an_error() {
    let s = held();
    let list = s.path("station/outgoing/session-000001.jsonl");
    let text = fs::read_to_string(&list).expect("a list");
    fs::write(&list, text.replace("session-000001.summary", "stick.record/x")).expect("our own");
    fs::write(s.path("stick/stick.record"), "a file in the place of a folder").expect("new");
    s.airgap(&["session", "disclose", "--out", "stick"]).ends(1).says("stick.record");
    fs::write(&list, text.replace("\"bytes\"", "\"bites\"")).expect("our own");
    s.airgap(&["session", "disclose", "--out", "stick"]).ends(1).says("line 1 is damaged");
}

#[test]
fn before_a_session_no_file_is_forgotten_and_none_is_longer() {
    let s = Scenario::new();
    s.certify("alice").ok();
    s.certify("bob").ok();
    let before = disclosed(&s, &["--in", "stick"]);
    let stick = s.on_stick("");
    s.session().run().ok();
    let written = s.on_stick("");
    let listed = before["before"].as_array().expect("a list");
    for name in written.iter().filter(|name| !stick.contains(name)) {
        let of = |f: &&Value| f["name"].as_str().is_some_and(|n| format!("stick/{n}") == *name);
        let file = listed.iter().find(of).unwrap_or_else(|| panic!("{name} was not announced"));
        let size = fs::metadata(s.path(name)).expect("a file").len();
        match file["bytes"].as_u64() {
            Some(most) if name.ends_with(".response.json") => {
                assert!(size <= most && most <= size + 8, "{name}: {size} of {most}");
            }
            Some(most) => assert!(size <= most + 1_024, "{name}: {size} of {most}"),
            None => assert!(name.ends_with(".summary.txt"), "{name}"),
        }
    }
    let after = disclosed(&s, &["--out", "stick"]);
    for file in after["after"]["files"].as_array().expect("a list") {
        let announced = listed.iter().find(|f| f["name"] == file["name"]).expect("announced");
        let mut more = paths(file);
        more.retain(|p| !paths(announced).contains(p));
        assert!(more.is_empty(), "{more:?}");
    }
}

/// A file's fields take its bytes, all of them.
#[track_caller]
fn adds_up(file: &Value) {
    let fields = file["fields"].as_array().expect("a list");
    let sum: u64 = fields.iter().map(|field| field["bytes"].as_u64().expect("a number")).sum();
    assert!(fields.is_empty() || file["bytes"] == sum, "{sum} of {file}");
}

/// One answer is owed, one request waits, one is new, one asks for a user ID that is not there.
fn much_to_do() -> Scenario {
    let s = Scenario::new();
    s.certify("bob").ok();
    s.session().pin("654321").run().ends(5);
    s.clear_stick();
    s.certify("alice").ok();
    let request = s.on_stick(".request.asc")[0].clone();
    fs::create_dir(s.path(&request.replace(".request.asc", ".response.json"))).expect("in the way");
    s.session().answers("Later\nYes\n").run().ends(6);
    s.clear_stick();
    s.certify("dave").ok();
    let body = forge::body(&fs::read_to_string(s.request()).expect("a request"));
    s.clear_stick();
    let changed = body.replace("Dave", "Dora");
    assert_ne!(body, changed);
    let forged = forge::sign(&s.path("dave.key"), &changed, s.now());
    fs::write(s.path("stick/forged.request.asc"), forged).expect("a new file");
    fs::write(s.path("stick/none.request.asc"), "no request").expect("a new file");
    s.certify("carol").ok();
    s
}

#[test]
fn what_waits_at_the_station_is_announced_as_well() {
    let s = much_to_do();
    let run = s.airgap(&["session", "disclose", "--in", "stick"]).ok();
    run.says("is refused").says("answered again from the journal").says("nothing else");
    let before = disclosed(&s, &["--in", "stick"]);
    let listed = before["before"].as_array().expect("a list");
    listed.iter().for_each(adds_up);
    let stick = s.on_stick("");
    let run = s.session().run().ends(3).says("2 signed").says("1 answered again");
    run.says("2 refused").says("From here on this writes 2 answers, ");
    let (mut written, mut known) = (0, 0);
    for name in s.on_stick("").iter().filter(|name| !stick.contains(name)) {
        let of = |f: &&Value| f["name"].as_str().is_some_and(|n| format!("stick/{n}") == *name);
        let file = listed.iter().find(of).unwrap_or_else(|| panic!("{name} was not announced"));
        let size = fs::metadata(s.path(name)).expect("a file").len();
        if let Some(most) = file["bytes"].as_u64() {
            assert!(size <= most, "{name}: {size} of {most}");
            (written, known) = (written + size, known + most);
        }
    }
    assert!(written > 5_000 && written <= known && known <= written + 2_048, "{written} {known}");
}

#[test]
fn nothing_to_say_is_said() {
    let s = Scenario::new();
    s.airgap(&["session", "disclose", "--out", "stick"]).ends(1).says("no session handed anything");
    s.airgap(&["session", "disclose"]).ends(2).says("--in");
    s.airgap(&["session", "disclose", "--in", "gone"]).ends(1).says("gone");
}

/// Whatever the machine is called, and wherever its files are: none of it goes out.
#[test]
fn no_identifier_of_the_machine_leaves() {
    let s = held();
    s.airgap(&["journal", "export", "--output", "stick/journal.jsonl"]).ok();
    people::copy(&s.path("card"), &s.path("cards-folder-of-the-operator"));
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let mut needles = vec![
        read("/proc/sys/kernel/hostname"),
        read("/etc/machine-id"),
        read("/sys/class/dmi/id/product_uuid"),
        read("/sys/class/dmi/id/product_serial"),
        std::env::var("USER").unwrap_or_default(),
        s.root().display().to_string(),
    ];
    for entry in fs::read_dir("/sys/class/net").into_iter().flatten().flatten() {
        needles.push(read(&entry.path().join("address").display().to_string()));
    }
    needles.retain(|needle| needle.len() > 4 && needle != "00:00:00:00:00:00");
    assert!(needles.len() >= 2, "{needles:?}");
    let mut searched = 0;
    for name in s.on_stick("").into_iter().filter(|name| !name.ends_with(".request.asc")) {
        let text = fs::read_to_string(s.path(&name)).expect("a text");
        let path: PathBuf = s.path(&name);
        for needle in &needles {
            assert!(!text.contains(needle.as_str()), "{} holds {needle}", path.display());
        }
        searched += 1;
    }
    assert_eq!(searched, 5, "two answers, the record, the summary and the journal");
}
