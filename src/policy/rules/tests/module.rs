//! Modules, in more ways than one.

use super::*;

#[test]
fn a_list_without_its_files_is_said_in_capitals_where_policy_lets_it_through() {
    let mut case = Case::sign_module();
    case.evidence.files = Files::Absent;
    case.policy.modules.list_only = ListOnly::Warn;
    let Verdict::Warns(text) = case.verdict("module-files") else { panic!("no warning") };
    assert!(text.contains("ONLY THE LIST CAME"), "{text}");
}

#[test]
fn a_list_in_another_spelling_is_refused() {
    let mut case = Case::sign_module();
    let Operation::SignModule(asked) = &mut case.operation else { panic!("not a module") };
    let joined = format!("{}\n{}", asked.list[0], asked.list[1]);
    asked.list.splice(..2, [joined]);
    assert!(asked.manifest().is_ok(), "the text is the same");
    assert!(matches!(case.verdict("module-list"), Verdict::Broken { .. }));
}

#[test]
fn files_that_are_not_as_listed_are_refused_each_with_its_name() {
    let state = |state| vec![("module.xml".to_owned(), state)];
    let altered = FileState::Altered { actual: Sha256::ZERO };
    let unreadable = FileState::Unreadable { reason: "permission denied".into() };
    for (listed, unlisted, word) in [
        (state(altered), vec![], "other content"),
        (state(FileState::Missing), vec![], "missing"),
        (state(FileState::SameOutside), vec![], "link"),
        (state(unreadable), vec![], "permission denied"),
        (state(FileState::Same), vec!["back.php".to_owned()], "back.php"),
    ] {
        let mut case = Case::sign_module();
        case.evidence.files = Files::Hashed(Comparison { listed, unlisted });
        let Verdict::Broken { reason, .. } = case.verdict("module-files") else {
            panic!("{word} is not refused")
        };
        assert!(reason.contains(word), "{reason}");
    }
}

#[test]
fn what_changed_since_the_last_list_is_shown() {
    let mut case = Case::sign_module();
    let previous = case.list.clone();
    case.history.decisions.push(Decision {
        request: RequestId(Sha256::ZERO),
        master: case.master,
        created: BORN.after(DAY),
        kind: Kind::SignedModule,
        names: Vec::new(),
    });
    case.relist(|list| {
        list.entries = vec![Entry { path: "new.php".into(), sha256: Sha256::of("y") }];
    });
    case.evidence.previous = Some(previous);
    let Verdict::Warns(text) = case.verdict("module-changes") else { panic!("no warning") };
    assert!(text.contains("1 file added, 1 removed, 0 changed"), "{text}");
}
