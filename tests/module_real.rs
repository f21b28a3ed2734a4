//! Signatures of real FreePBX systems, where they are at hand (see docs/developing.md): who signed
//! each, by which chain, the verdicts, and that gpg says what our model of it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::certificate::Certificate;
use countersign::module::strict::{self, Problem, WeakChains};
use countersign::module::{
    Comparison, FileState, Keyring, Reading, SignedText, SignedTextError, explain, freepbx, gpg,
};
use countersign::time::Timestamp;
use countersign_tests::people::{kill_agent, new_home};
use countersign_tests::run::run;
use countersign_tests::skip;
use tempfile::TempDir;

const OLD: &str = "9F9169F4B33B4659";
const NEW: &str = "1588A7366BD35B34";
const MIRROR: &str = "456D051E9204C27C37D4811BB53D215A755231A3";
const EARLY_MIRROR: &str = "1013D73FECAC918A0A25823986CE877469D2EAD9";

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/freepbx");
    if !folder.is_dir() {
        skip("no real FreePBX signatures beside the project");
        return None;
    }
    Some(folder)
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22").expect("a date")
}

/// The keyring of all real keys, and a PBX's gpg with the same.
struct Pbx {
    folder: PathBuf,
    keyring: Keyring,
    home: TempDir,
}

impl Pbx {
    fn new() -> Option<Self> {
        let folder = folder()?;
        let keys = folder.join("keys");
        let master = |id: &str| {
            let bytes = fs::read(keys.join(format!("{id}.key"))).expect("a master's key file");
            Certificate::read(bytes.as_slice(), &[]).expect("a certificate")
        };
        let masters = [master(OLD), master(NEW)];
        let keyring = Keyring::of(&masters).folder(&keys).finish();
        let pbx = Self { folder, keyring, home: TempDir::with_prefix("cs").expect("a folder") };
        new_home(pbx.home.path());
        for entry in fs::read_dir(&keys).expect("a folder").filter_map(Result::ok) {
            pbx.gpg(&["--batch", "--import", &entry.path().display().to_string()], "");
        }
        let trust: String = masters.iter().map(|m| format!("{}:6:\n", m.fingerprint())).collect();
        pbx.gpg(&["--import-ownertrust"], &trust);
        Some(pbx)
    }

    fn gpg(&self, arguments: &[&str], input: &str) -> String {
        let mut gpg = Command::new("gpg");
        gpg.arg("--homedir").arg(self.home.path()).args(["--no-tty", "--disable-dirmngr"]);
        let time = format!("{}!", now().unix());
        gpg.args(["--no-auto-key-retrieve", "--faked-system-time", &time]).args(arguments);
        run(&gpg, input).out
    }

    fn files(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.folder.join(kind)).expect("a folder");
        let mut found: Vec<(String, Vec<u8>)> = entries
            .filter_map(Result::ok)
            .map(|e| {
                let name = e.file_name().to_string_lossy().into_owned();
                (name, fs::read(e.path()).expect("a readable file"))
            })
            .collect();
        found.sort();
        found
    }

    /// Both verdicts, as if each listed file were there.
    fn judge(&self, name: &str, file: &[u8], weak: WeakChains) -> Judged {
        let read = Reading::parse(file);
        let raw_name = name.split(['.', '-']).next().unwrap_or_default();
        let same = |r: &Reading| {
            r.entries().into_iter().map(|e| (e.path, FileState::Same)).collect::<Vec<_>>()
        };
        let listed = read.as_ref().map(same).unwrap_or_default();
        let files = Comparison { listed, unlisted: Vec::new() };
        let case = strict::Case {
            folder: raw_name,
            file: Some(read.as_ref()),
            files: &files,
            remarks: &[],
            xml: None,
            keyring: &self.keyring,
            weak,
            now: now(),
        };
        let strict = strict::judge(&case);
        let freepbx = self.freepbx(raw_name, &read, &files);
        let told = match &read {
            Ok(reading) => explain::Explained { reading, verdict: &strict }.to_string(),
            Err(_) => String::new(),
        };
        Judged {
            signer: strict.signer.as_ref().map(|s| s.key.certificate().fingerprint().to_string()),
            problems: names(&strict.problems),
            status: freepbx.status.number(),
            checked: freepbx.checked,
            difference: explain::difference(&strict, &freepbx),
            told,
        }
    }

    fn freepbx(
        &self,
        raw_name: &str,
        read: &Result<Reading, SignedTextError>,
        files: &Comparison,
    ) -> freepbx::Verdict {
        let nothing = freepbx::Config::default();
        let (answers, config, files) = match read {
            Ok(reading) => (
                gpg::answers(&reading.signed, &self.keyring, now()),
                &reading.parsed.config,
                reading.files_for_freepbx(raw_name, files),
            ),
            Err(_) => (Vec::new(), &nothing, Vec::new()),
        };
        let (answers, files) = (answers.as_slice(), files.as_slice());
        let secure = freepbx::Secure::Absent;
        let found = freepbx::Found::Signature { answers, config, files, secure };
        freepbx::verdict(found, &self.keyring, now())
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        kill_agent(self.home.path());
    }
}

#[derive(Debug)]
struct Judged {
    signer: Option<String>,
    problems: Vec<&'static str>,
    status: u8,
    checked: usize,
    difference: Option<String>,
    told: String,
}

fn names(problems: &[Problem]) -> Vec<&'static str> {
    let mut names: Vec<_> = problems.iter().map(Problem::name).collect();
    names.dedup();
    names
}

#[test]
fn official_modules_are_good_by_the_chain_that_their_signer_has() {
    let Some(pbx) = Pbx::new() else { return };
    assert!(pbx.keyring.refused().is_empty(), "{:?}", pbx.keyring.refused());
    let files = pbx.files("signatures");
    assert!(!files.is_empty());
    for (name, file) in files {
        let refused = pbx.judge(&name, &file, WeakChains::Refuse);
        let accepted = pbx.judge(&name, &file, WeakChains::Accept);
        let early = String::from_utf8_lossy(&file).contains("signedwith=86CE877469D2EAD9");
        assert!(early || !name.starts_with("fpbx13-"), "{name}");
        let (signer, master) = if early { (EARLY_MIRROR, OLD) } else { (MIRROR, NEW) };
        assert_eq!(refused.signer.as_deref(), Some(signer), "{name}");
        let counts = refused.told.lines().find(|l| l.ends_with("this counts."));
        assert!(counts.is_some_and(|l| l.contains(master)), "{name}: {}", refused.told);
        let weak: &[&str] = if early { &["weak-chain"] } else { &[] };
        assert_eq!(refused.problems, weak, "{name}");
        assert!(accepted.problems.is_empty(), "{name}: {accepted:?}");
        assert_eq!((accepted.status, accepted.difference), (129, None), "{name}");
        assert!(accepted.checked > 0, "{name}");
    }
}

#[test]
fn odd_signatures_are_told_for_what_they_are() {
    let Some(pbx) = Pbx::new() else { return };
    for (name, file) in pbx.files("odd") {
        let judged = pbx.judge(&name, &file, WeakChains::Refuse);
        let (problem, status) = match name.as_str() {
            "backblaze-odd.module.sig" => ("not-certified", 129),
            "blacklist-plus-modded.module.sig" => ("weak-chain", 129),
            "simpledialer-fake.module.sig" => ("unreadable", 0),
            _ => ("unknown-signer", 4),
        };
        assert!(judged.problems.contains(&problem), "{name}: {judged:?}");
        assert_eq!(judged.status, status, "{name}: {judged:?}");
        if status == 129 {
            assert!(judged.difference.is_some(), "{name}");
        }
    }
}

#[test]
fn gpg_says_what_our_model_of_it_says() {
    let Some(pbx) = Pbx::new() else { return };
    for (name, file) in [pbx.files("signatures"), pbx.files("odd")].concat() {
        let path = pbx.home.path().join("module.sig");
        fs::write(&path, &file).expect("a writable folder");
        let output = pbx.home.path().join("output");
        let _ = fs::remove_file(&output);
        let files = [output.display().to_string(), path.display().to_string()];
        let status = pbx.gpg(&["--status-fd", "1", "--output", &files[0], &files[1]], "");
        let words = status.lines().filter_map(|l| l.strip_prefix("[GNUPG:] "));
        let words = words.filter_map(|l| l.split(' ').next());
        let matters = |w: &&str| w.contains("SIG") || w.starts_with("TRUST") || *w == "NO_PUBKEY";
        let told: Vec<&str> =
            words.filter(matters).filter(|w| !["NEWSIG", "SIG_ID"].contains(w)).collect();
        let answers = SignedText::parse(&file).map(|t| gpg::answers(&t, &pbx.keyring, now()));
        let ours: Vec<String> = answers.iter().flatten().map(ToString::to_string).collect();
        assert_eq!(ours.join(" "), told.join(" "), "{name}");
    }
}
