//! Every claim of docs/assurance.md names tests that exist, and every rule has its cases.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::program;
use countersign_tests::run::run;

/// A claim as the document has it.
struct Claim<'a> {
    title: &'a str,
    text: &'a str,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn claims(document: &str) -> Vec<Claim<'_>> {
    let sections = document.split("\n## ").skip(1).filter_map(|s| s.split_once('\n'));
    sections.map(|(title, text)| Claim { title: title.trim(), text }).collect()
}

/// The tests that a claim names: file and function.
fn evidence<'a>(claim: &Claim<'a>) -> Vec<(&'a str, &'a str)> {
    let (_, list) = claim.text.split_once("**Evidence.**").unwrap_or_default();
    let lines = list.lines().filter_map(|line| line.strip_prefix("- `")?.split_once("`: "));
    let tests = lines.flat_map(|(file, names)| names.split(", ").map(move |name| (file, name)));
    tests.map(|(file, name)| (file, name.trim_matches('`'))).collect()
}

/// Whether `source` has a test of this name: a function right under `#[test]` and its like.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let begins =
        |line: &str| line.strip_prefix("fn ").is_some_and(|f| f.starts_with(&format!("{name}(")));
    lines.iter().enumerate().filter(|(_, line)| begins(line)).any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|l| l.starts_with('#'));
        above.into_iter().any(|l| *l == "#[test]")
    })
}

/// What a document of claims lacks. `source` reads a file of the project; none where it is not.
fn lacks(document: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut lacks = Vec::new();
    for claim in claims(document) {
        let tests = evidence(&claim);
        for part in ["**Claim.**", "**Argument.**", "**Taken for granted.**", "**Against.**"] {
            if !claim.text.contains(part) {
                lacks.push(format!("{}: no {part}", claim.title));
            }
        }
        if tests.is_empty() {
            lacks.push(format!("{}: no test", claim.title));
        }
        for (file, name) in tests {
            if !source(file).is_some_and(|text| has_test(&text, name)) {
                lacks.push(format!("{}: no test {name} in {file}", claim.title));
            }
        }
    }
    lacks
}

#[test]
fn every_claim_has_tests_that_exist() {
    let document = read("docs/assurance.md");
    assert!(claims(&document).len() >= 12);
    let source = |file: &str| fs::read_to_string(root().join(file)).ok();
    assert_eq!(lacks(&document, source), [""; 0]);
}

#[test]
fn a_claim_without_a_test_would_be_noticed() {
    let document = "\n## Nothing fails\n\n**Claim.** A\n**Argument.** B\n**Taken for granted.** C\n\
                    **Against.** D\n\n**Evidence.**\n\n- `tests/a.rs`: `one`, `two`\n";
    let source = "#[test]\n#[cfg(unix)]\nfn one() {\n}\nfn two() {\n}\n";
    let have = |text: &'static str| move |_: &str| Some(text.to_owned());
    assert_eq!(lacks(document, have(source)), ["Nothing fails: no test two in tests/a.rs"]);
    assert_eq!(lacks(document, have("")).len(), 2);
    assert_eq!(lacks(document, |_: &str| None).len(), 2);
    let without = document.replace("- `tests", "`tests").replace("**Argument.**", "");
    let lacking = lacks(&without, have(source));
    assert_eq!(lacking, ["Nothing fails: no **Argument.**", "Nothing fails: no test"]);
}

#[test]
fn every_rule_has_a_case_that_holds_and_one_that_breaks() {
    let source = read("src/policy/rules/tests/mod.rs");
    let (_, table) = source.split_once("\nrules! {\n").expect("the table of cases");
    let (table, _) = table.split_once("\n}\n").expect("its end");
    let rules = run(Command::new(program("countersign")).args(["generate", "rules"]), "").ok();
    let names: Vec<&str> = rules.out.lines().filter_map(|l| Some(l.split_once(": ")?.0)).collect();
    assert!(names.len() > 40);
    for name in names {
        let case =
            table.lines().any(|l| l.split_whitespace().nth(1) == Some(&format!("\"{name}\"")));
        assert!(case, "{name} has no case in src/policy/rules/tests/mod.rs");
    }
    assert!(has_test(&source, "holds") && has_test(&source, "breaks"), "what the table makes");
}

#[test]
fn what_others_say_of_the_station_is_claimed() {
    let (assurance, readme) = (read("docs/assurance.md"), read("README.md"));
    let (_, section) = readme.split_once("## What makes the station checkable").expect("a section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    let leads = section.lines().filter_map(|l| Some(l.strip_prefix("- **")?.split_once(".**")?.0));
    let titles: Vec<&str> = claims(&assurance).iter().map(|c| c.title).collect();
    let leads: Vec<&str> = leads.collect();
    assert!(leads.len() >= 6, "{leads:?}");
    for lead in leads {
        assert!(titles.contains(&lead), "the README says {lead:?}: no claim in docs/assurance.md");
    }
    let model = read("docs/threat-model.md");
    let (_, actors) = model.split_once("\n## Actors\n").expect("the actors");
    let (actors, _) = actors.split_once("\n## ").expect("their end");
    for actor in actors.lines().filter_map(|l| l.strip_prefix("### ")) {
        let named = assurance.contains(&format!("[{actor}](threat-model.md#"));
        assert!(named, "no claim is against {actor:?}");
    }
}
