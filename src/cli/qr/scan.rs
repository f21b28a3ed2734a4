//! The texts of codes become messages; a person is told how far they are.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Exit, Failure};
use super::Voice;
use super::message::LIMIT;
use super::source::{self, Patience};
use crate::qr::read::Luma;
use crate::qr::{FrameError, Parcel, Receiver, Taken};
use crate::safe::Safe;
use crate::screen;

/// Most things that are remarked upon: somebody who shows a million messages gets no more.
const MOST_REMARKS: usize = 20;

/// Most messages in pictures that have an end.
const MOST_MESSAGES: usize = 32;

/// Reads codes from `sources` until a message is whole. Sources that have an end are read to it.
///
/// # Errors
/// [`Failure`] where no message becomes whole.
pub(super) fn receive(
    sources: &[PathBuf],
    patience: Patience,
    voice: Voice,
) -> Result<Vec<Parcel>, Failure> {
    let mut collector = Collector::new(voice);
    source::read_all(sources, patience, &mut collector)?;
    collector.finish()
}

/// What was received so far.
pub(super) struct Collector {
    receiver: Receiver,
    done: Vec<Parcel>,
    remarks: BTreeSet<String>,
    bar: Option<ProgressBar>,
    voice: Voice,
}

impl Collector {
    fn new(voice: Voice) -> Self {
        let loud = voice == Voice::Loud;
        let bar = (loud && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::no_length();
            let form = "{bar:30} {pos} of {len} codes  {msg}";
            bar.set_style(ProgressStyle::with_template(form).expect("a constant template"));
            bar.set_message("looking for codes; q ends");
            bar
        });
        Self {
            receiver: Receiver::new(LIMIT),
            done: Vec::new(),
            remarks: BTreeSet::new(),
            bar,
            voice,
        }
    }

    /// Whether a message is whole.
    pub(super) fn is_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// Takes whatever codes are on a picture; whether there were any.
    pub(super) fn look(&mut self, picture: &Luma) -> bool {
        let texts = picture.codes();
        for text in &texts {
            self.take(text);
        }
        !texts.is_empty()
    }

    fn take(&mut self, untrusted: &str) {
        match self.receiver.take(untrusted) {
            Taken::Progress(progress) => {
                if let Some(bar) = &self.bar {
                    bar.set_length(progress.need.into());
                    bar.set_position(progress.have.into());
                    let missing = progress.need.saturating_sub(progress.have).max(1);
                    bar.set_message(format!("{missing} missing"));
                }
            }
            Taken::Repeated => {}
            Taken::OfAnother(identity) => {
                self.remark(&format!("codes of another message ({identity}) come in between"));
            }
            Taken::NotAFrame(FrameError::Foreign) => {
                self.remark("a code that is none of this program's is in the picture");
            }
            Taken::NotAFrame(error) => self.remark(&format!("a code is passed over: {error}")),
            Taken::Damaged(error) => {
                self.remark(&format!("{error}: the message is received anew"));
            }
            Taken::Done(parcel) => self.whole(parcel),
        }
    }

    fn whole(&mut self, parcel: Parcel) {
        if self.done.len() == MOST_MESSAGES {
            self.remark("there are more messages: they are passed over");
            return;
        }
        if let Some(bar) = &self.bar {
            bar.println("");
            signal(bar);
        }
        let mut text = String::from("received:\n");
        for (name, content) in parcel.files() {
            text.push_str(&format!("  {} ({} bytes)\n", Safe(name), content.len()));
        }
        text.push_str("the words to compare with those beside the codes:\n");
        text.push_str(&screen::digest_lines(&parcel.digest()));
        if self.voice == Voice::Loud {
            self.say(text.trim_end());
        }
        self.done.push(parcel);
    }

    /// Says something once, and not too many things.
    pub(super) fn remark(&mut self, text: &str) {
        if self.remarks.len() < MOST_REMARKS && self.remarks.insert(text.to_owned()) {
            self.say(&format!("note: {text}"));
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| crate::tell!("{text}")),
            None => crate::tell!("{text}"),
        }
    }

    /// The messages, if there is one.
    fn finish(self) -> Result<Vec<Parcel>, Failure> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.is_done() {
            return Ok(self.done);
        }
        Err(match self.receiver.progress() {
            None => Failure::new(Exit::Failed, Nothing).hint(
                "hold the camera so that the code, with its white edge, fills most of the picture",
            ),
            Some(progress) => {
                let missing = progress.need.saturating_sub(progress.have).max(1);
                let of = progress.need;
                let text = format!("{missing} of {of} codes are missing: the message is not whole");
                Failure::say(Exit::Failed, text).hint("show the codes longer: any of them do")
            }
        })
    }
}

/// Not one code was seen.
#[derive(Debug, thiserror::Error)]
#[error("no code was found")]
pub(super) struct Nothing;

/// Sound and light: who holds a camera looks elsewhere.
fn signal(bar: &ProgressBar) {
    bar.suspend(|| {
        crate::cli::put_aside(format_args!("\x07\x1b[?5h"));
        std::thread::sleep(Duration::from_millis(150));
        crate::cli::put_aside(format_args!("\x1b[?5l"));
    });
}
