//! Modules: somebody with gpg who signs them, and real ones where they are at hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sequoia_openpgp as openpgp;
use tempfile::TempDir;

use openpgp::Cert;
use openpgp::parse::Parse as _;

use crate::people::{kill_agent, new_home};

/// A gpg home with the secret keys of two people, both trusted by themselves.
pub struct Signers {
    home: TempDir,
}

impl Signers {
    /// The user IDs.
    pub const NAMES: [&str; 2] = ["ann@example.org", "ben@example.org"];

    /// Makes the keys; nothing where there is no gpg.
    pub fn new() -> Option<Self> {
        if Command::new("gpg").arg("--version").output().is_err() {
            crate::skip("gpg is not installed");
            return None;
        }
        let home = TempDir::with_prefix("cs").expect("a temporary folder");
        new_home(home.path());
        let signers = Self { home };
        for name in Self::NAMES {
            let arguments = ["--quick-generate-key", name, "rsa2048", "sign", "never"];
            let made = signers.gpg(&[&["--passphrase", ""], arguments.as_slice()].concat());
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        Some(signers)
    }

    /// A file in the home.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    }

    /// Runs gpg without a terminal.
    pub fn gpg(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.home.path());
        command.args(["--no-tty", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]);
        command.args(arguments).output().expect("gpg runs")
    }

    /// What gpg makes of a text with these arguments (`--clearsign`, say), signed by each of `by`.
    pub fn sign(&self, text: &[u8], by: &[&str], arguments: &[&str]) -> Vec<u8> {
        let path = self.file("text", text);
        let mut all = vec!["--output", "-"];
        all.extend(by.iter().flat_map(|name| ["--local-user", *name]));
        all.extend(arguments);
        let path = path.to_str().expect("UTF-8");
        all.push(path);
        let output = self.gpg(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What FreePBX asks gpg: what it puts out, and its status lines.
    pub fn read(&self, signed: &[u8]) -> (Vec<u8>, String) {
        let path = self.file("module.sig", signed);
        let path = path.to_str().expect("UTF-8");
        let output = self.gpg(&["--status-fd", "2", "--output", "-", path]);
        (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The public keys.
    pub fn certificates(&self) -> Vec<Cert> {
        let export = |name: &&str| self.gpg(&["--export", name]).stdout;
        let certificate = |bytes: Vec<u8>| Cert::from_bytes(&bytes).expect("a certificate");
        Self::NAMES.iter().map(export).map(certificate).collect()
    }
}

impl Drop for Signers {
    fn drop(&mut self) {
        kill_agent(self.home.path());
    }
}

/// Whether `line`, a program's version, is of the series that is modelled. If not, another answer than the model's is
/// passed over with a word.
pub fn is_modelled(line: &str, series: &str) -> bool {
    let is = line.split_whitespace().any(|word| word.starts_with(series));
    if !is {
        crate::skip(&format!("{line} answers otherwise than the modelled {series}*"));
    }
    is
}

/// The folder of real signatures and keys (see docs/developing.md), where it is at hand.
pub fn freepbx() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/freepbx");
    if folder.is_dir() {
        return Some(folder);
    }
    crate::skip("no real FreePBX signatures beside the project");
    None
}

/// The files of a folder that end in `.sig`, by name.
pub fn signatures(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sig"))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a file that can be read"))
        })
        .collect();
    found.sort();
    found
}
