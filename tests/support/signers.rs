//! People who sign modules with gpg, masters who certify them with gpg, and a PBX that verifies
//! with gpg: a world of throw-away homes, with a clock of its own.

mod pbx;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use countersign::certificate::Certificate;
use countersign::digest::Sha256;
use countersign::module::{Form, Keyring};
use countersign::time::Timestamp;
use tempfile::TempDir;

use crate::people::{find, gpg, kill_agent, new_home};
use crate::run::run;

pub use pbx::Told;

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
        let header = Form::Public.header();
        let digest = Sha256::of(b"<?php\n");
        let key = self.fingerprint(signed_with);
        let config = format!("[config]\nversion=2\nhash=sha256\nsignedwith={key}\nsignedby=test\n");
        format!(
            "{header}{config}repo=manual\ntype=public\n{more}[hashes]\na.php = {digest}\n;# End\n"
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
