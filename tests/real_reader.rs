//! The program `airgap` with three independent cards behind a real pcscd.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use countersign::certificate::Certificate;
use countersign::journal::{Entry, Event};
use countersign::request::Request;
use countersign::response::Response;
use countersign::time::Timestamp;
use countersign_tests::program;
use countersign_tests::station::{Bench, PIN};
use countersign_tests::virtual_reader::{Card, Error, VirtualReader};
use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::KeyFlags;

/// One RSA-4096 master in software, to be put on each card.
fn master() -> &'static Cert {
    static MASTER: OnceLock<Cert> = OnceLock::new();
    MASTER.get_or_init(|| {
        CertBuilder::new()
            .set_cipher_suite(CipherSuite::RSA4k)
            .set_creation_time(
                std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_793_600_000),
            )
            .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
            .add_userid("M <m@example.org>")
            .generate()
            .expect("a key")
            .0
    })
}

/// A station, a reader, and in it a card with the master.
struct Setup {
    bench: Bench,
    reader: VirtualReader,
}

impl Setup {
    fn new(card: Card) -> Option<Self> {
        let public = master().clone().strip_secret_key_material().to_vec().expect("bytes");
        let public = Certificate::read(public.as_slice(), &[]).expect("a certificate");
        let bench = Bench::around(&public);
        std::fs::create_dir(bench.path("reader")).expect("a folder");
        let reader = match VirtualReader::start(card, &bench.path("reader")) {
            Ok(reader) => reader,
            Err(Error::Skip(reason)) => {
                countersign_tests::skip(&format!("{card:?}: {reason}"));
                return None;
            }
            Err(error) => panic!("{card:?}: {error}"),
        };
        let secret = master().as_tsk().to_vec().expect("bytes");
        std::fs::write(bench.path("key"), secret).expect("written");
        std::fs::write(bench.path("pin"), format!("{PIN}\n")).expect("written");
        let setup = Self { bench, reader };
        // What each card can take a key in (see tests/support/pcsc_client.rs).
        let length = if card == Card::Practice { "extended" } else { "short" };
        let adopted = setup
            .command(Path::new(env!("CARGO_BIN_EXE_pcsc-client")))
            .args(["adopt", length, "key", PIN, "84726100"])
            .output()
            .expect("runs");
        assert!(adopted.status.success(), "{}", String::from_utf8_lossy(&adopted.stderr));
        Some(setup)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.bench.folder.path())
            .env("PCSCLITE_CSOCK_NAME", self.reader.socket())
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs `airgap` with `arguments`, the PIN on descriptor 3 and `Yes` to every question.
    fn airgap(&self, arguments: &str) -> Output {
        let airgap = program("airgap");
        let line = format!("yes Yes | {} {arguments} 3<pin", airgap.display());
        self.command(Path::new("sh")).args(["-c", &line]).output().expect("runs")
    }

    /// A session on the n-th day after the requests were made.
    fn session(&self, day: u32) -> Output {
        let time = self.bench.now.after(day * Timestamp::DAY);
        self.airgap(&format!("session run --in stick --out stick --pin-fd 3 --time {time}"))
    }

    fn counter(&self) -> u64 {
        let output = self.airgap("card status --json");
        assert_ok(&output);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(value["is_master"], true, "{value}");
        value["counter"].as_u64().expect("a counter")
    }

    fn signatures_in_journal(&self) -> usize {
        let mut signed = 0;
        let count = |e: &Entry| signed += usize::from(matches!(e.event, Event::Signed { .. }));
        self.bench.station().read_journal(count).expect("a whole journal");
        signed
    }

    fn assert_answered(&self, request: &Request) {
        let name = request.file_name().replace("request.asc", "response.json");
        let bytes = std::fs::read(self.bench.stick().join(name)).expect("an answer");
        let response = Response::parse(&bytes).expect("a response");
        response.verify(request, &self.bench.master).expect("just what was asked");
    }
}

fn assert_ok(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Two sessions with the card pulled in between, a batch each; every answer is just what was asked.
fn signs(card: Card) {
    let Some(mut setup) = Setup::new(card) else { return };
    let first = [
        setup.bench.ask(&["A <a@example.org>", "A <a@second.example.org>"]),
        setup.bench.ask(&["B <b@example.org>"]),
    ];
    assert_ok(&setup.session(0));
    first.iter().for_each(|r| setup.assert_answered(r));
    // Three signatures, and the session's record.
    assert_eq!(setup.counter(), 4);

    setup.reader.unplug().expect("pulled");
    let without = setup.airgap("card status");
    assert_eq!(without.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&without.stderr).contains("no card in any reader"));

    setup.reader.plug().expect("back");
    let third = setup.bench.ask(&["C <c@example.org>"]);
    assert_ok(&setup.session(1));
    setup.assert_answered(&third);
    assert_eq!(setup.counter(), 6);

    // A wrong PIN costs one try, is said with the tries that are left, and signs nothing.
    setup.bench.ask(&["D <d@example.org>"]);
    std::fs::write(setup.bench.path("pin"), "999999\n").expect("written");
    let wrong = setup.session(2);
    assert_eq!(wrong.status.code(), Some(5));
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(text.contains("wrong PIN: 2 tries left"), "{text}");
    assert_eq!(setup.counter(), 6);
}

#[test]
fn the_practice_card_signs_in_a_reader() {
    signs(Card::Practice);
}

#[test]
fn a_card_that_answers_in_pieces_signs() {
    signs(Card::SmartcardApp);
}

#[test]
fn a_card_without_extended_length_signs() {
    signs(Card::Jcecard);
}

/// The card is pulled when it is asked for the second of three signatures. The session says so and
/// what to do; the next one makes the two that are missing, and no other.
fn survives_being_pulled(card: Card) {
    let Some(mut setup) = Setup::new(card) else { return };
    let asked = ["A <a@example.org>", "B <b@example.org>", "C <c@example.org>"];
    let batch = asked.map(|id| setup.bench.ask(&[id]));
    setup.reader.unplug().expect("pulled");
    setup.reader.plug_until(2).expect("back");
    let first = setup.session(0);
    let (out, err) = (text(&first.stdout), text(&first.stderr));
    assert_eq!(first.status.code(), Some(6), "{out}{err}");
    assert!(err.contains("error: the session stopped after 1 of 3 signatures"), "{out}{err}");
    assert!(err.contains("because: the card was removed"), "{out}{err}");
    assert!(err.contains("hint: put the same card back and run the session again"), "{out}{err}");
    assert_eq!(out.matches("\nsigned     ").count(), 1, "{out}{err}");
    assert_eq!(out.matches("\nNOT SIGNED ").count(), 2, "{out}{err}");
    assert!(out.contains("1 signed with 1 signature,") && out.contains(" 2 left\n"), "{out}{err}");
    assert_eq!(setup.signatures_in_journal(), 1);

    setup.reader.unplug().expect("pulled");
    setup.reader.plug().expect("back");
    assert_eq!(setup.counter(), 1);
    let second = setup.session(1);
    assert_ok(&second);
    let out = text(&second.stdout);
    assert!(out.contains("2 signed with 2 signatures, 1 answered again"), "{out}");
    assert!(!out.contains("one ahead of the journal"), "{out}");
    batch.iter().for_each(|r| setup.assert_answered(r));
    assert_eq!((setup.counter(), setup.signatures_in_journal()), (4, 3));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_practice_card_is_pulled_between_two_signatures() {
    survives_being_pulled(Card::Practice);
}

#[test]
fn a_card_that_answers_in_pieces_is_pulled_between_two_signatures() {
    survives_being_pulled(Card::SmartcardApp);
}

#[test]
fn a_card_without_extended_length_is_pulled_between_two_signatures() {
    survives_being_pulled(Card::Jcecard);
}

#[test]
fn the_program_that_holds_the_reader_is_named_and_left_alone() {
    let Some(setup) = Setup::new(Card::Practice) else { return };
    let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a folder");
    std::fs::write(home.path().join("scdaemon.conf"), "disable-ccid\n").expect("written");
    let mut gpg = setup.command(Path::new("gpg"));
    let status = gpg.env("GNUPGHOME", home.path()).args(["--batch", "--card-status"]).output();
    let Ok(status) = status else {
        countersign_tests::skip("gpg is not installed");
        return;
    };
    assert_ok(&status);
    let busy = setup.airgap("card status");
    let text = String::from_utf8_lossy(&busy.stderr).into_owned();
    let kill =
        Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]).output();
    assert!(kill.is_ok());
    assert_eq!(busy.status.code(), Some(5), "{text}");
    assert!(text.contains("scdaemon (process "), "{text}");
    assert!(text.contains("hint: ") && text.contains("gpgconf --kill scdaemon"), "{text}");
}
