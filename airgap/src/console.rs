//! The only place that reads from a person.

mod pin_entry;

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::time::Duration;

use countersign::journal;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::card::{PinInput, PinPad, Secret};
pub use pin_entry::{PinEntry, PinWay};

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

    /// Asks for the PIN that signs, where the reader may have keys of its own for it.
    ///
    /// # Errors
    /// Where no PIN can be read.
    fn signing_pin(&mut self, question: &str, pad: PinPad) -> io::Result<PinInput> {
        match pad {
            PinPad::None | PinPad::OnReader => self.pin(question).map(PinInput::from),
        }
    }

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

/// A console for the making of a master: new PINs, and words that no script may repeat.
pub trait Ceremony: Console {
    /// Asks for a secret that a card is to get: twice, where a person types.
    ///
    /// # Errors
    /// Where none can be read.
    fn new_pin(&mut self, secret: Secret) -> io::Result<SecretString>;

    /// Asks for secret words; none where the person is gone. They are typed in sight, and nothing
    /// but the terminal shows them.
    ///
    /// # Errors
    /// Where the terminal fails.
    fn words(&mut self, question: &str) -> io::Result<Option<Zeroizing<String>>>;

    /// Takes what was shown off the screen, as far as the terminal lets it.
    fn wipe(&mut self);
}

/// The terminal, or a pipe in its place.
pub struct Terminal {
    pins: PinEntry,
    bar: Option<(Step, ProgressBar)>,
}

impl Terminal {
    /// A console on standard input and output; PINs come in by `pins`.
    pub fn new(pins: PinEntry) -> Self {
        Self { pins, bar: None }
    }
}

impl Terminal {
    /// Takes the bar away, before something else is shown.
    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Ceremony for Terminal {
    fn new_pin(&mut self, secret: Secret) -> io::Result<SecretString> {
        let least = secret.least();
        loop {
            let pin = self.pin(&format!("New {secret} ({least} characters at least): "))?;
            if self.pins.is_scripted() {
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

    fn words(&mut self, question: &str) -> io::Result<Option<Zeroizing<String>>> {
        self.show(question);
        let line = read_line()?;
        if !io::stdin().is_terminal() {
            self.show("\n");
        }
        Ok(line)
    }

    fn wipe(&mut self) {
        // Screen, the lines above it, and the cursor to its corner (ECMA-48 §8.3.39).
        if io::stdout().is_terminal() {
            self.show("\x1b[2J\x1b[3J\x1b[H");
        }
    }
}

/// One line, without its end; none at the end of input. A line that is too long to be an answer is
/// an empty one: its rest must not answer the next question.
fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(String::with_capacity(1_000));
    let mut input = io::stdin().lock();
    let read = input.by_ref().take(1_000).read_line(&mut line)?;
    while read == 1_000 && !line.ends_with('\n') {
        line.clear();
        if input.by_ref().take(1_000).read_line(&mut line)? < 1_000 {
            line.clear();
            break;
        }
    }
    let end = line.trim_end().len();
    line.truncate(end);
    Ok((read > 0).then_some(line))
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
        let line = read_line()?;
        if !io::stdin().is_terminal() {
            let text = line.as_deref().map_or("", String::as_str);
            self.show(&format!("{}\n", countersign::safe::Safe(text)));
        }
        Ok(line.map(|line| line.trim().to_owned()))
    }

    fn pin(&mut self, question: &str) -> io::Result<SecretString> {
        self.pins.ask(question)
    }

    fn signing_pin(&mut self, question: &str, pad: PinPad) -> io::Result<PinInput> {
        if self.pins.is_left_to(pad) {
            self.show(&format!("{question}type it ON THE READER.\n"));
            return Ok(PinInput::OnReader);
        }
        self.pin(question).map(PinInput::from)
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
