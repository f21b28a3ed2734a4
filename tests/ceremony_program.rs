//! The making of a master as a person at the terminal sees it, and in readers.
#![allow(missing_docs)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign::certificate::Certificate;
use countersign_tests::program;
use countersign_tests::station::{ADMIN_PIN, PIN};
use countersign_tests::virtual_reader::{Card, Error, VirtualReader};
use tempfile::TempDir;

/// `airgap` with somebody who reads what it shows before answering.
struct Dialogue {
    child: Child,
    shown: String,
}

impl Dialogue {
    fn start(folder: &Path, arguments: &str) -> Self {
        let pins = format!("{PIN}\n{ADMIN_PIN}\n").repeat(3);
        fs::write(folder.join("pins"), pins).expect("a new file");
        let line = format!("exec {} {arguments} --pin-fd 3 3<pins", program("airgap").display());
        let child = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        Self { child: child.expect("starts"), shown: String::new() }
    }

    /// Reads up to a question, and returns what was shown since the last one.
    fn until(&mut self, question: &str) -> String {
        let output = self.child.stdout.as_mut().expect("a pipe");
        let from = self.shown.len();
        let mut byte = [0];
        while !self.shown[from..].contains(question) {
            assert_eq!(output.read(&mut byte).expect("reads"), 1, "ended with: {}", self.shown);
            // What it shows is ASCII, but for dashes that nobody looks for here.
            self.shown.push(char::from(byte[0]));
        }
        self.shown[from..].to_owned()
    }

    fn answer(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{text}").expect("written");
    }

    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        let output = self.child.stdout.as_mut().expect("a pipe");
        output.read_to_string(&mut rest).expect("reads");
        assert!(self.child.wait().expect("ends").success(), "{}{rest}", self.shown);
        self.shown + &rest
    }
}

fn words_of(shown: &str) -> String {
    let table = shown.lines().filter(|l| l.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    let words = table.flat_map(str::split_whitespace).filter(|w| w.parse::<u8>().is_err());
    words.collect::<Vec<_>>().join(" ")
}

const GENERATE: &str = "master generate --in-memory --practice-card one --practice-card two \
                        --user-id 'M <m@example.org>' --output master.asc \
                        --time 2026-11-22T05:40:00Z";

/// Makes a master with a backup in `folder`; returns the words.
fn make(folder: &Path) -> String {
    let mut dialogue = Dialogue::start(folder, &format!("{GENERATE} --backup backup.asc"));
    let words = words_of(&dialogue.until("Type them back: "));
    assert_eq!(words.split(' ').count(), 22, "{words}");
    dialogue.answer("aardvark aardvark");
    dialogue.until("Type them back: ");
    dialogue.answer(&words);
    dialogue.until("and press Enter: ");
    dialogue.answer("");
    let shown = dialogue.end();
    assert!(shown.contains("was restored onto the last of them"), "{shown}");
    // They are shown once, and not echoed.
    let first = words.split(' ').next().unwrap_or_default();
    assert_eq!(shown.matches(first).count(), words.matches(first).count(), "{shown}");
    words
}

#[test]
fn a_master_is_made_in_memory_and_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = make(folder.path());
    let certificate = fs::read(folder.path().join("master.asc")).expect("a certificate");
    let certificate = Certificate::read(certificate.as_slice(), &[]).expect("a certificate");

    let restore = "master restore --backup backup.asc --practice-card three";
    let mut dialogue = Dialogue::start(folder.path(), restore);
    dialogue.until("or of one share of them: ");
    let limits = fs::read_to_string(format!("/proc/{}/limits", dialogue.child.id()));
    let limits = limits.expect("the limits");
    let core = limits.lines().find(|l| l.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    dialogue.answer(&words);
    let shown = dialogue.end();
    assert!(shown.contains(&certificate.fingerprint().spaced()), "{shown}");
    assert!(!shown.contains(&words), "the words were repeated: {shown}");
}

#[test]
fn a_master_that_cannot_be_made_is_not_begun() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: &str, words: &str| {
        let line = format!("{} {arguments}", program("airgap").display());
        let run = countersign_tests::run::run(
            Command::new("sh").args(["-c", &line]).current_dir(folder.path()),
            "",
        );
        assert_ne!(run.code, 0, "{}", run.told());
        run.says(words);
        assert!(!folder.path().join("one").exists(), "a card was touched: {arguments}");
    };
    refused(&format!("{GENERATE} --copies 3"), "say --practice-card 3 times");
    refused(&format!("{GENERATE} --copies 1"), "1 is not in 2..=9");
    refused(&format!("{GENERATE} --split 2/3"), "--backup");
    refused(&format!("{GENERATE} --backup b --split 1/3"), "not like 3/5");
    refused(&format!("{GENERATE} --backup master.asc"), "two files");
    refused(&format!("{GENERATE} --backup no/such/folder"), "no/such/folder");
    refused(&format!("{GENERATE} --expires 2020-01-01"), "of no use");
    refused("card status --practice-card a --practice-card b", "uses one --practice-card");
    fs::write(folder.path().join("backup.asc"), "x").expect("a new file");
    refused(&format!("{GENERATE} --backup backup.asc"), "exists already");
    refused("master restore --backup backup.asc --practice-card one", "this is not a backup");
    refused("master restore --backup nothing --practice-card one", "nothing");
}

/// A backup restored onto a card in a reader: gpg finds the master there, and signs with it.
fn restored_in_a_reader(card: Card) {
    let folder = TempDir::with_prefix("cs").expect("a folder");
    let reader = match VirtualReader::start(card, &folder.path().join("reader")) {
        Ok(reader) => reader,
        Err(Error::Skip(reason)) => {
            countersign_tests::skip(&format!("{card:?}: {reason}"));
            return;
        }
        Err(error) => panic!("{card:?}: {error}"),
    };
    let words = make(folder.path());
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(folder.path());
        command.env("PCSCLITE_CSOCK_NAME", reader.socket());
        command.env("GNUPGHOME", folder.path().join("gnupg"));
        countersign_tests::run::run(&command, &words)
    };
    let airgap = program("airgap").display().to_string();
    let restore = format!("{airgap} master restore --backup backup.asc --pin-fd 3 3<pins");
    shell(&restore).ok().says("its signature is the same").says("signature counter is 1");
    shell(&format!("{airgap} card status")).ok().says("good for a whole session");
    gpg_signs(&folder, &shell);
}

fn gpg_signs(folder: &TempDir, shell: &dyn Fn(&str) -> countersign_tests::Run) {
    countersign_tests::people::new_home(&folder.path().join("gnupg"));
    let conf = "disable-ccid\npcsc-shared\n";
    fs::write(folder.path().join("gnupg/scdaemon.conf"), conf).expect("a new file");
    fs::write(folder.path().join("text"), "hello\n").expect("a new file");
    shell("gpg --batch --quiet --import master.asc").ok();
    let certificate = fs::read(folder.path().join("master.asc")).expect("a certificate");
    let certificate = Certificate::read(certificate.as_slice(), &[]).expect("a certificate");
    let status = shell("gpg --batch --with-colons --card-status");
    let signed = shell(&format!(
        "gpg --batch --pinentry-mode loopback --passphrase {PIN} --digest-algo SHA512 --detach-sign text \
         && gpg --batch --verify text.sig text"
    ));
    countersign_tests::people::kill_agent(&folder.path().join("gnupg"));
    status.ok().says(&certificate.fingerprint().to_string());
    signed.ok().says("Good signature");
}

#[test]
fn a_backup_is_restored_onto_the_practice_card_in_a_reader() {
    restored_in_a_reader(Card::Practice);
}

#[test]
fn a_backup_is_restored_onto_a_card_that_answers_in_pieces() {
    restored_in_a_reader(Card::SmartcardApp);
}

#[test]
fn a_backup_is_restored_onto_a_card_without_extended_length() {
    restored_in_a_reader(Card::Jcecard);
}
