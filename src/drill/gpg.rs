//! The gpg program itself, asked in a scratch home what it makes of a keyring.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::effect::Effect;
use super::view::Validity;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::module::Keyring;
use crate::time::Timestamp;

/// A gpg program.
#[derive(Clone, Debug)]
pub struct Gpg {
    program: PathBuf,
    version: String,
}

/// What gpg says of each key of a keyring.
#[derive(Clone, Debug, Default)]
pub struct Told(HashMap<Fingerprint, Validity>);

/// Why gpg could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum GpgError {
    /// It cannot be run, or its home not be made.
    #[error("gpg cannot be run in a scratch home")]
    Run(#[from] io::Error),
    /// It failed.
    #[error("gpg {step} failed: {words}")]
    Failed {
        /// What it was asked for.
        step: &'static str,
        /// Its last words.
        words: String,
    },
}

impl Gpg {
    /// The gpg program, if there is one.
    pub fn find(program: &Path) -> Option<Self> {
        let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.lines().next().filter(|_| output.status.success())?.to_owned();
        Some(Self { program: program.to_owned(), version })
    }

    /// What it calls itself: `gpg (GnuPG) 2.2.40`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Puts a keyring into a new home, as a PBX has it: the masters are trusted ultimately, and
    /// everybody else by what they say. Asks at `now`.
    ///
    /// # Errors
    /// [`GpgError`].
    pub fn told(&self, keyring: &Keyring, now: Timestamp) -> Result<Told, GpgError> {
        let home = self.home(keyring, now)?;
        let list = ["--with-colons", "--list-keys"];
        let listing = self.ask(home.path(), now, "--list-keys", &list, b"")?;
        end(&home);
        Ok(Told::of_listing(&String::from_utf8_lossy(&listing)))
    }

    /// Has a signed text verified with this keyring, at `now`.
    ///
    /// # Errors
    /// [`GpgError::Failed`] where gpg does not find it good.
    pub fn verifies(&self, keyring: &Keyring, text: &str, now: Timestamp) -> Result<(), GpgError> {
        let home = self.home(keyring, now)?;
        let verified = self.ask(home.path(), now, "--verify", &["--verify"], text.as_bytes());
        end(&home);
        verified.map(drop)
    }

    fn home(&self, keyring: &Keyring, now: Timestamp) -> Result<TempDir, GpgError> {
        let home = TempDir::with_prefix("cs")?;
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700))?;
        let keys: Vec<u8> = keyring.all().flat_map(Certificate::to_bytes).collect();
        let trust: String =
            keyring.masters().iter().map(|m| format!("{}:6:\n", m.fingerprint())).collect();
        let ask = |step, arguments: &[&str], input: &[u8]| {
            self.ask(home.path(), now, step, arguments, input)
        };
        ask("--import", &["--import"], &keys)?;
        ask("--import-ownertrust", &["--import-ownertrust"], trust.as_bytes())?;
        ask("--check-trustdb", &["--check-trustdb"], b"")?;
        Ok(home)
    }

    fn ask(
        &self,
        home: &Path,
        now: Timestamp,
        step: &'static str,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, GpgError> {
        let mut command = Command::new(&self.program);
        command.arg("--homedir").arg(home);
        command.args(["--batch", "--no-tty", "--quiet", "--no-auto-check-trustdb"]);
        command.args(["--disable-dirmngr", "--trust-model", "pgp"]);
        command.args(["--faked-system-time", &format!("{}!", now.unix())]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(Stdio::piped()); // allowed here: gpg's, not ours
        let mut child = command.spawn()?;
        let mut pipe = child.stdin.take(); // allowed here: gpg's, not ours
        let output = std::thread::scope(|scope| {
            // gpg that stops reading closes the pipe; its status says why.
            scope.spawn(move || pipe.as_mut().map(|pipe| pipe.write_all(input)));
            child.wait_with_output()
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let words = crate::safe::clip(words.lines().next_back().unwrap_or_default());
        Err(GpgError::Failed { step, words: crate::safe::Safe(&words).to_string() })
    }
}

/// gpg 2.4 may have started a daemon for the home.
fn end(home: &TempDir) {
    let mut end = Command::new("gpgconf");
    end.arg("--homedir").arg(home.path()).args(["--kill", "all"]);
    let _ = end.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

impl Told {
    /// gpg's colon listing (its doc/DETAILS): the validity is in the `pub` line, or, better, in
    /// those of its user IDs; the fingerprint follows the `pub` line.
    fn of_listing(listing: &str) -> Self {
        let mut told = HashMap::new();
        let mut of_pub = Validity::Nothing;
        let mut awaits = false;
        for line in listing.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            match fields.first() {
                Some(&"pub") => {
                    of_pub = Validity::of_letter(fields.get(1).copied().unwrap_or_default());
                    awaits = true;
                }
                Some(&"fpr") if awaits => {
                    let key = fields.get(9).and_then(|f| f.parse::<Fingerprint>().ok());
                    told.extend(key.map(|key| (key, of_pub)));
                    awaits = false;
                }
                _ => {}
            }
        }
        Self(told)
    }

    /// What it says of one key.
    pub fn of(&self, key: Fingerprint) -> Validity {
        self.0.get(&key).copied().unwrap_or(Validity::Nothing)
    }
}

impl Effect {
    /// Puts what gpg itself said in the place of what our model of it says. Returns the keys of
    /// which the two differ.
    pub fn told_by_gpg(&mut self, before: &Told, after: &Told) -> Vec<Fingerprint> {
        let mut otherwise = Vec::new();
        for change in &mut self.signatories {
            let key = change.subject.fingerprint;
            let told = (before.of(key), after.of(key));
            if told != (change.before.gpg, change.after.gpg) {
                otherwise.push(key);
            }
            (change.before.gpg, change.after.gpg) = told;
        }
        for change in &mut self.modules {
            let Some(key) = change.subject.signer else { continue };
            (change.before.gpg, change.after.gpg) = (before.of(key), after.of(key));
        }
        let listed: Vec<Fingerprint> =
            self.signatories.iter().map(|c| c.subject.fingerprint).collect();
        let unseen = before.0.keys().chain(after.0.keys());
        let unseen = unseen.filter(|k| before.of(**k) != after.of(**k) && !listed.contains(k));
        otherwise.extend(unseen);
        otherwise.sort_unstable();
        otherwise.dedup();
        otherwise
    }
}
