//! Bad input on a stick, and the assertion that nothing came of it.

use std::fs;

use crate::scenario::Session;
use crate::{Run, Scenario, forge};

/// A session that signs nothing, and leaves no answer with a signature.
#[track_caller]
pub fn signs_nothing(s: &Scenario) -> Run {
    session_signs_nothing(s, s.session())
}

/// The same for a session in which something is not as usual.
#[track_caller]
pub fn session_signs_nothing(s: &Scenario, session: Session<'_>) -> Run {
    let before = s.watch();
    let run = session.run();
    s.nothing_signed_since(&before);
    run
}

/// A scenario with Bob's request on the stick.
pub fn asked() -> Scenario {
    let s = Scenario::new();
    s.certify("bob").ok();
    s
}

/// A request by Bob, as text; the stick is empty again.
pub fn request(s: &Scenario) -> String {
    s.certify("bob").ok();
    let text = fs::read_to_string(s.request()).expect("a request");
    s.clear_stick();
    text
}

/// Puts a file on the stick.
pub fn put(s: &Scenario, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(s.path("stick").join(name), bytes).expect("a writable stick");
}

/// A scenario with Bob's request, its body changed and signed again by Bob.
pub fn with_changed_body(change: impl Fn(&str) -> String) -> Scenario {
    let s = Scenario::new();
    let text = request(&s);
    let body = forge::body(&text);
    let changed = change(&body);
    assert_ne!(body, changed);
    put(&s, "x.request.asc", forge::sign(&s.path("bob.key"), &changed, s.now()));
    s
}
