//! An authority, its station, a card and a stick in one folder, and a clock of their own.

mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use countersign::time::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::people::{copy, fingerprint, kept, kill_agent};
use crate::program;
use crate::run::{Run, run, within};

pub use session::Session;

const AGREEMENT: &str = "I keep my key to myself, and say so when it is lost.\n";

/// Everything that a story needs. Programs run in [`Scenario::root`], where `authority`, `station`,
/// `stick`, `card`, `agreement.txt` and everybody's `NAME.asc` and `NAME.key` are.
pub struct Scenario {
    root: TempDir,
    clock: AtomicU32,
    memory: Option<u32>,
}

/// What was signed up to a moment, to be compared with later.
#[derive(Debug, PartialEq, Eq)]
pub struct Watch {
    counter: u64,
    journalled: usize,
    answered: usize,
}

impl Scenario {
    /// With the policy that `countersign authority init` writes.
    pub fn new() -> Self {
        Self::with_policy(|policy| policy)
    }

    /// With a policy edited before the station is set up.
    pub fn with_policy(edit: impl FnOnce(String) -> String) -> Self {
        Self::of_masters_with(&["one"], edit)
    }

    /// With these people as managers who may ask for nothing, and this at the policy's end, where
    /// each name in capitals stands for its fingerprint.
    pub fn with_approvals(people: &[&str], policy: &str) -> Self {
        let scenario = Self::without_station();
        let path = scenario.path("authority/policy.toml");
        let mut text = fs::read_to_string(&path).expect("a policy");
        let mut policy = policy.to_owned();
        for name in people.iter().copied().chain(["maria"]) {
            let key = fingerprint(name);
            policy = policy.replace(&name.to_uppercase(), &key);
            if name != "maria" {
                let file = format!("authority/managers/{key}.asc");
                fs::copy(scenario.path(&format!("{name}.asc")), scenario.path(&file))
                    .expect("a copy");
                text.push_str(&format!(
                    "\n[[manager]]\nname = \"{name}\"\nfingerprint = \"{key}\"\nmay_request = []\n"
                ));
            }
        }
        fs::write(&path, format!("{text}\n{policy}\n")).expect("a writable policy");
        scenario.airgap(&["station", "init", "--authority", "authority"]).ok();
        scenario
    }

    /// With the authority's record, and no station yet.
    pub fn without_station() -> Self {
        Self::authority_of(&["one"])
    }

    /// Of these masters, `one` or `two`; the card is the first one's, and `card-NAME` is everyone's.
    pub fn of_masters(masters: &[&str]) -> Self {
        Self::of_masters_with(masters, |policy| policy)
    }

    /// The same with a policy edited before the station is set up.
    pub fn of_masters_with(masters: &[&str], edit: impl FnOnce(String) -> String) -> Self {
        let scenario = Self::authority_of(masters);
        let path = scenario.path("authority/policy.toml");
        let policy = fs::read_to_string(&path).expect("a policy");
        fs::write(&path, edit(policy)).expect("a writable policy");
        scenario.airgap(&["station", "init", "--authority", "authority"]).ok();
        scenario
    }

    fn authority_of(masters: &[&str]) -> Self {
        let people = kept();
        let root = TempDir::with_prefix("cs").expect("a temporary folder");
        let clock = Timestamp::from(std::time::SystemTime::now()).unix();
        let scenario = Self { root, clock: AtomicU32::new(clock), memory: None };
        for entry in fs::read_dir(&people).expect("people").filter_map(Result::ok) {
            if entry.path().is_file() {
                fs::copy(entry.path(), scenario.root().join(entry.file_name())).expect("a copy");
            }
        }
        for name in masters {
            copy(&people.join(format!("{name}.card")), &scenario.path(&format!("card-{name}")));
        }
        let first = masters.first().copied().unwrap_or_default();
        let first_card = scenario.path(&format!("card-{first}"));
        std::os::unix::fs::symlink(first_card, scenario.path("card")).expect("a link");
        fs::copy(scenario.path(&format!("{first}.asc")), scenario.path("master.asc"))
            .expect("a copy");
        fs::create_dir(scenario.path("stick")).expect("a new folder");
        fs::write(scenario.path("agreement.txt"), AGREEMENT).expect("a new file");
        let init = ["authority", "init", "--name", "Example Project", "--domain", "example.org"];
        let files = ["--agreement", "agreement.txt", "--manager", "maria.asc"];
        let masters: Vec<String> = masters.iter().map(|m| format!("--master={m}.asc")).collect();
        let masters: Vec<&str> = masters.iter().map(String::as_str).collect();
        scenario.countersign(&[&init[..], &files, &masters].concat()).ok();
        scenario
    }

    /// Another one, in which everything is as it is here now.
    #[must_use]
    pub fn again(&self) -> Self {
        let root = TempDir::with_prefix("cs").expect("a temporary folder");
        copy(self.root(), root.path());
        let card = fs::read_link(self.path("card")).expect("a link");
        let card = root.path().join(card.file_name().unwrap_or_default());
        std::os::unix::fs::symlink(card, root.path().join("card")).expect("a link");
        Self { root, clock: AtomicU32::new(self.now().unix()), memory: self.memory }
    }

    /// Puts everybody's secret keys into a gpg home for `countersign`.
    pub fn with_gpg(self) -> Self {
        copy(&kept().join("gnupg"), &self.gnupg());
        self
    }

    /// Puts the card of another authority's master at `other-card`.
    pub fn with_other_card(self) -> Self {
        copy(&kept().join("two.card"), &self.path("other-card"));
        self
    }

    /// Gives the programs no more memory than so many megabytes.
    #[must_use]
    pub fn within(mut self, megabytes: u32) -> Self {
        self.memory = Some(megabytes);
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// gpg's home for `countersign`.
    pub fn gnupg(&self) -> PathBuf {
        self.path("gnupg")
    }

    /// The time now. It stands still until a program runs, and is never far from the clock's.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.clock.load(Ordering::Relaxed))
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u32) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Turns the clock back.
    pub fn turn_back(&self, seconds: u32) {
        self.clock.fetch_sub(seconds, Ordering::Relaxed);
    }

    /// Runs `countersign` a second later.
    pub fn countersign(&self, arguments: &[&str]) -> Run {
        self.run(Command::new(program("countersign")), arguments, "")
    }

    /// The same, with something typed.
    pub fn countersign_with(&self, arguments: &[&str], typed: &str) -> Run {
        self.run(Command::new(program("countersign")), arguments, typed)
    }

    /// Runs `airgap` a second later.
    pub fn airgap(&self, arguments: &[&str]) -> Run {
        self.run(Command::new(program("airgap")), arguments, "")
    }

    /// `airgap` a second later, for a test that does more than run it.
    pub fn airgap_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("airgap"));
        command.args(arguments);
        self.prepared(command)
    }

    /// Runs `airgap` a second later, and types this.
    pub fn airgap_told(&self, arguments: &[&str], input: &str) -> Run {
        self.run(Command::new(program("airgap")), arguments, input)
    }

    fn run(&self, mut command: Command, arguments: &[&str], input: &str) -> Run {
        command.args(arguments);
        run(&self.prepared(command), input)
    }

    /// A command a second later, in the scenario's folder.
    fn prepared(&self, mut command: Command) -> Command {
        self.pass(1);
        command.arg("--time").arg(self.now().to_string());
        command.current_dir(self.root()).env("GNUPGHOME", self.gnupg());
        command.env_remove("COUNTERSIGN_AUTHORITY").env_remove("AIRGAP_STATION");
        match self.memory {
            Some(megabytes) => within(megabytes, &command),
            None => command,
        }
    }

    /// Asks for somebody's certification with an exported key, onto the stick.
    pub fn certify(&self, name: &str) -> Run {
        self.certify_with(name, &[])
    }

    /// The same with more arguments.
    pub fn certify_with(&self, name: &str, more: &[&str]) -> Run {
        let key = format!("{name}.key");
        let ask = ["request", "certify", "--accept-agreement", "authority/agreement.txt"];
        let how = ["--key-file", &key, "--output", "stick"];
        self.countersign(&[&ask[..], &how, more].concat())
    }

    /// Asks for the revocation of somebody's certification, by the manager.
    pub fn revoke(&self, name: &str) -> Run {
        let key = fingerprint(name);
        let ask = ["request", "revoke", &key, "--reason", "user-id-invalid", "--text", "has left"];
        self.countersign(&[&ask[..], &["--key-file", "maria.key", "--output", "stick"]].concat())
    }

    /// A session to be run.
    pub fn session(&self) -> Session<'_> {
        Session::of(self)
    }

    /// Installs every answer on the stick.
    pub fn install(&self) -> Run {
        let answers = self.on_stick(".response.json");
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        self.countersign(&[&["response", "install", "--requests", "stick"], &answers[..]].concat())
    }

    /// Empties the stick.
    pub fn clear_stick(&self) {
        fs::remove_dir_all(self.path("stick")).expect("our own folder");
        fs::create_dir(self.path("stick")).expect("a new folder");
    }

    /// Takes the answers and summaries off the stick.
    pub fn clear_answers(&self) {
        for name in self.on_stick(".response.json").into_iter().chain(self.on_stick(".txt")) {
            fs::remove_file(self.path(&name)).expect("our own file");
        }
    }

    /// The files on the stick with this ending, `stick/…`, sorted.
    pub fn on_stick(&self, ending: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path("stick")).into_iter().flatten();
        let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> =
            names.filter(|n| n.ends_with(ending)).map(|n| format!("stick/{n}")).collect();
        names.sort();
        names
    }

    /// The only request on the stick.
    pub fn request(&self) -> PathBuf {
        let names = self.on_stick(".request.asc");
        assert_eq!(names.len(), 1, "{names:?}");
        self.path(&names[0])
    }

    /// The only answer on the stick, and its JSON.
    pub fn answer(&self) -> (PathBuf, Value) {
        let names = self.on_stick(".response.json");
        assert_eq!(names.len(), 1, "{names:?}");
        let path = self.path(&names[0]);
        let text = fs::read_to_string(&path).expect("an answer");
        (path, serde_json::from_str(&text).expect("JSON"))
    }

    /// The card's own words.
    pub fn card(&self) -> Value {
        let status = self.airgap(&["card", "status", "--practice-card", "card", "--json"]).ok();
        serde_json::from_str(&status.out).expect("JSON")
    }

    /// The journal's events.
    pub fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("station/journal.jsonl")).unwrap_or_default();
        let entries = text.lines().map(|l| serde_json::from_str::<Value>(l).expect("an entry"));
        entries.map(|e| e["event"].clone()).collect()
    }

    /// What has been signed until now.
    pub fn watch(&self) -> Watch {
        let signed = |name: &String| {
            let text = fs::read_to_string(self.path(name)).unwrap_or_default();
            text.contains("\"signed\"")
        };
        Watch {
            counter: self.card()["counter"].as_u64().expect("a number"),
            journalled: self.events().iter().filter(|e| e.get("signed").is_some()).count(),
            answered: self.on_stick(".response.json").iter().filter(|n| signed(n)).count(),
        }
    }

    /// Nothing was signed since: not by the card, not by the journal, not by an answer.
    #[track_caller]
    pub fn nothing_signed_since(&self, before: &Watch) {
        assert_eq!(self.watch(), *before);
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if self.gnupg().exists() {
            kill_agent(&self.gnupg());
        }
    }
}
