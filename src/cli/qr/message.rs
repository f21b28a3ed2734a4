//! What is shown: files as one message, and what a person should know before it begins.

use std::fmt::Write as _;

use super::super::{Exit, Failure};
use crate::qr::draw::Rate;
use crate::qr::{Density, Parcel, ParcelError, Sender, SenderError};
use crate::safe::Safe;

/// Longer than this, in seconds, nobody wants to hold a camera.
const LONG: u32 = 180;

/// Most bytes of a message, as it travels and as its files: an hour of codes, and more.
pub const LIMIT: usize = 4 << 20;

/// Files as one message.
pub(super) struct Message {
    parcel: Parcel,
}

impl Message {
    /// The message of these files.
    pub(super) fn new(files: Vec<(String, Vec<u8>)>) -> Result<Self, MessageError> {
        let bytes = files.iter().map(|(_, content)| content.len()).sum::<usize>();
        if bytes > LIMIT {
            return Err(MessageError::TooLong { bytes });
        }
        Ok(Self { parcel: Parcel::new(files)? })
    }

    /// A message of so many bytes that deflate to no less, like signatures.
    pub(super) fn noise(bytes: usize) -> Result<Self, MessageError> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let content = (0..bytes.min(LIMIT + 1)).map(|_| next()).collect();
        Self::new(vec![("noise".into(), content)])
    }

    /// Its codes.
    pub(super) fn sender(&self, density: Density) -> Result<Sender, MessageError> {
        Ok(Sender::new(&self.parcel, density)?)
    }

    /// Its name: the file's, or how many there are.
    pub(super) fn name(&self) -> String {
        match self.parcel.files() {
            [(name, _)] => Safe(name).to_string(),
            files => format!("{} files", files.len()),
        }
    }

    /// Each file with its size, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(name, content): &(String, Vec<u8>)| {
            format!("{} ({} bytes)", Safe(name), content.len())
        };
        self.parcel.files().iter().map(line).collect()
    }

    /// The words of its digest, `columns` wide.
    pub(super) fn words(&self, columns: usize) -> Vec<String> {
        wrapped(&self.parcel.digest().words().join(" "), columns)
    }
}

/// A text in lines of `columns` at most, broken between words.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always one");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= columns {
            let _ = write!(last, " {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// How long it takes to show once, and whether a stick would be the better courier.
pub(super) fn effort(sender: &Sender, rate: Rate) -> String {
    let (bytes, codes) = (sender.len(), sender.needed());
    if sender.is_still() {
        return format!("{bytes} bytes in one code");
    }
    let seconds = codes.div_ceil(u32::from(rate.per_second()));
    let mut text = format!(
        "{bytes} bytes in {codes} codes: {}, at {} a second",
        duration(seconds),
        rate.per_second()
    );
    if seconds > LONG {
        text.push_str("; that is long, and a stick would be quicker");
    }
    text
}

/// `40 seconds`, `3 minutes`.
fn duration(seconds: u32) -> String {
    match seconds {
        0 | 1 => "1 second".into(),
        2..=119 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// Why files cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum MessageError {
    /// Too much.
    #[error("{bytes} bytes are more than codes carry ({LIMIT}): take a stick")]
    TooLong {
        /// How much it is.
        bytes: usize,
    },
    /// They are no parcel.
    #[error(transparent)]
    Parcel(#[from] ParcelError),
    /// Too many codes.
    #[error(transparent)]
    Sender(#[from] SenderError),
}

impl MessageError {
    /// As the program's end.
    pub(super) fn failure(self) -> Failure {
        Failure::new(Exit::Failed, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: usize, rate: u8) -> String {
        let message = Message::noise(bytes).expect("short enough");
        let sender = message.sender(Density::Medium).expect("few enough codes");
        effort(&sender, Rate::new(rate).expect("1 to 50"))
    }

    #[test]
    fn what_takes_long_is_told_and_a_stick_suggested() {
        assert!(told(500, 10).ends_with(" bytes in one code"), "{}", told(500, 10));
        let short = told(100_000, 10);
        assert!(short.ends_with(" codes: 13 seconds, at 10 a second"), "{short}");
        let long = told(200_000, 1);
        assert!(long.contains(" codes: 5 minutes, at 1 a second; that is long"), "{long}");
        let most = Message::noise(LIMIT + 1).map(|_| ()).expect_err("too long");
        assert!(most.to_string().contains("take a stick"), "{most}");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("longer than that", 3), ["longer", "than", "that"]);
    }
}
