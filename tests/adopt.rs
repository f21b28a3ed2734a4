//! Taking over a project that has a keyring and no record: what is reported is what gpg says.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use countersign_tests::modules::{freepbx, is_modelled};
use countersign_tests::people::{self, gpg, kill_agent, new_home};
use countersign_tests::run::run;
use countersign_tests::signers::World;
use countersign_tests::{Run, program};
use serde_json::Value;
use tempfile::TempDir;

const OLD: &str = "2016349F5BC6F49340FCCAF99F9169F4B33B4659";
const NEW: &str = "0BDE0BFA09946D732091E26E1588A7366BD35B34";
const MIRROR: &str = "456D051E9204C27C37D4811BB53D215A755231A3";
const EARLY_MIRRORS: [&str; 2] =
    ["072410D159E9DA63A459AB203DDB2122FE6D84F7", "1013D73FECAC918A0A25823986CE877469D2EAD9"];

fn adopt(keyring: &Path, time: &str, more: &[&str]) -> Run {
    let mut command = Command::new(program("countersign"));
    command.args(["authority", "adopt", "--keyring"]).arg(keyring).args(["--time", time]);
    command.args(more).env_remove("COUNTERSIGN_AUTHORITY");
    run(&command, "")
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.told()))
}

fn gpg_version() -> String {
    let text = run(Command::new("gpg").arg("--version"), "").ok().out;
    text.lines().next().unwrap_or_default().to_owned()
}

/// What gpg itself says of each key of a home: its validity, and the good signatures by others on
/// it, as key id and time.
fn told(home: &Path, time: &str) -> BTreeMap<String, (String, Vec<(String, i64)>)> {
    let ask = ["--faked-system-time", time, "--with-colons"];
    gpg(home, &[&ask[..2], &["--check-trustdb"]].concat());
    let listing = gpg(home, &[&ask[..], &["--check-sigs"]].concat()).out;
    let mut all = BTreeMap::new();
    let (mut validity, mut key, mut fresh) = (String::new(), String::new(), false);
    for line in listing.lines() {
        let field: Vec<&str> = line.split(':').collect();
        match field[0] {
            "pub" => (validity, fresh) = (field[1].to_owned(), true),
            "fpr" if fresh => {
                fresh = false;
                field[9].clone_into(&mut key);
                all.insert(key.clone(), (validity.clone(), Vec::new()));
            }
            "sig" if field[1] == "!" && !key.ends_with(field[4]) => {
                let made = field[5].parse().expect("a time");
                all.get_mut(&key).expect("its key").1.push((field[4].to_owned(), made));
            }
            _ => {}
        }
    }
    all.values_mut().for_each(|(_, signatures)| signatures.sort());
    all
}

/// The report against gpg: the same validity, the same certifications believed, and a key is
/// valid just where one of its certifications is said to count.
#[track_caller]
fn agrees_with_gpg(report: &Value, home: &Path, time: &str) {
    if !is_modelled(&gpg_version(), "2.2.") {
        return;
    }
    let told = told(home, time);
    let keys = report["keys"].as_array().expect("keys");
    assert_eq!(told.len(), keys.len());
    for key in keys {
        let name = key["key"].as_str().expect("a fingerprint");
        let (validity, believed) = &told[name];
        let word = match validity.as_str() {
            "u" | "f" => "valid",
            "m" => "partly valid",
            "e" => "expired",
            "r" => "revoked",
            _ => "not valid",
        };
        assert_eq!(key["gpg"], word, "{name}: {validity}");
        let said: Vec<&Value> = key["said"].as_array().expect("a list").iter().collect();
        if key["standing"] != "master" {
            let counts = said.iter().any(|s| s["for_gpg"] == true && s["amount"] != 1);
            assert_eq!(counts, word == "valid", "{name}: {key}");
        }
        let sound = |s: &&&Value| {
            let text = s["lapse"].as_str().unwrap_or_default();
            s["revokes"] == false && !text.contains("nobody believes")
        };
        let mut ours: Vec<(String, i64)> = said
            .iter()
            .filter(sound)
            .map(|s| {
                let by = s["by"].as_str().expect("a fingerprint")[24..].to_owned();
                let made: countersign::time::Timestamp =
                    serde_json::from_value(s["made"].clone()).expect("a time");
                (by, i64::from(made.unix()))
            })
            .collect();
        ours.sort();
        let matters = |by: &String| {
            let keys = keys.iter().flat_map(|k| k["said"].as_array().expect("a list"));
            keys.filter_map(|s| s["by"].as_str()).any(|key| key.ends_with(by.as_str()))
        };
        let believed: Vec<_> = believed.iter().filter(|(by, _)| matters(by)).cloned().collect();
        assert_eq!(ours, believed, "{name}");
    }
}

#[test]
fn the_real_keys() {
    let Some(folder) = freepbx() else { return };
    let keys = folder.join("keys");
    let time = "2026-11-22T00:00:00Z";
    adopt(&keys, time, &[])
        .ok()
        .says("8 keys in the keyring")
        .says("certified 3 others")
        .says(&format!("--master {OLD} {NEW}"));
    let masters = ["--master", OLD, NEW];
    let report = json(&adopt(&keys, time, &[&masters[..], &["--json"]].concat()).ok());
    let campaign = &report["campaign"];
    assert_eq!(campaign["done"], serde_json::json!([MIRROR]));
    let first: Vec<&str> = campaign["first"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|f| f["key"].as_str())
        .collect();
    assert_eq!(first, EARLY_MIRRORS);
    assert_eq!(campaign["losses"][0]["master"], OLD);
    let [by_name_last, by_name_first] = EARLY_MIRRORS;
    let lost = serde_json::json!([by_name_first, by_name_last]);
    assert_eq!(campaign["losses"][0]["keys"], lost);
    assert_eq!(campaign["masters"][0], serde_json::json!({ "master": OLD, "renew": true }));

    let home = TempDir::with_prefix("cs").expect("a home");
    new_home(home.path());
    for entry in fs::read_dir(&keys).expect("the keys").flatten() {
        gpg(home.path(), &["--import", &entry.path().display().to_string()]);
    }
    let trust = home.path().join("trust");
    fs::write(&trust, format!("{OLD}:6:\n{NEW}:6:\n")).expect("written");
    gpg(home.path(), &["--import-ownertrust", &trust.display().to_string()]).ok();
    agrees_with_gpg(&report, home.path(), "20261122T000000!");
    kill_agent(home.path());

    let words = adopt(&keys, time, &masters).ok();
    words
        .says("counts for nobody: certification of 2019-12-19 over a digest that nobody believes")
        .says("not strictly: SHA-1 of before 2019-01-19")
        .says("trust signature: depth 1, amount 60 of 120")
        .says("rests on SHA1")
        .says(&format!("if the master {OLD} were retired today: 2 developers"))
        .says("by keys that are not here");
    // Whoever accepts the old ones loses them with the old master too.
    let accepted = [&masters[..], &["--accept-weak-chains", "--json"]].concat();
    let report = json(&adopt(&keys, time, &accepted).ok());
    assert_eq!(report["campaign"]["losses"][0]["developers_stop"], 2);
}

/// Masters `one` and `two`, an elliptic `curve`, and people in every state.
fn world() -> (World, TempDir) {
    let mut world = World::new();
    for name in ["left", "gone", "ended", "friend", "weak", "nobody", "gave"] {
        world.person(name, "ed25519", "never");
    }
    world.person("intro", "rsa2048", "never");
    world.person("curve", "ed25519", "never");
    for master in ["one", "two"] {
        world.certify(master, "dev", 10, &[], &[]);
        world.certify(master, "gone", 10, &[], &[]);
        world.revoke(master, "gone", 20, &["y"], &[]);
    }
    world.certify("one", "left", 10, &[], &[]);
    world.certify("one", "ended", 10, &["--default-cert-expire", "5d"], &[]);
    world.certify(
        "two",
        "weak",
        10,
        &["--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"],
        &[],
    );
    world.certify("one", "gave", 10, &[], &[]);
    world.revoke_key("gave", 15, "3");
    world.appoint("one", "intro", 10, "2");
    world.certify("intro", "friend", 12, &[], &[]);
    world.certify("curve", "left", 12, &[], &[]);
    let keys = TempDir::with_prefix("cs").expect("a folder");
    for name in EVERYBODY.iter().chain(&["one", "two"]) {
        fs::write(keys.path().join(format!("{name}.asc")), world.public(name)).expect("written");
    }
    (world, keys)
}

const EVERYBODY: [&str; 10] =
    ["dev", "left", "gone", "ended", "friend", "weak", "nobody", "gave", "intro", "curve"];

fn masters(world: &World) -> [String; 3] {
    ["--master".to_owned(), world.fingerprint("one"), world.fingerprint("two")]
}

#[test]
fn made_keys_in_every_state() {
    let (world, keys) = world();
    let time = world.day(30).to_string();
    let proposed = json(&adopt(keys.path(), &time, &["--json"]).ok());
    let against = |name: &str| {
        let all = proposed["proposed"].as_array().expect("a list");
        let one = all.iter().find(|p| p["key"] == world.fingerprint(name)).expect("proposed");
        one["against"].clone()
    };
    assert_eq!((against("one"), against("two")), (Value::Null, Value::Null));
    assert!(against("curve").as_str().is_some_and(|a| a.contains("not RSA")));
    assert!(against("intro").as_str().is_some_and(|a| a.contains("introducer")));

    let masters = masters(&world);
    let masters: Vec<&str> = masters.iter().map(String::as_str).collect();
    let report = json(&adopt(keys.path(), &time, &[&masters[..], &["--json"]].concat()).ok());
    let home = world.pbx(&EVERYBODY, 30);
    agrees_with_gpg(&report, &home, &format!("{}!", world.day(30).unix()));
    kill_agent(&home);

    let campaign = &report["campaign"];
    let names = |list: &Value| -> Vec<String> {
        let keys = list.as_array().expect("a list").iter();
        let keys = keys.map(|k| k.as_str().or(k["key"].as_str()).expect("a key").to_owned());
        let name = |key: String| EVERYBODY.iter().find(|n| world.fingerprint(n) == key);
        let mut names: Vec<String> = keys.filter_map(|k| Some((*name(k)?).to_owned())).collect();
        names.sort();
        names
    };
    assert_eq!(names(&campaign["done"]), ["dev"]);
    assert_eq!(names(&campaign["ready"]), ["friend", "intro", "left"]);
    assert_eq!(names(&campaign["gone"]), ["ended", "gave", "gone", "weak"]);
    // Whom the introducer vouches for goes with the introducer's appointment.
    assert_eq!(names(&campaign["losses"][0]["keys"]), ["friend", "intro", "left"]);
    let gone: &Value = report["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|k| k["key"] == world.fingerprint("gone"))
        .expect("there");
    assert_eq!((&gone["freepbx"], &gone["good"]), (&Value::from(64), &Value::from(false)));
}

#[test]
fn a_record_is_written_whole_or_not_at_all() {
    let (world, keys) = world();
    let time = world.day(30).to_string();
    let folder = TempDir::with_prefix("cs").expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("agreement.txt"), "I agree.\n").expect("written");
    let masters = masters(&world);
    let maria = people::kept().join("maria.asc").display().to_string();
    let (output, agreement) = (path("record"), path("agreement.txt"));
    let rest = [
        "--output",
        &output,
        "--name",
        "Taken over",
        "--domain",
        "example.org",
        "--agreement",
        &agreement,
        "--manager",
        &maria,
    ];
    let write = |masters: &[&str]| adopt(keys.path(), &time, &[masters, &rest].concat());
    let curve = world.fingerprint("curve");
    write(&["--master", &curve]).ends(3).says("it must be RSA");
    write(&["--master", OLD]).ends(3).says("holds no certificate of");
    adopt(keys.path(), &time, &rest[..2]).ends(2);
    assert!(!Path::new(&output).exists(), "nothing was written");

    let masters: Vec<&str> = masters.iter().map(String::as_str).collect();
    write(&masters).ok().says("with 2 masters and 8 developers");
    write(&masters).ends(1).says("exists");
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(program("countersign"));
        command.args(arguments).args(["--authority", &output, "--time", &time]);
        run(&command, "").ok()
    };
    ask(&["authority", "show"]).says("Taken over").says("developers on record: 8");
    let left = world.fingerprint("left");
    ask(&["developer", "show", &left]).says("certified").says("not certified");
    let record = fs::read(Path::new(&output).join("developers").join(format!("{left}.asc")));
    let record = record.expect("a developer");
    assert!(record.len() < world.public("left").len(), "nobody's word but the masters' is kept");
    let policy = fs::read_to_string(Path::new(&output).join("policy.toml")).expect("a policy");
    assert!(policy.contains(&world.fingerprint("intro")), "the introducer may be one again");
    assert!(!policy.contains(&world.fingerprint("friend")));
    let nobody = format!("developers/{}.asc", world.fingerprint("nobody"));
    assert!(!Path::new(&output).join(nobody).exists());
    // The record is good enough to be drilled on.
    ask(&["revocation", "drill", "--master", masters[1]]).says("3 developers, 0 modules");
}

#[test]
fn bad_files_are_named_and_the_rest_is_used() {
    let (world, keys) = world();
    fs::write(keys.path().join("cut.asc"), &world.public("dev")[..200]).expect("written");
    fs::write(keys.path().join("text.asc"), "not a key").expect("written");
    fs::write(keys.path().join("secret.asc"), world.secret("dev")).expect("written");
    let run = adopt(keys.path(), &world.day(30).to_string(), &[]).ok();
    for name in ["cut.asc", "text.asc", "secret.asc"] {
        assert!(run.err.contains(&format!("note: {name} is left out")), "{}", run.told());
    }
    run.says("12 keys in the keyring");
    let empty = TempDir::with_prefix("cs").expect("a folder");
    adopt(empty.path(), "2026-11-22", &[]).ends(1).says("holds no certificate");
}
