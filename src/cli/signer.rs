//! Signing a request's text: with gpg as git does, or with an exported key file.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use sequoia_openpgp as openpgp;

use openpgp::crypto::KeyPair;
use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::stream::{Message, Signer as StreamSigner};
use openpgp::types::HashAlgorithm;

use super::args::SignerArgs;
use super::{Exit, Failure};
use crate::certificate::Certificate;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::package::Sealer;
use crate::time::Timestamp;

/// Whoever signs requests.
pub(super) enum Signer {
    /// The gpg program with its agent, as configured.
    Gpg { program: PathBuf, key: Fingerprint },
    /// A secret key from a file.
    File { certificate: Box<Certificate>, secrets: Vec<Key<SecretParts, UnspecifiedRole>> },
}

impl Signer {
    /// Finds the key that the arguments name.
    pub(super) fn new(args: &SignerArgs) -> Result<Self, Failure> {
        match &args.key.key_file {
            Some(path) => {
                let file = exchange::open_path(path)?;
                let (certificate, secrets) = Certificate::read_key_file(file)
                    .with_context(|| format!("{} is not an exported key", path.display()))?;
                if secrets.is_empty() {
                    let text = format!("{} holds no secret key", path.display());
                    return Err(Failure::say(Exit::Failed, text)
                        .hint("gpg --armor --export-secret-keys ADDRESS > key.asc"));
                }
                Ok(Self::File { certificate: Box::new(certificate), secrets })
            }
            None => {
                let key = find_secret_key(&args.gpg, args.key.local_user.as_deref())?;
                Ok(Self::Gpg { program: args.gpg.clone(), key })
            }
        }
    }

    /// Everybody who could sign: the key that the arguments name, or all secret keys of gpg.
    pub(super) fn all(args: &SignerArgs) -> Result<Vec<Self>, Failure> {
        if args.key.key_file.is_some() || args.key.local_user.is_some() {
            return Ok(vec![Self::new(args)?]);
        }
        let keys = secret_keys(&args.gpg, None)?;
        if keys.is_empty() {
            return Err(no_secret_key());
        }
        Ok(keys.into_iter().map(|key| Self::Gpg { program: args.gpg.clone(), key }).collect())
    }

    /// The signer's certificate, with what the masters said on it where gpg has that.
    pub(super) fn known_to(&self, masters: &[Certificate]) -> Result<Certificate, Failure> {
        let masters: Vec<&Certificate> = masters.iter().collect();
        match self {
            Self::Gpg { program, key } => export(program, *key, &[], &masters),
            Self::File { certificate, .. } => Ok(certificate.as_ref().clone()),
        }
    }

    /// The primary key's fingerprint.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Gpg { key, .. } => *key,
            Self::File { certificate, .. } => certificate.fingerprint(),
        }
    }

    /// The signer's certificate, minimal.
    pub(super) fn certificate(&self) -> Result<Certificate, Failure> {
        match self {
            Self::Gpg { program, key } => {
                export(program, *key, &["--export-options", "export-minimal"], &[])
            }
            Self::File { certificate, .. } => Ok(certificate.as_ref().clone()),
        }
    }

    /// Whoever signs packages.
    pub(super) fn sealer(&self, now: Timestamp) -> Result<Sealer, Failure> {
        match self {
            Self::Gpg { program, key } => Ok(Sealer::Gpg { program: program.clone(), key: *key }),
            Self::File { certificate, secrets } => {
                Ok(Sealer::Key(Box::new(unlocked(certificate, secrets, now)?)))
            }
        }
    }

    /// The text, cleartext-signed at `now`.
    pub(super) fn sign(&self, text: &str, now: Timestamp) -> Result<Vec<u8>, Failure> {
        self.unlocked(now)?.sign(text, now)
    }

    /// The signer for many texts: a key file's passphrase is asked for once.
    pub(super) fn unlocked(&self, now: Timestamp) -> Result<Unlocked<'_>, Failure> {
        match self {
            Self::Gpg { program, key } => Ok(Unlocked::Gpg { program, key: *key }),
            Self::File { certificate, secrets } => {
                Ok(Unlocked::Key(Box::new(unlocked(certificate, secrets, now)?)))
            }
        }
    }

    /// The text, cleartext-signed with this date, whatever gpg's clock says.
    pub(super) fn sign_dated(&self, text: &str, time: Timestamp) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Gpg { program, key } => {
                let time = format!("{}!", time.unix());
                clearsign(program, *key, text, &["--faked-system-time", &time])
            }
            Self::File { .. } => self.sign(text, time),
        }
    }
}

/// Somebody who can sign without being asked again, or has an agent for that.
pub(super) enum Unlocked<'a> {
    /// The gpg program, once for each text.
    Gpg { program: &'a Path, key: Fingerprint },
    /// A secret key in this process.
    Key(Box<KeyPair>),
}

impl Unlocked<'_> {
    /// The text, cleartext-signed at `now`.
    pub(super) fn sign(&self, text: &str, now: Timestamp) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Gpg { program, key } => clearsign(program, *key, text, &[]),
            Self::Key(pair) => sign_with_key(pair.as_ref().clone(), text, now),
        }
    }
}

/// gpg's colon listing (its doc/DETAILS): the fingerprint follows the `sec` line.
fn secret_keys(gpg: &Path, user: Option<&str>) -> Result<Vec<Fingerprint>, Failure> {
    let mut command = Command::new(gpg);
    // What is passed is UTF-8, whatever the locale.
    command.args(["--batch", "--utf8-strings", "--with-colons", "--list-secret-keys"]);
    if let Some(user) = user {
        command.arg("--").arg(user);
    }
    let output = command.stderr(Stdio::null()).output().map_err(|e| no_gpg(gpg, e))?;
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut found = Vec::new();
    let mut primary = false;
    for line in listing.lines() {
        let mut fields = line.split(':');
        match fields.next() {
            Some("sec") => primary = true,
            Some("fpr") if primary => {
                found.extend(fields.nth(8).and_then(|f| f.parse::<Fingerprint>().ok()));
                primary = false;
            }
            _ => {}
        }
    }
    Ok(found)
}

fn no_secret_key() -> Failure {
    Failure::say(Exit::Failed, "gpg has no such secret key")
        .hint("gpg --list-secret-keys")
        .hint("gpg --quick-generate-key 'Name <mail@example.org>' rsa4096 sign 3y")
}

fn find_secret_key(gpg: &Path, user: Option<&str>) -> Result<Fingerprint, Failure> {
    match secret_keys(gpg, user)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(no_secret_key()),
        several => {
            let list: Vec<String> = several.iter().map(ToString::to_string).collect();
            let text = format!("gpg has {} secret keys that fit: {}", list.len(), list.join(", "));
            Err(Failure::say(Exit::Usage, text).hint("name one: --local-user FINGERPRINT"))
        }
    }
}

fn export(
    gpg: &Path,
    key: Fingerprint,
    options: &[&str],
    masters: &[&Certificate],
) -> Result<Certificate, Failure> {
    let mut child = Command::new(gpg)
        .arg("--batch")
        .args(options)
        .args(["--export", &key.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| no_gpg(gpg, e))?;
    let output = child.stdout.take().context("gpg's output is piped")?;
    let certificate = Certificate::read(output, masters);
    child.wait()?;
    Ok(certificate?)
}

fn clearsign(
    gpg: &Path,
    key: Fingerprint,
    text: &str,
    options: &[&str],
) -> Result<Vec<u8>, Failure> {
    let mut child = Command::new(gpg)
        .args(options)
        .args(["--local-user", &key.to_string(), "--digest-algo", "SHA512"])
        .args(["--no-comments", "--no-emit-version", "--output", "-", "--clearsign"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| no_gpg(gpg, e))?;
    let mut input = child.stdin.take().context("gpg's input is piped")?;
    let mut output = child.stdout.take().context("gpg's output is piped")?;
    let mut signed = Vec::new();
    // gpg writes while it reads: a text longer than two pipes hold would stop both programs.
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || input.write_all(text.as_bytes()));
        let read = output.read_to_end(&mut signed);
        writer.join().expect("writing to a pipe does not panic").and(read)
    })?;
    if child.wait()?.success() {
        Ok(signed)
    } else {
        Err(Failure::say(Exit::Failed, "gpg did not sign (its words are above)"))
    }
}

fn no_gpg(gpg: &Path, error: std::io::Error) -> Failure {
    let text = format!("{} cannot be run", gpg.display());
    Failure::new(Exit::Failed, anyhow::Error::new(error).context(text))
        .hint("install gnupg, or use --key-file with an exported secret key")
}

fn sign_with_key(pair: KeyPair, text: &str, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let mut signed = Vec::new();
    let signer = StreamSigner::new(Message::new(&mut signed), pair)?
        .hash_algo(HashAlgorithm::SHA512)?
        .creation_time(std::time::SystemTime::from(now))
        .cleartext();
    let mut message = signer.build()?;
    // The line end before the signature is not part of the text (RFC 9580 §7.1); gpg does the same.
    message.write_all(text.trim_end_matches('\n').as_bytes())?;
    message.finalize()?;
    Ok(signed)
}

/// The key of a key file that can sign now, its passphrase asked for.
fn unlocked(
    certificate: &Certificate,
    secrets: &[Key<SecretParts, UnspecifiedRole>],
    now: Timestamp,
) -> Result<KeyPair, Failure> {
    let policy = StandardPolicy::at(now);
    let valid = certificate.cert().with_policy(&policy, std::time::SystemTime::from(now))?;
    let usable: Vec<_> =
        valid.keys().alive().revoked(false).for_signing().map(|k| k.key().fingerprint()).collect();
    let key = secrets.iter().find(|k| usable.contains(&k.fingerprint()));
    let mut key = key.context("the key file holds no valid key for signing")?.clone();
    if key.secret().is_encrypted() {
        let passphrase = rpassword::prompt_password("Passphrase of the key file: ")
            .context("the passphrase could not be read from the terminal")?;
        key = key.decrypt_secret(&passphrase.into())?;
    }
    Ok(key.into_keypair()?)
}
