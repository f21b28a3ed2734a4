//! A person's word on one request, or on a batch of them.

mod batch;

use std::io;

use countersign::journal;
use countersign::policy::Review;
use countersign::screen;

use crate::console::Console;

pub use batch::{Agreed, Batch, BatchAnswer, BatchError, Item, Source};

/// A request that every rule allows and a person consented to. Only an asked question makes one:
/// [`Consent::ask`], or [`Batch::ask`] for each request that was in the batch.
#[derive(Debug)]
pub struct Consent {
    review: Review,
    how: journal::Consent,
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

impl Consent {
    /// Asks for the typed word `Yes`. The request has been shown before.
    ///
    /// # Errors
    /// Where the console fails.
    pub fn ask(review: Review, console: &mut impl Console) -> io::Result<Answer> {
        loop {
            let question = format!(
                "\n{}\nType Yes to consent, No to refuse, Later to leave it: ",
                screen::recap(&review)
            );
            match console.ask(&question)?.as_deref() {
                Some("Yes") => {
                    let how = console.consent();
                    return Ok(Answer::Consent(Box::new(Self { review, how })));
                }
                Some("No") => {
                    let Some(reason) = why(console)? else { return Ok(Answer::Gone) };
                    return Ok(Answer::Refused { review: Box::new(review), reason });
                }
                Some("Later") => return Ok(Answer::Later),
                Some(_) => console.show("Nothing but these words counts.\n"),
                None => return Ok(Answer::Gone),
            }
        }
    }

    /// What was consented to, and how. Whoever takes it apart has to write it down.
    pub(crate) fn into_parts(self) -> (Review, journal::Consent) {
        (self.review, self.how)
    }
}

/// The reason of a refusal, at most 200 characters; none where the person is gone.
fn why(console: &mut impl Console) -> io::Result<Option<String>> {
    loop {
        match console.ask("Why? (goes back to the requester): ")? {
            Some(reason) if reason.is_empty() => console.show("A refusal needs a reason.\n"),
            other => return Ok(other.map(|reason| reason.chars().take(200).collect())),
        }
    }
}
