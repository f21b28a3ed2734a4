//! A person at the making of a master: reads the words off the screen, and types them back.

use std::collections::VecDeque;
use std::io;

use airgap::card::Secret;
use airgap::console::{Ceremony, Console, Step};
use countersign::journal;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// What a person does when words are to be typed back.
type Typing = Box<dyn FnMut(usize, &str) -> Option<String>>;

/// A console that types back what it was shown, gives each card the same PINs, and answers
/// questions from a list.
pub struct Person {
    answers: VecDeque<String>,
    pins: Vec<(Secret, String)>,
    typing: Typing,
    asked: usize,
    /// Everything that was shown.
    pub shown: String,
    /// The words that were shown, one text for each sheet.
    pub sheets: Vec<String>,
}

impl Person {
    /// Who answers every question with Enter, and types words back as they were shown.
    pub fn new(pin: &str, admin: &str) -> Self {
        Self {
            answers: VecDeque::new(),
            pins: vec![(Secret::Pin, pin.into()), (Secret::AdminPin, admin.into())],
            typing: Box::new(|_, words| Some(words.to_owned())),
            asked: 0,
            shown: String::new(),
            sheets: Vec::new(),
        }
    }

    /// Who answers questions with these texts first.
    #[must_use]
    pub fn answering(mut self, answers: &[&str]) -> Self {
        self.answers = answers.iter().map(ToString::to_string).collect();
        self
    }

    /// Who types something else: given how often words were asked for before, and the words that
    /// are on the screen.
    #[must_use]
    pub fn typing(mut self, typing: impl FnMut(usize, &str) -> Option<String> + 'static) -> Self {
        self.typing = Box::new(typing);
        self
    }
}

/// The words of a numbered table: every other text on a line is a number.
fn words_of(table: &str) -> String {
    let words = table.split_whitespace().filter(|w| w.parse::<usize>().is_err());
    words.collect::<Vec<_>>().join(" ")
}

impl Console for Person {
    fn show(&mut self, text: &str) {
        if text.starts_with("   1 ") {
            self.sheets.push(words_of(text));
        }
        self.shown.push_str(text);
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        self.show(question);
        Ok(Some(self.answers.pop_front().unwrap_or_default()))
    }

    fn pin(&mut self, question: &str) -> io::Result<SecretString> {
        self.show(question);
        let secret = if question.contains("Admin") { Secret::AdminPin } else { Secret::Pin };
        self.new_pin(secret)
    }

    fn progress(&mut self, _: Step, _: usize, _: usize, _: &str) {}

    fn consent(&self) -> journal::Consent {
        journal::Consent::Scripted
    }
}

impl Ceremony for Person {
    fn new_pin(&mut self, secret: Secret) -> io::Result<SecretString> {
        let pin = self.pins.iter().find(|(s, _)| *s == secret).map(|(_, pin)| pin.clone());
        Ok(SecretString::from(pin.unwrap_or_default()))
    }

    fn words(&mut self, question: &str) -> io::Result<Option<Zeroizing<String>>> {
        self.show(question);
        self.asked += 1;
        let sheet = self.sheets.last().map_or("", String::as_str);
        Ok((self.typing)(self.asked - 1, sheet).map(Zeroizing::new))
    }

    fn wipe(&mut self) {
        self.show("\n[wiped]\n");
    }
}
