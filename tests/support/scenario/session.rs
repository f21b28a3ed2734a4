//! A session of the station's program, set up step by step.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::Scenario;
use crate::people::{PIN, with_pins};
use crate::program;
use crate::run::{Run, run};

/// A session about to be run: every request gets `Yes`, the PIN is right, all else as usual.
pub struct Session<'a> {
    scenario: &'a Scenario,
    answers: String,
    pin: String,
    card: String,
    from: [String; 2],
    to: [String; 2],
    more: Vec<String>,
}

impl<'a> Session<'a> {
    /// The usual one.
    pub(super) fn of(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            answers: "Yes\n".repeat(20),
            pin: PIN.to_owned(),
            card: "card".into(),
            from: ["--in".into(), "stick".into()],
            to: ["--out".into(), "stick".into()],
            more: Vec::new(),
        }
    }

    /// What the operator types, line by line.
    #[must_use]
    pub fn answers(mut self, answers: &str) -> Self {
        answers.clone_into(&mut self.answers);
        self
    }

    /// The PIN that is typed.
    #[must_use]
    pub fn pin(mut self, pin: &str) -> Self {
        pin.clone_into(&mut self.pin);
        self
    }

    /// The folder of the practice card.
    #[must_use]
    pub fn card(mut self, folder: &str) -> Self {
        folder.clone_into(&mut self.card);
        self
    }

    /// The folder with the requests.
    #[must_use]
    pub fn input(mut self, folder: &str) -> Self {
        self.from = ["--in".into(), folder.into()];
        self
    }

    /// Pictures of codes in place of a stick with requests.
    #[must_use]
    pub fn camera(mut self, source: &str) -> Self {
        self.from = ["--camera".into(), source.into()];
        self
    }

    /// The folder for the answers.
    #[must_use]
    pub fn output(mut self, folder: &str) -> Self {
        self.to = ["--out".into(), folder.into()];
        self
    }

    /// A file with codes in place of a stick for answers.
    #[must_use]
    pub fn screen(mut self, file: &str) -> Self {
        self.to = ["--screen".into(), file.into()];
        self
    }

    /// More arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.more.extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    /// Runs it, and kills it (SIGKILL) as soon as it said that it made so many signatures. Returns
    /// what it had said until then.
    pub fn killed_after(self, signatures: usize) -> String {
        let (mut command, answers) = (self.command(), self.answers.clone());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the programs are built");
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(answers.as_bytes()));
        let mut said = String::new();
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        for line in lines.map_while(Result::ok) {
            said.push_str(&line);
            said.push('\n');
            if line.starts_with(&format!("signed {signatures} of ")) {
                break;
            }
        }
        child.kill().expect("it runs");
        child.wait().expect("a child can be waited for");
        said
    }

    /// Runs it.
    pub fn run(self) -> Run {
        let run = run(&self.command(), &self.answers);
        if self.from[0] == "--camera" || self.to[0] == "--screen" {
            // Reading and drawing takes seconds on a busy machine, and the journal knows.
            self.scenario.pass(30);
        }
        run
    }

    /// The command that runs it, for a test that does more than type.
    pub fn command(&self) -> Command {
        self.doing("run", &self.from)
    }

    /// The command that has the card sign the record of what is in none.
    pub fn record(&self) -> Command {
        self.doing("record", &[])
    }

    fn doing(&self, verb: &str, from: &[String]) -> Command {
        let pins = self.scenario.path("pins");
        fs::write(&pins, format!("{}\n", self.pin)).expect("a writable folder");
        let mut command = with_pins(&program("airgap"), &pins);
        command.args(["session", verb]).args(from.iter().chain(&self.to));
        if !self.card.is_empty() {
            command.args(["--practice-card", &self.card]);
        }
        command.args(&self.more);
        self.scenario.prepared(command)
    }
}
