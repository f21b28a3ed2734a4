//! What the end-to-end tests share.

pub mod flood;
pub mod station;
pub mod virtual_reader;

use std::path::PathBuf;

/// One of the two programs, as `cargo build --workspace` left it beside the tests.
///
/// # Panics
/// Where it was not built.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("target/debug/deps");
    let path = folder.join(name);
    assert!(path.exists(), "{} is not built: run scripts/test", path.display());
    path
}
