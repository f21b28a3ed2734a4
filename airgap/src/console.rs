//! The only place that reads from a person.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use countersign::journal;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::{ExposeSecret as _, SecretString};

/// A person at the station, or whatever stands in for one.
pub trait Console {
    /// Shows text.
    fn show(&mut self, text: &str);

    /// Asks a question; none where the person is gone (end of input).
    ///
    /// # Errors
    /// Where the terminal fails.
    fn ask(&mut self, question: &str) -> io::Result<Option<String>>;

    /// Asks for a PIN, which is not shown.
    ///
    /// # Errors
    /// Where no PIN can be read.
    fn pin(&mut self, question: &str) -> io::Result<SecretString>;

    /// Tells how far a step is: `done` of `all`, and what the last one was.
    fn progress(&mut self, step: Step, done: usize, all: usize, what: &str);

    /// Whether a person types, or a script speaks.
    fn consent(&self) -> journal::Consent;
}

/// What takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Requests are read and judged.
    Reading,
    /// Consents to a batch are written down.
    Recording,
    /// The card signs.
    Signing,
}

impl Step {
    /// What is counted.
    fn unit(self) -> &'static str {
        match self {
            Self::Reading => "requests read",
            Self::Recording => "consents written down",
            Self::Signing => "signatures",
        }
    }
}

/// The terminal, or a pipe in its place.
pub struct Terminal {
    pins: Option<io::Lines<io::BufReader<std::fs::File>>>,
    bar: Option<(Step, ProgressBar)>,
}

impl Terminal {
    /// A console on standard input and output. PINs are typed at the terminal, or read line by
    /// line from the file descriptor `pin_fd`.
    ///
    /// # Errors
    /// Where the file descriptor is not open.
    pub fn new(pin_fd: Option<u32>) -> io::Result<Self> {
        let open = |fd: u32| std::fs::File::open(PathBuf::from(format!("/proc/self/fd/{fd}")));
        let pins = pin_fd.map(open).transpose()?;
        // A PIN file of any length is read no further than PINs go.
        let lines = pins.map(|file| io::BufReader::with_capacity(128, file).lines());
        Ok(Self { pins: lines, bar: None })
    }
}

impl Terminal {
    /// Takes the bar away, before something else is shown.
    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Asks for a PIN that does not exist yet, of `least` characters: twice, where it is typed.
    ///
    /// # Errors
    /// Where no PIN can be read.
    pub fn new_pin(&mut self, question: &str, least: usize) -> io::Result<SecretString> {
        loop {
            let pin = self.pin(question)?;
            if self.pins.is_some() {
                return Ok(pin);
            }
            if pin.expose_secret().len() < least {
                self.show(&format!("Too short: {least} characters at least.\n"));
                continue;
            }
            let again = self.pin("The same again: ")?;
            if pin.expose_secret() == again.expose_secret() {
                return Ok(pin);
            }
            self.show("They differ.\n");
        }
    }
}

impl Console for Terminal {
    fn show(&mut self, text: &str) {
        if let Some((_, bar)) = &self.bar {
            // What is written while the bar stands would be torn by it.
            bar.suspend(|| put(text));
        } else {
            put(text);
        }
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        self.clear();
        // What was typed before the question was shown is no answer to it.
        if io::stdin().is_terminal() {
            let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        }
        self.show(question);
        let mut line = String::new();
        let mut input = io::stdin().lock();
        let read = input.by_ref().take(1_000).read_line(&mut line)?;
        while read == 1_000 && !line.ends_with('\n') {
            // Too long to be an answer: its rest must not answer the next question.
            line.clear();
            if input.by_ref().take(1_000).read_line(&mut line)? < 1_000 {
                line.clear();
                break;
            }
        }
        drop(input);
        if !io::stdin().is_terminal() {
            self.show(&format!("{}\n", countersign::safe::Safe(line.trim_end())));
        }
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn pin(&mut self, question: &str) -> io::Result<SecretString> {
        let pin = match &mut self.pins {
            Some(lines) => lines.next().ok_or_else(|| {
                io::Error::new(io::ErrorKind::UnexpectedEof, "the file descriptor holds no PIN")
            })??,
            None => rpassword::prompt_password(question)?,
        };
        Ok(SecretString::from(pin))
    }

    fn progress(&mut self, step: Step, done: usize, all: usize, what: &str) {
        if !io::stderr().is_terminal() {
            if step == Step::Signing {
                self.show(&format!("signed {done} of {all}: {what}\n"));
            }
            return;
        }
        if self.bar.as_ref().is_some_and(|(of, _)| *of != step) {
            self.clear();
        }
        let (_, bar) = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(all as u64);
            let form =
                format!("{{bar:30}} {{pos}}/{{len}} {}, {{eta}} left  {{wide_msg}}", step.unit());
            bar.set_style(ProgressStyle::with_template(&form).expect("a constant template"));
            bar.enable_steady_tick(Duration::from_millis(250));
            (step, bar)
        });
        bar.set_message(what.to_owned());
        bar.set_position(done as u64);
        if done == all {
            bar.finish();
            self.bar = None;
        }
    }

    fn consent(&self) -> journal::Consent {
        if io::stdin().is_terminal() { journal::Consent::Typed } else { journal::Consent::Scripted }
    }
}

/// A closed pipe on the other side must not stop a ceremony half-way.
fn put(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
