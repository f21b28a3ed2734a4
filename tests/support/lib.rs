//! What the end-to-end tests share.

pub mod consumer;
pub mod flood;
pub mod forge;
pub mod people;
pub mod run;
pub mod scenario;
pub mod station;
pub mod virtual_reader;

use std::path::PathBuf;

pub use consumer::Consumer;
pub use people::PIN;
pub use run::Run;
pub use scenario::{Scenario, Watch};

/// One of the two programs, as `cargo build --workspace` left it beside the tests.
///
/// # Panics
/// Where it was not built.
pub fn program(name: &str) -> PathBuf {
    let path = run::built_in().join(name);
    assert!(path.exists(), "{} is not built: run scripts/test", path.display());
    path
}
