//! Ctrl-C in a session: a word on what waits, and the terminal as it was.
#![allow(missing_docs)]

use std::fs;

use countersign_tests::terminal::{Pane, has};
use countersign_tests::{Scenario, program};

/// A terminal in which a session is run.
fn at_a_terminal(s: &Scenario) -> Pane<'_> {
    let airgap = program("airgap");
    let line = format!(
        "{} session run --practice-card card --in stick --out stick --time {} ; echo ended $?",
        airgap.display(),
        s.now()
    );
    Pane::run(s.root(), (160, 60), &line)
}

#[test]
fn who_interrupts_a_session_is_told_what_waits() {
    if !has("tmux") {
        return;
    }
    let s = Scenario::new();
    s.certify("alice").ok();
    for at_the_pin in [false, true] {
        let before = s.watch();
        let pane = at_a_terminal(&s);
        pane.shows("Type Yes to consent");
        if at_the_pin {
            pane.press(&["Yes", "Enter"]);
            pane.shows("PIN (3 tries left): ");
        }
        pane.press(&["C-c"]);
        let screen = pane.end();
        assert!(screen.contains("interrupted: what was consented to waits"), "{screen}");
        assert!(screen.contains("ended 130"), "{screen}");
        let modes = |name: &str| fs::read(s.path(name)).expect("the terminal's modes");
        assert_eq!(modes("before"), modes("after"));
        s.nothing_signed_since(&before);
    }
    s.session().run().ok().says("1 signed");
}
