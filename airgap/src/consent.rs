//! A person's word on one request or on a batch of them, and a second person's where the policy
//! asks for it.

mod batch;

use std::io;

use countersign::journal;
use countersign::policy::{Review, Witness};
use countersign::safe::{Safe, is_unsafe};
use countersign::screen;

use crate::console::Console;

pub use batch::{Agreed, Batch, BatchAnswer, BatchError, Item, Source};

/// Longest name of a witness, in characters.
const MAX_NAME: usize = 100;

/// A request that every rule allows, a person consented to, and, where the policy asks for it, a
/// witness confirmed. Only an asked question makes one: [`Consent::ask`], or `Batch::ask` for
/// each request that was in the batch.
#[derive(Debug)]
pub struct Consent(ConsentParts);

/// What a consent is made of.
#[derive(Debug)]
pub(crate) struct ConsentParts {
    pub(crate) review: Review,
    pub(crate) how: journal::Consent,
    pub(crate) witness: Option<journal::Witness>,
}

/// What a person said.
#[derive(Debug)]
pub enum Answer {
    /// Yes.
    Consent(Box<Consent>),
    /// No, for this reason.
    Refused {
        /// The request.
        review: Box<Review>,
        /// The reason, at most 200 characters.
        reason: String,
    },
    /// Not now: the request stays undecided.
    Later,
    /// The person is gone.
    Gone,
}

/// One person's answer.
enum Said<T> {
    Yes(T),
    No(String),
    Later,
    Gone,
}

impl Consent {
    /// Asks the operator for the typed word `Yes`, and then the witness, if there has to be one,
    /// for name and word. The request has been shown before.
    ///
    /// # Errors
    /// Where the console fails.
    pub fn ask(review: Review, console: &mut impl Console) -> io::Result<Answer> {
        let said = match operator(&review, console)? {
            Said::Yes(()) => witness(&review, console)?,
            Said::No(reason) => Said::No(reason),
            Said::Later => Said::Later,
            Said::Gone => Said::Gone,
        };
        Ok(match said {
            Said::Yes(witness) => {
                let how = console.consent();
                Answer::Consent(Box::new(Self(ConsentParts { review, how, witness })))
            }
            Said::No(reason) => Answer::Refused { review: Box::new(review), reason },
            Said::Later => Answer::Later,
            Said::Gone => Answer::Gone,
        })
    }

    /// What was consented to, and how. Whoever takes it apart has to write it down.
    pub(crate) fn into_parts(self) -> ConsentParts {
        self.0
    }
}

fn operator(review: &Review, console: &mut impl Console) -> io::Result<Said<()>> {
    let question = format!(
        "\n{}\nType Yes to consent, No to refuse, Later to leave it: ",
        screen::recap(review)
    );
    let said = word("Yes", &question, console)?;
    Ok(match said {
        Said::No(_) => match why(console)? {
            Some(reason) => Said::No(clipped(&reason)),
            None => Said::Gone,
        },
        other => other,
    })
}

/// What the policy asks of a witness: nothing, a signature that is there, or a word now.
fn witness(
    review: &Review,
    console: &mut impl Console,
) -> io::Result<Said<Option<journal::Witness>>> {
    match &review.signers().witness {
        Witness::NotAsked | Witness::Signed(_) => Ok(Said::Yes(signed_by(review))),
        // A review in which a witness is missing is none.
        Witness::Missing => Ok(Said::Later),
        Witness::Word => in_person(review, console),
    }
}

/// The witness who signed the request.
fn signed_by(review: &Review) -> Option<journal::Witness> {
    match &review.signers().witness {
        Witness::Signed(person) => Some(journal::Witness::Signature { key: person.fingerprint }),
        Witness::NotAsked | Witness::Word | Witness::Missing => None,
    }
}

fn in_person(
    review: &Review,
    console: &mut impl Console,
) -> io::Result<Said<Option<journal::Witness>>> {
    console.show("\nTHE WITNESS: a second person, who has read the same screen.\n");
    let Some(name) = name(review, console)? else { return Ok(Said::Gone) };
    let question = format!(
        "\n{}\n{}, type Witnessed to confirm, No to refuse, Later to leave it: ",
        screen::recap(review),
        Safe(&name)
    );
    Ok(match word("Witnessed", &question, console)? {
        Said::Yes(()) => Said::Yes(Some(journal::Witness::Word { name })),
        Said::No(_) => match why(console)? {
            Some(reason) => Said::No(clipped(&format!("witness {name}: {reason}"))),
            None => Said::Gone,
        },
        Said::Later => Said::Later,
        Said::Gone => Said::Gone,
    })
}

/// Asks until one of three words is typed, of which `yes` is the first.
fn word(yes: &str, question: &str, console: &mut impl Console) -> io::Result<Said<()>> {
    loop {
        match console.ask(question)?.as_deref() {
            Some(word) if word == yes => return Ok(Said::Yes(())),
            Some("No") => return Ok(Said::No(String::new())),
            Some("Later") => return Ok(Said::Later),
            Some(_) => console.show("Nothing but these words counts.\n"),
            None => return Ok(Said::Gone),
        }
    }
}

/// The witness's name, which is nobody's who asked or approved; none where nobody answers.
fn name(review: &Review, console: &mut impl Console) -> io::Result<Option<String>> {
    loop {
        let Some(name) = console.ask("Witness, type your name: ")? else { return Ok(None) };
        let an_answer = ["Yes", "No", "Later", "Witnessed"].contains(&name.as_str());
        if name.is_empty() || an_answer || name.chars().any(is_unsafe) {
            console.show("That is not a name.\n");
        } else if name.chars().count() > MAX_NAME {
            console.show("Shorter, please: 100 characters at most.\n");
        } else if review.signers().are_called(&name) {
            console.show(
                "So is somebody called who asked for it or approved it: the witness is \
                          another person.\n",
            );
        } else {
            return Ok(Some(name));
        }
    }
}

/// The reason of a refusal; none where the person is gone.
fn why(console: &mut impl Console) -> io::Result<Option<String>> {
    loop {
        match console.ask("Why? (goes back to the requester): ")? {
            Some(reason) if reason.is_empty() => console.show("A refusal needs a reason.\n"),
            other => return Ok(other),
        }
    }
}

fn clipped(reason: &str) -> String {
    reason.chars().take(200).collect()
}
