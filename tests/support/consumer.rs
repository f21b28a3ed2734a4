//! Somebody with gpg who trusts one master and nobody else.

use std::process::Command;

use tempfile::TempDir;

use crate::people::{find, kill_agent, new_home};
use crate::run::{Run, run};
use crate::scenario::Scenario;

/// A gpg home in which the master is trusted ultimately. Its clock is a minute ahead.
pub struct Consumer<'a> {
    scenario: &'a Scenario,
    home: TempDir,
}

impl<'a> Consumer<'a> {
    /// Imports the master.
    pub fn new(scenario: &'a Scenario) -> Self {
        Self::of(scenario, "master")
    }

    /// Imports the master of this name.
    pub fn of(scenario: &'a Scenario, master: &str) -> Self {
        let home = TempDir::with_prefix("cs").expect("a temporary folder");
        new_home(home.path());
        let consumer = Self { scenario, home };
        consumer.gpg(&["--import", &format!("{master}.asc")], "").ok();
        let master = find(consumer.home.path(), "keys@example.org");
        consumer.gpg(&["--import-ownertrust"], &format!("{master}:6:\n")).ok();
        consumer
    }

    /// Runs gpg in the scenario's folder.
    pub fn gpg(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.home.path()).args(["--batch", "--no-tty"]);
        command.args(["--trust-model", "pgp", "--faked-system-time"]);
        command.arg((self.scenario.now().unix() + 60).to_string()).args(arguments);
        command.current_dir(self.scenario.root());
        run(&command, input)
    }

    /// Imports the developer from the authority's record.
    pub fn import_record(&self, key: &str) {
        let file = format!("authority/developers/{key}.asc");
        self.gpg(&["--import", &file], "").ok();
    }

    /// gpg's validity of each user ID: `f` is fully valid.
    pub fn validities(&self, key: &str) -> Vec<(String, String)> {
        self.gpg(&["--check-trustdb"], "").ok();
        let listing = self.gpg(&["--with-colons", "--list-keys", key], "").ok().out;
        let user_ids = listing.lines().filter(|l| l.starts_with("uid:"));
        let fields = user_ids.map(|l| l.split(':').collect::<Vec<_>>());
        let mut found: Vec<_> = fields.map(|f| (f[9].to_owned(), f[1].to_owned())).collect();
        found.sort();
        found
    }

    /// Whether every user ID is fully valid; false for one that is not, and for none.
    pub fn trusts(&self, key: &str) -> bool {
        let found = self.validities(key);
        !found.is_empty() && found.iter().all(|(_, validity)| validity == "f")
    }

    /// Whether no user ID is valid.
    pub fn distrusts(&self, key: &str) -> bool {
        let found = self.validities(key);
        !found.is_empty() && found.iter().all(|(_, validity)| !"mfu".contains(validity.as_str()))
    }
}

impl Drop for Consumer<'_> {
    fn drop(&mut self) {
        kill_agent(self.home.path());
    }
}
