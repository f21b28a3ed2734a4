//! An operator who answers from a list.

use std::collections::VecDeque;
use std::io;

use airgap::console::{Console, Step};
use countersign::journal;
use secrecy::SecretString;

use super::PIN;

/// A console that answers from a list, then says the last answer for ever.
pub struct Script {
    answers: VecDeque<String>,
    pins: VecDeque<String>,
    /// Everything that was shown.
    pub shown: String,
    /// How often a PIN was asked for.
    pub pins_asked: usize,
    keep: bool,
    when_signed: Option<(usize, Box<dyn FnMut()>)>,
}

impl Script {
    /// Answers every question with `Yes` and types the right PIN.
    pub fn yes() -> Self {
        Self::saying(&["Yes"], &[PIN])
    }

    /// As [`Script::yes`], forgetting what is shown.
    pub fn silent() -> Self {
        Self { keep: false, ..Self::yes() }
    }

    /// The same, forgetting what is shown.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Self { keep: false, ..self }
    }

    /// Gives these answers and PINs, the last of each for ever.
    pub fn saying(answers: &[&str], pins: &[&str]) -> Self {
        let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Self {
            answers: list(answers),
            pins: list(pins),
            shown: String::new(),
            pins_asked: 0,
            keep: true,
            when_signed: None,
        }
    }

    /// Lets something happen as soon as so many signatures are made and in the journal, before the
    /// answer that the last of them completes.
    #[must_use]
    pub fn when_signed(self, count: usize, what: impl FnMut() + 'static) -> Self {
        Self { when_signed: Some((count, Box::new(what))), ..self }
    }
}

fn next(list: &mut VecDeque<String>) -> Option<String> {
    if list.len() > 1 { list.pop_front() } else { list.front().cloned() }
}

impl Console for Script {
    fn show(&mut self, text: &str) {
        if self.keep {
            self.shown.push_str(text);
        }
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        self.show(question);
        Ok(next(&mut self.answers))
    }

    fn pin(&mut self, question: &str) -> io::Result<SecretString> {
        self.show(question);
        self.pins_asked += 1;
        Ok(SecretString::from(next(&mut self.pins).unwrap_or_default()))
    }

    fn progress(&mut self, step: Step, done: usize, all: usize, what: &str) {
        if step != Step::Signing {
            return;
        }
        self.show(&format!("signed {done} of {all}: {what}\n"));
        if let Some((count, happen)) = &mut self.when_signed
            && *count == done
        {
            happen();
        }
    }

    fn consent(&self) -> journal::Consent {
        journal::Consent::Scripted
    }
}
