//! Every command's help has an example, and every example is run, in the order of a ceremony.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use airgap::card::{Card, Delivery};
use airgap::master::{self, BackupPlan, Identity, Plan};
use countersign::time::Timestamp;
use countersign_practice_card::PracticeCard;
use countersign_tests::act::sign_elsewhere;
use countersign_tests::ceremony::Person;
use countersign_tests::people::{self, fingerprint};
use countersign_tests::run::run;
use countersign_tests::{PIN, Run, program};
use tempfile::TempDir;

/// The order in which the examples of both programs make sense.
const CEREMONY: &[&str] = &[
    "airgap master generate",
    "airgap card status",
    "countersign authority init",
    "countersign authority show",
    "airgap station init",
    "airgap station self-test",
    "airgap station report",
    "countersign request certify",
    "countersign request show",
    "airgap request review",
    "countersign qr show",
    "airgap qr scan",
    "airgap session run",
    "airgap qr show",
    "countersign qr scan",
    "countersign response verify",
    "countersign response install",
    "countersign developer list",
    "countersign developer show",
    "countersign developer export",
    "countersign module check",
    "countersign module sign",
    "countersign module verify",
    "countersign module explain",
    "countersign module package",
    "countersign module unpack",
    "countersign bundle block",
    "countersign bundle blocked",
    "countersign bundle unblock",
    "countersign bundle build",
    "airgap session run",
    "countersign response install",
    "countersign bundle verify",
    "countersign bundle show",
    "countersign bundle diff",
    "countersign bundle export",
    "countersign request module",
    "countersign rotation plan",
    "countersign rotation status",
    "countersign rotation invite",
    "countersign authority forecast",
    "countersign request recertify",
    "countersign request revoke",
    "airgap session rehearse",
    "airgap session run",
    "airgap session disclose",
    "countersign response install",
    "airgap station update",
    "countersign request cross-certify",
    "countersign request transition-statement",
    "countersign request renew-master",
    "countersign request revoke-key",
    "countersign request approve",
    "countersign request join",
    "countersign authority adopt",
    "countersign revocation drill",
    "countersign request prepare-revocation",
    "airgap session run",
    "countersign response install",
    "countersign revocation test",
    "countersign revocation open",
    "airgap session record",
    "airgap card pin",
    "airgap card touch",
    "airgap card reset-counter-baseline",
    "airgap card verify",
    "airgap card init",
    "airgap master restore",
    "airgap journal show",
    "airgap journal verify",
    "airgap journal export",
    "countersign journal install",
    "countersign journal verify",
    "countersign journal show",
];

fn help(command: &[&str]) -> String {
    let (name, rest) = command.split_first().expect("a program");
    run(Command::new(program(name)).args(rest).arg("--help"), "").ok().out
}

/// The subcommands that a help text lists.
fn subcommands(text: &str) -> Vec<String> {
    let section = text.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|l| l.starts_with("  "));
    let names = lines.filter(|l| !l.starts_with("   ")).filter_map(|l| l.split_whitespace().next());
    names.filter(|n| *n != "help").map(ToOwned::to_owned).collect()
}

/// Every command with its help: `airgap session run`.
fn commands() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for name in ["countersign", "airgap"] {
        for object in subcommands(&help(&[name])) {
            for verb in subcommands(&help(&[name, &object])) {
                found.insert(format!("{name} {object} {verb}"), help(&[name, &object, &verb]));
            }
        }
    }
    found
}

/// The example of a help text: its line, put together where it was wrapped.
fn example(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Example:\n")?;
    let lines = rest.lines().take_while(|l| !l.starts_with('(') && !l.trim().is_empty());
    Some(lines.map(str::trim).collect::<Vec<_>>().join(" "))
}

#[test]
fn every_command_has_an_example_of_itself() {
    let commands = commands();
    assert!(commands.len() >= 17, "{:?}", commands.keys());
    for (name, text) in &commands {
        let example = example(text).unwrap_or_else(|| panic!("{name} --help has no Example:"));
        assert!(example.starts_with(name.as_str()), "{name}: {example}");
        let tested = CEREMONY.contains(&name.as_str());
        assert!(tested, "{name} is not run by the test below");
    }
}

#[test]
fn every_command_explains_each_of_its_options() {
    for (name, text) in commands() {
        let options = text.split("\nOptions:\n").nth(1).unwrap_or_default();
        let options = options.split("\nExample:").next().unwrap_or_default();
        let mut lines = options.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.trim_start().starts_with('-') {
                continue;
            }
            let explained = line.trim().split("  ").count() > 1
                || lines.peek().is_some_and(|next| next.starts_with("          "));
            assert!(explained, "{name}: {line}");
        }
    }
}

#[test]
fn a_wrong_command_line_has_a_status_of_its_own() {
    for line in [&["airgap", "session", "sign"][..], &["countersign", "--colour"], &["airgap"]] {
        let run = run(Command::new(program(line[0])).args(&line[1..]), "").ends(2);
        run.says("Usage:");
    }
}

/// A folder as the examples expect it: both programs in PATH, Alice's and Maria's keys in gpg.
fn prepared() -> TempDir {
    let folder = TempDir::with_prefix("cs").expect("a folder");
    let kept = people::kept();
    people::copy(&kept.join("gnupg"), &folder.path().join("gnupg"));
    fs::copy(kept.join("maria.asc"), folder.path().join("maria.asc")).expect("a copy");
    fs::copy(kept.join("two.asc"), folder.path().join("new-master.asc")).expect("a copy");
    fs::write(folder.path().join("agreement.txt"), "I agree.\n").expect("a new file");
    for name in ["stick", "module", "blacklist", "packages", "unpacked", "old-keys", "scanned"] {
        fs::create_dir(folder.path().join(name)).expect("a new folder");
    }
    fs::copy(kept.join("maria.asc"), folder.path().join("old-keys/maria.asc")).expect("a copy");
    let xml = "<module><rawname>blacklist</rawname><version>17.0.3</version>\
               <license>GPLv3+</license></module>\n";
    fs::write(folder.path().join("blacklist/module.xml"), xml).expect("a new file");
    folder
}

/// A master of the record, by its place in the policy, where there is one.
fn nth_master(folder: &TempDir, place: usize) -> String {
    let policy = fs::read_to_string(folder.path().join("authority/policy.toml"));
    let policy = policy.unwrap_or_default();
    let master = policy.split("[[master]]").nth(place).unwrap_or_default();
    master.split('"').nth(3).unwrap_or_default().to_owned()
}

fn empty_stick(folder: &TempDir) {
    for entry in fs::read_dir(folder.path().join("stick")).expect("the stick").flatten() {
        let _ = fs::remove_file(entry.path());
    }
}

/// Makes Cora's key in gpg and names her as a custodian in the record.
fn name_custodian(folder: &TempDir) {
    let home = folder.path().join("gnupg");
    let make = ["--quick-generate-key", "Cora <cora@example.org>", "default", "default", "5y"];
    people::gpg(&home, &make).ok();
    let export = people::gpg(&home, &["--armor", "--export", "cora@example.org"]).ok().out;
    fs::write(folder.path().join("cora.asc"), export).expect("a new file");
    let key = people::find(&home, "cora@example.org");
    let path = folder.path().join("authority/policy.toml");
    let policy = fs::read_to_string(&path).expect("a policy");
    let custodian = format!("\n[[custodian]]\nname = \"Cora\"\nfingerprint = \"{key}\"\n");
    fs::write(path, policy + &custodian).expect("written");
}

/// Bob has to approve what is to be revoked, and a copy of the request goes elsewhere.
fn approver(folder: &TempDir) {
    let (bob, maria) = (fingerprint("bob"), fingerprint("maria"));
    let certificate = format!("authority/managers/{bob}.asc");
    fs::copy(people::kept().join("bob.asc"), folder.path().join(certificate)).expect("a copy");
    let path = folder.path().join("authority/policy.toml");
    let policy = fs::read_to_string(&path).expect("a policy");
    let more = format!(
        "\n[[manager]]\nname = \"bob\"\nfingerprint = \"{bob}\"\nmay_request = []\n\n\
         [approval.revoke-key]\napprovals = 2\nby = [\"{maria}\", \"{bob}\"]\n"
    );
    fs::write(path, policy + &more).expect("written");
    fs::create_dir(folder.path().join("copies")).expect("a new folder");
    for entry in fs::read_dir(folder.path().join("stick")).expect("the stick").flatten() {
        if entry.file_name().to_string_lossy().starts_with("revoke-key-") {
            let copy = folder.path().join("copies").join(entry.file_name());
            fs::copy(entry.path(), copy).expect("a copy");
        }
    }
}

/// A courier carries the record to the station.
fn carry(folder: &TempDir) {
    people::copy(&folder.path().join("authority"), &folder.path().join("stick/authority"));
}

/// Types an example into a shell; whatever is asked for is answered.
fn type_in(folder: &TempDir, line: &str) -> Run {
    type_in_with(folder, line, &"Yes\n".repeat(10))
}

/// Types back what stops, as the question has it.
fn confirm(folder: &TempDir, line: &str) -> Run {
    let asked = type_in(folder, line).ends(3);
    let (_, rest) = asked.err.split_once("in clear (").expect("a question");
    let (effect, _) = rest.split_once(')').expect("an effect");
    type_in_with(folder, line, &format!("{effect}\n"))
}

fn type_in_with(folder: &TempDir, line: &str, input: &str) -> Run {
    let pins = folder.path().join("pins");
    let admin_first = ["airgap card pin", "airgap card touch"].iter().any(|c| line.starts_with(c));
    let lines = match admin_first {
        true => format!("48291675\n{PIN}\n"),
        // Its practice card has a PIN of its own.
        false if line.starts_with("airgap session rehearse") => "rehearse\n".to_owned(),
        false => format!("{PIN}\n48291675\n"),
    };
    fs::write(&pins, lines).expect("a new file");
    let line = line.replace("ALICE", &fingerprint("alice"));
    let line = line.replace("OLD", &nth_master(folder, 1)).replace("NEW", &nth_master(folder, 2));
    let pin = if line.starts_with("airgap ") { " --pin-fd 3" } else { "" };
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 3<pins; {line}{pin}")]).current_dir(folder.path());
    let programs = countersign_tests::run::built_in();
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", programs.display()));
    shell.env("GNUPGHOME", folder.path().join("gnupg"));
    shell.env_remove("COUNTERSIGN_AUTHORITY").env_remove("AIRGAP_STATION");
    let words = fs::read_to_string(folder.path().join("words")).unwrap_or_default();
    let restores = line.starts_with("airgap master restore");
    run(&shell, if restores { &words } else { input })
}

/// A master on two cards, with a backup whose words are in the file `words`.
fn back_up(folder: &TempDir) {
    let identity = Identity { user_id: "B <b@example.org>".into(), expires: None };
    let created = Timestamp::parse("2026-11-22").expect("a date");
    let backup = BackupPlan { file: folder.path().join("backup.asc"), split: None };
    let (copies, delivery, backup) = (2, Delivery::Fresh, Some(backup));
    let plan = Plan { identity, created, copies, delivery, backup };
    let mut person = Person::new(PIN, "48291675");
    let card = |number: usize| {
        let card = PracticeCard::open(&folder.path().join(format!("copy-{number}")));
        Card::over(Box::new(card.expect("a card")))
    };
    master::run(&plan, &mut person, card).expect("a master");
    fs::write(folder.path().join("words"), &person.sheets[0]).expect("a new file");
}

/// The power went while the card signed the last record.
fn cut_off_record(folder: &TempDir) {
    let journal = folder.path().join("station/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let announced = text.rfind("\"record-announced\"").expect("a record");
    let end = announced + text[announced..].find('\n').expect("a whole line") + 1;
    fs::write(journal, &text[..end]).expect("written");
    let names = fs::read_dir(folder.path().join("stick")).expect("the stick").flatten();
    let records = names.map(|e| e.path()).filter(|p| p.to_string_lossy().ends_with(".record.asc"));
    fs::remove_file(records.max().expect("the record")).expect("our own file");
}

#[test]
fn every_example_does_what_it_says() {
    let examples: BTreeMap<String, String> =
        commands().into_iter().filter_map(|(name, text)| Some((name, example(&text)?))).collect();
    let folder = prepared();
    for name in CEREMONY {
        let line = examples.get(*name).unwrap_or_else(|| panic!("{name} has no example"));
        match *name {
            "airgap station init" => carry(&folder),
            "airgap card reset-counter-baseline" => sign_elsewhere(&folder.path().join("card")),
            "airgap master restore" => back_up(&folder),
            "airgap session record" => cut_off_record(&folder),
            "airgap station update" => {
                name_custodian(&folder);
                carry(&folder);
            }
            "countersign request approve" => approver(&folder),
            // What was asked of the masters before waits for other cards.
            "countersign request prepare-revocation" => empty_stick(&folder),
            _ => {}
        }
        if *name == "countersign request revoke" {
            // Of one second there is one decision; and a stick goes home empty.
            std::thread::sleep(std::time::Duration::from_millis(1_100));
            empty_stick(&folder);
            fs::remove_dir_all(folder.path().join("stick/recertify")).expect("the batch");
        }
        match *name {
            "countersign revocation open" => confirm(&folder, line).ok(),
            _ => type_in(&folder, line).ok(),
        };
    }
    let shown = type_in(&folder, "countersign developer show ALICE").ok();
    shown.says("revoked");
    let exported = format!("module/signatures/{}.key", &fingerprint("alice")[24..]);
    assert!(folder.path().join(exported).exists());
    people::kill_agent(&folder.path().join("gnupg"));
}
