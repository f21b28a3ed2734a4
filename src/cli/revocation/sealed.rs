//! `countersign revocation test` and `open`: what was sealed, opened in memory.

use std::io::{BufRead as _, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use sequoia_openpgp as openpgp;

use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use openpgp::packet::{Key, Packet, Signature};
use openpgp::serialize::SerializeInto as _;

use super::args::{EffectArgs, SealedArgs};
use super::show::{GpgColumn, effect, show};
use super::{Exit, Failure};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::cli::args::Common;
use crate::drill::{self, Effect};
use crate::exchange;
use crate::module::Keyring;
use crate::request::{MAX_BYTES, Request};
use crate::response;
use crate::safe::Safe;
use crate::sealed::{self, Opener, Passphrase};
use crate::time::Timestamp;

/// Whether a revocation certificate can be imported as it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// It can.
    None,
    /// Not before somebody takes a colon away.
    Colon,
}

/// A revocation that was opened: it is the predicted one. It is in memory alone.
struct Opened {
    request: Request,
    signature: Signature,
}

pub(super) fn test(
    common: &Common,
    authority: &Authority,
    args: &SealedArgs,
    now: Timestamp,
) -> Result<(), Failure> {
    let opened = opened(authority, args)?;
    if !common.quiet && !args.judge.form.json {
        crate::say!("opened in memory: it is, byte for byte, the revocation that was asked for");
        opened.tell();
    }
    let effect = opened.effect(authority, &args.judge, now)?;
    let premise = format!("if it were published, and the master {}", opened.request.master());
    show(&format!("{premise} with it revoked"), &effect, &GpgColumn::Model, &args.judge);
    Ok(())
}

pub(super) fn open(
    common: &Common,
    authority: &Authority,
    args: &SealedArgs,
    output: &Path,
    guard: Guard,
    now: Timestamp,
) -> Result<(), Failure> {
    if output.exists() {
        return Err(Failure::say(Exit::Failed, format!("{} exists already", output.display())));
    }
    let opened = opened(authority, args)?;
    opened.tell();
    let effect = opened.effect(authority, &args.judge, now)?;
    let premise = format!("once it is published, and {} revoked", opened.request.master());
    show(&premise, &effect, &GpgColumn::Model, &args.judge);
    confirm(&drill::stopping(&effect))?;
    exchange::write_path(output, opened.certificate(guard)?.as_bytes())?;
    if !common.quiet {
        crate::say!("written: {}", output.display());
        crate::say!("whoever has this file can revoke the master: publish it, or destroy it");
    }
    Ok(())
}

fn confirm(effect: &str) -> Result<(), Failure> {
    crate::cli::put_aside(format_args!(
        "\nType what stops, just so, to write the revocation in clear ({effect}): "
    ));
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().take(1_000).read_line(&mut line)?;
    if line.trim() == effect {
        return Ok(());
    }
    Err(Failure::say(Exit::Refused, "nobody confirmed the effect: nothing was written"))
}

impl Opened {
    fn tell(&self) {
        crate::say!("master   {}", self.request.master().spaced());
        for line in self.request.operation().describe() {
            crate::say!("{:<8} {}", line.label, Safe(&crate::safe::clip(&line.value)));
        }
        crate::say!("dated    {}\n", self.request.created());
    }

    fn effect(
        &self,
        authority: &Authority,
        args: &EffectArgs,
        now: Timestamp,
    ) -> Result<Effect, Failure> {
        let masters: Vec<&Certificate> = authority.masters().iter().collect();
        let revoked = drill::applied(&self.signature, masters.iter().copied(), &masters)?;
        let replaced = |m: &Certificate| match m.fingerprint() == revoked.fingerprint() {
            true => revoked.clone(),
            false => m.clone(),
        };
        let masters: Vec<Certificate> = authority.masters().iter().map(replaced).collect();
        let (before, developers) = (authority.keyring(), authority.folder().join("developers"));
        let after = Keyring::of(&masters).folder(&developers).finish();
        effect(authority, &before, &after, &args.judged, now)
    }

    /// The revocation certificate in the form of gpg's own.
    fn certificate(&self, guard: Guard) -> Result<String, Failure> {
        let kind = openpgp::armor::Kind::PublicKey;
        let comment = [("Comment", "This is a revocation certificate")];
        let mut writer = openpgp::armor::Writer::with_headers(Vec::new(), kind, comment)?;
        writer.write_all(&Packet::from(self.signature.clone()).to_vec()?)?;
        let armor = String::from_utf8(writer.finalize()?)?;
        let master = self.request.master();
        let (colon, how) = match guard {
            Guard::None => ("", "Published, or imported by gpg, it takes effect for good."),
            Guard::Colon => (
                ":",
                "Published, it takes effect for good. Take away the colon before the first dashes \
                 to be able to import it.",
            ),
        };
        Ok(format!("This revokes the master key {master}.\n{how}\n\n{colon}{armor}"))
    }
}

/// Opens the message and compares what is in it with the prediction.
fn opened(authority: &Authority, args: &SealedArgs) -> Result<Opened, Failure> {
    let untrusted = exchange::read_path(&args.file, sealed::MAX_BYTES)?;
    let request = match &args.request {
        Some(path) => Request::parse(&exchange::read_path(path, MAX_BYTES)?, MAX_BYTES)?,
        None => authority.request_of_sealed(&untrusted)?.ok_or_else(|| {
            let text = format!("no answer on record is {}", args.file.display());
            Failure::say(Exit::Untrue, text)
                .hint("name the request that it answers: --request FILE")
        })?,
    };
    let master = authority.master(request.master())?;
    let content = content(args, &untrusted)?;
    let signature = response::reveal(&request, master, &content).map_err(|error| {
        let text = "what is sealed is NOT the revocation that was asked for";
        Failure::new(Exit::Untrue, anyhow::Error::new(error).context(text))
            .hint("do not use that station again before you know why")
    })?;
    Ok(Opened { request, signature })
}

fn content(args: &SealedArgs, untrusted: &[u8]) -> Result<Vec<u8>, Failure> {
    let untrue = |error: sealed::OpenError| Failure::new(Exit::Untrue, error);
    let by = &args.opener;
    if let Some(path) = &by.key_file {
        let keys = secret_keys(path)?;
        return sealed::open(untrusted, &Opener::Keys(keys)).map_err(untrue);
    }
    let passphrase = match by.passphrase_fd {
        Some(fd) => Some(first_line(fd)?),
        None if by.passphrase => Some(
            rpassword::prompt_password("Passphrase of the sealed revocation: ")
                .context("the passphrase could not be read from the terminal")?,
        ),
        None => None,
    };
    match passphrase {
        Some(typed) => {
            let opener = Opener::Passphrase(Passphrase::typed(&typed));
            sealed::open(untrusted, &opener).map_err(untrue)
        }
        None => by_gpg(&args.gpg, by.local_user.as_deref(), untrusted),
    }
}

fn first_line(fd: u32) -> Result<String, Failure> {
    let path = format!("/proc/self/fd/{fd}");
    let file = std::fs::File::open(path).with_context(|| format!("--passphrase-fd {fd}"))?;
    let mut line = String::new();
    std::io::BufReader::new(file).take(1_000).read_line(&mut line)?;
    Ok(line)
}

/// The secret keys of a custodian's key file, their passphrase asked for.
fn secret_keys(path: &Path) -> Result<Vec<Key<SecretParts, UnspecifiedRole>>, Failure> {
    let bytes = exchange::read_path(path, sealed::MAX_INPUT)?;
    let keys = sealed::secret_keys(&bytes)
        .with_context(|| format!("{} is not an exported secret key", path.display()))?;
    let mut passphrase = None;
    let unlock = |key: Key<SecretParts, UnspecifiedRole>| -> Result<_, Failure> {
        if !key.secret().is_encrypted() {
            return Ok(key);
        }
        let asked = match &passphrase {
            Some(known) => known,
            None => {
                let typed = rpassword::prompt_password("Passphrase of the key file: ")
                    .context("the passphrase could not be read from the terminal")?;
                &*passphrase.insert(openpgp::crypto::Password::from(typed))
            }
        };
        Ok(key.decrypt_secret(asked)?)
    };
    keys.into_iter().map(unlock).collect()
}

/// gpg decrypts through pipes: nothing is written.
fn by_gpg(gpg: &Path, user: Option<&str>, untrusted: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new(gpg);
    command.args(["--quiet", "--no-auto-key-locate", "--output", "-"]);
    if let Some(user) = user {
        command.args(["--try-secret-key", user]);
    }
    command.arg("--decrypt").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let text = format!("{} cannot be run", gpg.display());
        Failure::new(Exit::Failed, anyhow::Error::new(error).context(text))
            .hint("install gnupg, or use --key-file with an exported secret key")
    })?;
    let mut input = child.stdin.take().context("gpg's input is piped")?;
    let output = child.stdout.take().context("gpg's output is piped")?;
    let mut content = Vec::new();
    std::thread::scope(|scope| {
        // gpg that cannot open it closes the pipe; its status says so.
        scope.spawn(move || input.write_all(untrusted));
        output.take(sealed::MAX_BYTES as u64).read_to_end(&mut content)
    })?;
    if child.wait()?.success() {
        return Ok(content);
    }
    Err(Failure::say(Exit::Untrue, "gpg did not open it (its words are above)"))
}
