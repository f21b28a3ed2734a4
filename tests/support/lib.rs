//! What the end-to-end tests share.

pub mod act;
pub mod bad;
pub mod bundles;
pub mod campaign;
pub mod ceremony;
pub mod consumer;
pub mod custodians;
pub mod custody;
pub mod elgamal;
pub mod failing;
pub mod flood;
pub mod forge;
pub mod history;
pub mod killed;
pub mod modules;
pub mod namespace;
pub mod people;
pub mod photo;
pub mod pictures;
pub mod pin_pad;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod signers;
pub mod station;
pub mod strace;
pub mod table;
pub mod terminal;
pub mod traces;
pub mod verdicts;
pub mod virtual_reader;
pub mod workshop;

use std::cell::Cell;
use std::path::PathBuf;

pub use consumer::Consumer;
pub use people::PIN;
pub use run::Run;
pub use scenario::{Scenario, Watch};
pub use workshop::Workshop;

/// Says that a test passes over something, on the screen and to `scripts/test`, which counts it; once for each test.
pub fn skip(what: &str) {
    thread_local!(static SAID: Cell<bool> = const { Cell::new(false) });
    eprintln!("skipped: {what}");
    if SAID.replace(true) {
        return;
    }
    let Some(path) = std::env::var_os("COUNTERSIGN_SKIPPED") else { return };
    let line = format!("{what}\n");
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut f| std::io::Write::write_all(&mut f, line.as_bytes())).expect("noted");
}

/// One of the two programs, as `cargo build --workspace` left it beside the tests.
///
/// # Panics
/// Where it was not built.
pub fn program(name: &str) -> PathBuf {
    let path = run::built_in().join(name);
    assert!(path.exists(), "{} is not built: run scripts/test", path.display());
    path
}
