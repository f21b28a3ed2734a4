//! The virtual reader and its three cards, seen by GnuPG and by openpgp-card.

use std::{error::Error, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use countersign_tests::virtual_reader::{self, Card, VirtualReader};
use tempfile::TempDir;

type TestResult = Result<(), Box<dyn Error>>;

#[test]
fn practice_card_shows_up() -> TestResult {
    shows_up(Card::Practice)
}

#[test]
fn smartcard_app_shows_up() -> TestResult {
    shows_up(Card::SmartcardApp)
}

#[test]
fn jcecard_shows_up() -> TestResult {
    shows_up(Card::Jcecard)
}

#[test]
fn two_readers_hold_two_cards() -> TestResult {
    let (one, two) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (Some(one), Some(two)) =
        (start(Card::Practice, one.path())?, start(Card::Practice, two.path())?)
    else {
        return Ok(());
    };
    assert_ne!(idents(&one)?, idents(&two)?);
    Ok(())
}

/// What gpg and openpgp-card see: the same card, gone when it is pulled, and the same card again.
fn shows_up(card: Card) -> TestResult {
    let state = tempfile::tempdir()?;
    let Some(mut reader) = start(card, state.path())? else {
        return Ok(());
    };
    let seen = idents(&reader)?;
    assert_eq!(seen.len(), 1);
    assert_eq!(gpg_ident(&reader)?.as_ref(), seen.first());

    reader.unplug()?;
    assert_eq!(idents(&reader)?, Vec::<String>::new());
    assert_eq!(gpg_ident(&reader)?, None);

    reader.plug()?;
    assert_eq!(idents(&reader)?, seen);
    Ok(())
}

fn start(card: Card, state: &Path) -> Result<Option<VirtualReader>, virtual_reader::Error> {
    match VirtualReader::start(card, state) {
        Ok(reader) => Ok(Some(reader)),
        Err(virtual_reader::Error::Skip(reason)) => {
            countersign_tests::skip(&format!("{card:?}: {reason}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn idents(reader: &VirtualReader) -> Result<Vec<String>, Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_pcsc-client"))
        .arg("idents")
        .env("PCSCLITE_CSOCK_NAME", reader.socket())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr)?.into());
    }
    Ok(String::from_utf8(output.stdout)?.lines().map(String::from).collect())
}

/// Manufacturer and serial number, as `gpg --card-status` tells them.
fn gpg_ident(reader: &VirtualReader) -> Result<Option<String>, Box<dyn Error>> {
    let home = GnupgHome::new()?;
    let output = home.run("gpg", &["--batch", "--with-colons", "--card-status"], reader)?;
    // Reader:… AID:D276 0001 2401 vvvv mmmm ssssssss 0000 (OpenPGP card 3.4.1 §4.2.1)
    let aid = output
        .lines()
        .find_map(|line| line.split("AID:").nth(1))
        .map(|rest| rest.split(':').next().unwrap_or(rest));
    Ok(aid.filter(|aid| aid.len() == 32).map(|aid| format!("{}:{}", &aid[16..20], &aid[20..28])))
}

struct GnupgHome(TempDir);

impl GnupgHome {
    fn new() -> Result<Self, Box<dyn Error>> {
        let home = tempfile::tempdir()?;
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700))?;
        // The built-in driver would look for readers of the machine, and exclusive use would lock
        // out every other program.
        fs::write(home.path().join("scdaemon.conf"), "disable-ccid\npcsc-shared\n")?;
        Ok(Self(home))
    }

    fn run(
        &self,
        program: &str,
        arguments: &[&str],
        reader: &VirtualReader,
    ) -> Result<String, Box<dyn Error>> {
        let output = Command::new(program)
            .args(arguments)
            .env("GNUPGHOME", self.0.path())
            .env("PCSCLITE_CSOCK_NAME", reader.socket())
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for GnupgHome {
    fn drop(&mut self) {
        // gpg-agent and scdaemon would notice only later that their home is gone.
        let _ = Command::new("gpgconf")
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.0.path())
            .status();
    }
}
