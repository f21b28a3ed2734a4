//! People who sign modules with gpg, masters who certify them with gpg, and a PBX that verifies
//! with gpg: a world of throw-away homes, with a clock of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::module::Keyring;
use countersign::time::Timestamp;
use tempfile::TempDir;

use crate::people::{find, gpg, kill_agent, new_home};
use crate::run::run;

/// When the world begins: 2020-09-13.
pub const BEGIN: u32 = 1_600_000_000;
const DAY: u32 = 86_400;

/// Homes of their own, so that nobody signs with somebody else's key.
pub struct World {
    root: TempDir,
    begin: u32,
    masters: Vec<&'static str>,
    homes: Vec<PathBuf>,
}

/// What gpg told a PBX.
#[derive(Debug)]
pub struct Told {
    /// The status lines that matter, in one line.
    pub line: String,
    /// What FreePBX makes of them, before it looks at any file.
    pub number: u8,
}

impl World {
    /// With two RSA masters, `one` and `two`, and a developer, `dev`.
    pub fn new() -> Self {
        Self::since(BEGIN)
    }

    /// The same, begun at another time.
    pub fn since(begin: u32) -> Self {
        let mut world = Self::empty(begin);
        for master in ["one", "two"] {
            world.master(master, "rsa2048", "never");
        }
        world.person("dev", "ed25519", "never");
        world
    }

    /// With nobody in it.
    pub fn empty(begin: u32) -> Self {
        let root = TempDir::with_prefix("cs").expect("a temporary folder");
        Self { root, begin, masters: Vec::new(), homes: Vec::new() }
    }

    /// A new master, trusted ultimately by the PBX.
    pub fn master(&mut self, name: &'static str, algorithm: &str, ends: &str) {
        self.person(name, algorithm, ends);
        self.masters.push(name);
    }

    /// Somebody with a key and the user ID `NAME <NAME@example.org>`.
    pub fn person(&mut self, name: &str, algorithm: &str, ends: &str) {
        let home = self.home(name);
        new_home(&home);
        self.homes.push(home);
        let user_id = format!("{name} <{name}@example.org>");
        let make = ["--quick-generate-key", &user_id, algorithm, "sign", ends];
        self.gpg(name, 0, &make);
    }

    /// The time on a day of this world.
    pub fn day(&self, day: u32) -> Timestamp {
        Timestamp::from_unix(self.begin + day * DAY)
    }

    /// Somebody's gpg home.
    pub fn home(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs gpg in somebody's home on some day.
    #[track_caller]
    pub fn gpg(&self, name: &str, day: u32, arguments: &[&str]) -> String {
        let time = format!("{}!", self.day(day).unix());
        gpg(&self.home(name), &[&["--faked-system-time", &time], arguments].concat()).ok().out
    }

    /// Somebody's fingerprint.
    pub fn fingerprint(&self, name: &str) -> String {
        find(&self.home(name), &format!("={name} <{name}@example.org>"))
    }

    /// Somebody's certificate as it is at home.
    pub fn public(&self, name: &str) -> String {
        gpg(&self.home(name), &["--armor", "--export", &self.fingerprint(name)]).ok().out
    }

    /// Somebody's key, exported with its secret part.
    pub fn secret(&self, name: &str) -> String {
        let key = self.fingerprint(name);
        gpg(&self.home(name), &["--armor", "--export-secret-keys", &key]).ok().out
    }

    /// `from` hands their copy of `whose` certificate to `to`.
    fn hand(&self, whose: &str, from: &str, to: &str) {
        let file = self.root.path().join("handed.asc");
        let key = self.fingerprint(whose);
        let text = gpg(&self.home(from), &["--armor", "--export", &key]).ok().out;
        fs::write(&file, text).expect("a writable folder");
        gpg(&self.home(to), &["--import", &file.display().to_string()]).ok();
    }

    /// Puts keys into somebody's home.
    pub fn import(&self, name: &str, keys: &str) {
        let file = self.root.path().join("keys.asc");
        fs::write(&file, keys).expect("a writable folder");
        gpg(&self.home(name), &["--import", &file.display().to_string()]).ok();
    }

    /// `by` certifies the user IDs of `whose` (all, or those given) on a day.
    pub fn certify(&self, by: &str, whose: &str, day: u32, options: &[&str], user_ids: &[&str]) {
        self.hand(whose, whose, by);
        let key = self.fingerprint(whose);
        let sign = [options, &["--quick-sign-key", &key], user_ids].concat();
        self.gpg(by, day, &sign);
        self.hand(whose, by, whose);
    }

    /// `by` appoints `whom` as an introducer of depth 1: `amount` is 1 (60, partial) or 2 (120).
    pub fn appoint(&self, by: &str, whom: &str, day: u32, amount: &str) {
        self.hand(whom, whom, by);
        let answers = format!("{amount}\n1\n\ny\nsave\n");
        self.edit(by, whom, day, "tsign", &answers);
        self.hand(whom, by, whom);
    }

    /// `by` certifies so that it cannot be taken back.
    pub fn certify_for_good(&self, by: &str, whose: &str, day: u32) {
        self.hand(whose, whose, by);
        self.edit(by, whose, day, "nrsign", "y\nsave\n");
        self.hand(whose, by, whose);
    }

    /// `by` takes certifications of `whose` back: for each, in order, `y` or `n`.
    pub fn revoke(&self, by: &str, whose: &str, day: u32, each: &[&str], options: &[&str]) {
        self.hand(whose, whose, by);
        let answers = format!("{}\ny\n0\n\ny\nsave\n", each.join("\n"));
        self.edit_with(by, whose, day, "revsig", &answers, options);
        self.hand(whose, by, whose);
    }

    fn edit(&self, by: &str, whose: &str, day: u32, command: &str, answers: &str) {
        self.edit_with(by, whose, day, command, answers, &[]);
    }

    fn edit_with(
        &self,
        by: &str,
        whose: &str,
        day: u32,
        command: &str,
        answers: &str,
        options: &[&str],
    ) {
        let mut gpg = self.interactive(by, day);
        gpg.args(options).args(["--edit-key", &self.fingerprint(whose), command]);
        run(&gpg, answers).ok();
    }

    /// gpg that takes answers from its standard input.
    pub fn interactive(&self, name: &str, day: u32) -> Command {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.home(name));
        command.args(["--yes", "--no-tty", "--quiet", "--expert", "--command-fd", "0"]);
        command.args(["--pinentry-mode", "loopback", "--passphrase", ""]);
        command.args(["--faked-system-time", &format!("{}!", self.day(day).unix())]);
        command
    }

    /// `who` revokes their own key: reason 0 none, 1 compromised, 2 superseded, 3 retired.
    pub fn revoke_key(&self, who: &str, day: u32, reason: &str) {
        let file = self.root.path().join("revocation.asc");
        let mut gpg = self.interactive(who, day);
        gpg.arg("--output").arg(&file).args(["--gen-revoke", &self.fingerprint(who)]);
        run(&gpg, &format!("y\n{reason}\n\ny\n")).ok();
        self.gpg(who, day, &["--import", &file.display().to_string()]);
    }

    /// The text of a `module.sig` that lists one file.
    pub fn text(&self, signed_with: &str, more: &str) -> String {
        let digest = Sha256::of(b"<?php\n");
        let key = self.fingerprint(signed_with);
        let config = format!("[config]\nversion=2\nhash=sha256\nsignedwith={key}\nsignedby=test\n");
        format!(
            "{HEADER}{config}repo=manual\ntype=public\n{more}[hashes]\na.php = {digest}\n;# End\n"
        )
    }

    /// Signs a text on a day.
    pub fn sign(&self, who: &str, day: u32, text: &str, options: &[&str]) -> Vec<u8> {
        self.signed(who, day, text, &[&["--clearsign"], options].concat())
    }

    /// Makes a message of any kind of a text.
    pub fn signed(&self, who: &str, day: u32, text: &str, options: &[&str]) -> Vec<u8> {
        let (input, output) = (self.root.path().join("text"), self.root.path().join("signed"));
        fs::write(&input, text).expect("a writable folder");
        let _ = fs::remove_file(&output);
        let files = [output.display().to_string(), input.display().to_string()];
        self.gpg(who, day, &[&["--output", &files[0]], options, &[&files[1]]].concat());
        fs::read(&output).expect("gpg wrote it")
    }

    /// The masters and these people as a keyring of ours.
    pub fn keyring(&self, people: &[&str]) -> Keyring {
        let masters: Vec<Certificate> = self.masters.iter().map(|m| self.certificate(m)).collect();
        let gatherer = Keyring::of(&masters);
        let add = |g: countersign::module::keyring::Gatherer, name: &&str| {
            g.bytes(name, self.public(name).as_bytes())
        };
        people.iter().fold(gatherer, add).finish()
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read(self.public(name).as_bytes(), &[]).expect("gpg's export reads")
    }

    /// The gpg home of a PBX that has the masters, trusted ultimately, and these people.
    pub fn pbx(&self, people: &[&str], day: u32) -> PathBuf {
        let home = self.root.path().join("pbx");
        let _ = fs::remove_dir_all(&home);
        new_home(&home);
        let file = self.root.path().join("public.asc");
        let mut trust = String::new();
        for name in self.masters.iter().chain(people) {
            fs::write(&file, self.public(name)).expect("a writable folder");
            self.gpg("pbx", day, &["--import", &file.display().to_string()]);
        }
        for master in &self.masters {
            trust += &format!("{}:6:\n", self.fingerprint(master));
        }
        fs::write(&file, trust).expect("a writable folder");
        self.gpg("pbx", day, &["--import-ownertrust", &file.display().to_string()]);
        home
    }

    /// What gpg tells a PBX that has the masters and these people in its keyring.
    pub fn verify(&self, people: &[&str], day: u32, signature: &[u8]) -> Told {
        let home = self.pbx(people, day);
        let module = self.root.path().join("module.sig");
        fs::write(&module, signature).expect("a writable folder");
        let told = self.as_freepbx_asks(day, &module);
        kill_agent(&home);
        told
    }

    fn as_freepbx_asks(&self, day: u32, module: &Path) -> Told {
        let time = format!("{}!", self.day(day).unix());
        let ask = |arguments: &[&str]| {
            let mut gpg = Command::new("gpg");
            gpg.arg("--homedir").arg(self.home("pbx")).args(["--no-tty", "--disable-dirmngr"]);
            gpg.args(["--no-auto-key-retrieve", "--faked-system-time", &time]).args(arguments);
            run(&gpg, "").out
        };
        let output = self.root.path().join("output").display().to_string();
        let module = module.display().to_string();
        let _ = fs::remove_file(&output);
        let status = ask(&["--status-fd", "1", "--output", &output, &module]);
        let lines = status.lines().filter_map(|l| l.strip_prefix("[GNUPG:] "));
        let words: Vec<&str> = lines.clone().filter_map(|l| l.split(' ').next()).collect();
        let signed_by = lines.clone().filter_map(|l| l.strip_prefix("VALIDSIG ")).next_back();
        let signed_by = signed_by.and_then(|l| l.split(' ').next());
        let listed = ask(&[&["--with-colons", "--check-sigs"], signed_by.as_slice()].concat());
        let number = freepbx_number(&words, &listed, &self.master_ids());
        let matters = |w: &&&str| MATTERS.contains(w);
        let line: Vec<&str> = words.iter().filter(matters).copied().collect();
        Told { line: line.join(" "), number }
    }

    fn master_ids(&self) -> Vec<String> {
        self.masters.iter().map(|m| self.fingerprint(m)[24..].to_owned()).collect()
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for home in &self.homes {
            kill_agent(home);
        }
    }
}

/// The status lines that FreePBX knows, and the others about a signature.
const MATTERS: [&str; 12] = [
    "GOODSIG",
    "EXPSIG",
    "EXPKEYSIG",
    "REVKEYSIG",
    "VALIDSIG",
    "BADSIG",
    "ERRSIG",
    "NO_PUBKEY",
    "TRUST_UNDEFINED",
    "TRUST_MARGINAL",
    "TRUST_FULLY",
    "TRUST_ULTIMATE",
];

/// FreePBX 17's `checkSig`, written down once more and apart from ours: gpg's words and colon
/// listing to a number; 129 stands for "goes on to the files".
fn freepbx_number(words: &[&str], listed: &str, masters: &[String]) -> u8 {
    let said = |word: &str| words.contains(&word);
    if said("NO_PUBKEY") {
        return 4;
    }
    if said("TRUST_FULLY") || said("TRUST_ULTIMATE") {
        return 129;
    }
    let revoked = |id: &String| listed.lines().any(|l| l.starts_with(&format!("rev:!::1:{id}")));
    if masters.iter().any(revoked) {
        return 64;
    }
    let bits = [
        ("VALIDSIG", 1),
        ("BADSIG", 2),
        ("TRUST_UNDEFINED", 2 | 4),
        ("ERRSIG", 4),
        ("EXPKEYSIG", 32),
    ];
    bits.iter().filter(|(word, _)| said(word)).fold(0, |number, (_, bit)| number | bit)
}

const HEADER: &str = "\
;################################################
;#        FreePBX Module Signature File         #
;################################################
;# Do not alter the contents of this file!  If  #
;# this file is tampered with, the module will  #
;# fail validation and be marked as invalid!    #
;################################################

";
