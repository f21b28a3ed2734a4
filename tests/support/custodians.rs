//! Custodians of sealed revocations, as gpg makes them.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::{Run, Scenario, people};

/// Two people with a key for encryption each in one gpg home, and its exported forms in a folder.
pub struct Custodians {
    folder: TempDir,
}

impl Custodians {
    /// Cora with RSA, Cyril with Curve25519.
    pub fn cora_and_cyril() -> Self {
        let folder = TempDir::with_prefix("cs").expect("a temporary folder");
        let custodians = Self { folder };
        people::new_home(&custodians.home());
        for (name, algorithm) in [("cora", "default"), ("cyril", "future-default")] {
            let user_id = format!("{name} <{name}@example.org>");
            custodians.gpg(&["--quick-generate-key", &user_id, algorithm, "default", "5y"]).ok();
            let export = |what| custodians.gpg(&["--armor", what, name]).ok().out;
            fs::write(custodians.path(name, "asc"), export("--export")).expect("written");
            fs::write(custodians.path(name, "key"), export("--export-secret-keys"))
                .expect("written");
        }
        custodians
    }

    /// The gpg home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("gnupg")
    }

    /// A file of somebody's: `asc` is the certificate, `key` the secret key.
    pub fn path(&self, name: &str, kind: &str) -> String {
        self.folder.path().join(format!("{name}.{kind}")).display().to_string()
    }

    /// Runs gpg with that home.
    pub fn gpg(&self, arguments: &[&str]) -> Run {
        people::gpg(&self.home(), arguments)
    }

    /// An authority that names them, with a station.
    pub fn authority(&self) -> Scenario {
        Scenario::with_policy(|policy| {
            ["cora", "cyril"].iter().fold(policy, |policy, name| {
                let key = people::find(&self.home(), name);
                format!("{policy}\n[[custodian]]\nname = \"{name}\"\nfingerprint = \"{key}\"\n")
            })
        })
    }
}

impl Drop for Custodians {
    fn drop(&mut self) {
        people::kill_agent(&self.home());
    }
}
