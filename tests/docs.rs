//! What is written in docs/ is what the programs do.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::program;
use countersign_tests::run::run;

/// A file or folder of the documentation.
fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

#[test]
fn every_rule_and_no_other_is_explained_in_the_policy_document() {
    let path = document("policy.md");
    let text = fs::read_to_string(path).expect("a text");
    let mut explained: Vec<String> = text
        .lines()
        .filter_map(|l| l.strip_prefix("### "))
        .map(|l| l.trim().trim_matches('`').to_owned())
        .collect();
    let rules = run(Command::new(program("countersign")).args(["generate", "rules"]), "").ok();
    let mut rules: Vec<String> =
        rules.out.lines().filter_map(|l| Some(l.split_once(": ")?.0.to_owned())).collect();
    assert!(rules.len() > 20);
    explained.sort();
    rules.sort();
    assert_eq!(explained, rules);
}

#[test]
fn the_schemas_are_the_programs_own() {
    let folder = document("schema");
    let fresh = tempfile::tempdir().expect("a folder");
    let mut generate = Command::new(program("countersign"));
    generate.args(["generate", "schema"]).arg(fresh.path());
    run(&generate, "").ok();
    let read = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
        let mut files: Vec<_> = entries
            .map(|e| (e.file_name(), fs::read_to_string(e.path()).expect("a text")))
            .collect();
        files.sort();
        files
    };
    let (written, fresh) = (read(&folder), read(fresh.path()));
    assert!(!fresh.is_empty());
    assert!(written == fresh, "docs/schema is old: countersign generate schema docs/schema");
}

#[test]
fn manual_pages_and_completions_are_made_for_both_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, page) in [("countersign", "request-certify"), ("airgap", "session-run")] {
        for what in ["man", "completions"] {
            let mut command = Command::new(program(name));
            run(command.args(["generate", what]).arg(folder.path()), "").ok();
        }
        let page = fs::read_to_string(folder.path().join(format!("{name}-{page}.1")));
        assert!(page.expect("a manual page").contains("Example:"));
        for shell in [format!("{name}.bash"), format!("_{name}"), format!("{name}.fish")] {
            let text = fs::read_to_string(folder.path().join(shell)).expect("completions");
            assert!(text.contains(name));
        }
    }
}
