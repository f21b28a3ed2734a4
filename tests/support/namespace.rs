//! Mount namespaces, in which tests may mount without touching the machine.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// Two ways in for `unshare`: as anybody, and as root where user namespaces are forbidden.
const WAYS: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];

/// Set for a test that runs in a namespace.
const INSIDE: &str = "COUNTERSIGN_IN_NAMESPACE";

/// The options of `unshare` that are allowed here.
pub fn way() -> Option<&'static [&'static str]> {
    let allowed = |options: &&&[&str]| {
        let mut command = Command::new("unshare");
        command.args(**options).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    WAYS.iter().find(allowed).copied()
}

/// Runs the calling test, which takes root, once more as root of a user namespace. It is passed over where that is
/// forbidden.
///
/// # Panics
/// Where it fails there.
pub fn run_this_test_inside() {
    assert!(env::var_os(INSIDE).is_none(), "a namespace of its own is not enough");
    let Some(way) = way() else {
        crate::skip("it takes root or user namespaces");
        return;
    };
    let thread = thread::current();
    let test = thread.name().expect("a test's thread has its name");
    let output = Command::new("unshare")
        .args(way)
        .arg(env::current_exe().expect("a running program has a path"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare has just been there");
    let text = [output.stdout, output.stderr].concat();
    // Indented, so that nobody counts it as a test of its own.
    let text = String::from_utf8_lossy(&text).replace('\n', "\n    ");
    assert!(output.status.success() && text.contains("1 passed"), "in a namespace:\n    {text}");
}

/// Something mounted, until it is dropped.
pub struct Mount(PathBuf);

impl Mount {
    /// A tmpfs at `at`, a new folder.
    pub fn tmpfs(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&at).expect("a new folder");
        Self::over(at, &["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    /// What `mount` makes of `what`, at `at`. `None` if this process may not: then the calling test has been run where
    /// it may.
    pub fn over(at: PathBuf, what: &[&str]) -> Option<Self> {
        let done = Command::new("mount").args(what).arg(&at).output();
        if done.is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        run_this_test_inside();
        None
    }

    /// Changes `ro` or `rw`.
    pub fn again(&self, options: &str) {
        let mut mount = Command::new("mount");
        // Without `bind`, mount repeats the owner, whom a user namespace does not know.
        mount.args(["-o", &format!("remount,bind,{options}")]).arg(&self.0);
        assert!(mount.status().expect("mount").success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
