//! MJPEG: one JPEG after the other, as cameras and `ffmpeg -f mjpeg` write them. What stands
//! between them (the parts of a multipart stream) is passed over.

use std::io::BufRead;

use super::{Flow, Limits, Luma, PictureError, jpeg};

/// Start of image, and what every marker begins with.
pub(super) const MAGIC: &[u8] = b"\xff\xd8\xff";
/// Most bytes between two pictures.
const MAX_GAP: usize = 64 * 1024;

/// Hands each picture of the stream to `each`. One that cannot be read is passed over, unless
/// there is no other.
pub(super) fn pictures(
    mut untrusted: impl BufRead,
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let (mut count, mut unread) = (0, None);
    while let Some(bytes) = next(&mut untrusted, limits)? {
        match jpeg(&bytes, limits) {
            Ok(luma) => {
                count += 1;
                if each(&luma).is_break() {
                    return Ok(count);
                }
            }
            Err(error) => unread = Some(error),
        }
    }
    match unread {
        Some(error) if count == 0 => Err(error),
        _ => Ok(count),
    }
}

/// Where the next JPEG stands: T.81 §B.1.1.
enum State {
    /// Before it; the last byte was 0xff or not.
    Gap(bool),
    /// Among its markers; the last byte was 0xff or not.
    Markers(bool),
    /// In the length of a segment: its first byte, and whether picture data follow.
    Length(Option<u8>, Then),
    /// In a segment of so many bytes more.
    Segment(usize, Then),
    /// In picture data; the last byte was 0xff or not.
    Data(bool),
}

/// What follows a segment.
#[derive(Clone, Copy)]
enum Then {
    Markers,
    Data,
}

/// The bytes of the next JPEG; `None` at the stream's end.
fn next(untrusted: &mut impl BufRead, limits: &Limits) -> Result<Option<Vec<u8>>, PictureError> {
    let (mut state, mut picture, mut gap) = (State::Gap(false), Vec::new(), 0);
    // No camera's JPEG is larger than its pixels.
    let most = limits.pixels.saturating_mul(3);
    loop {
        let buffer = untrusted.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let length = buffer.len();
        for (at, byte) in buffer.iter().copied().enumerate() {
            if let State::Gap(_) = state {
                gap += 1;
            } else {
                picture.push(byte);
            }
            let ends = matches!(state, State::Markers(true) | State::Data(true)) && byte == 0xd9;
            if ends {
                untrusted.consume(at + 1);
                return Ok(Some(picture));
            }
            state = state.after(byte);
            if picture.is_empty() && matches!(state, State::Markers(_)) {
                picture.extend([0xff, 0xd8]);
            }
        }
        untrusted.consume(length);
        if picture.len() > most {
            let (what, actual) = ("bytes of one picture", picture.len());
            return Err(PictureError::TooLarge { what, actual, most });
        }
        if gap > MAX_GAP {
            return Err(PictureError::broken("MJPEG stream", "no picture follows"));
        }
    }
}

impl State {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Gap(true), 0xd8) => Self::Markers(false),
            (Self::Gap(_), byte) => Self::Gap(byte == 0xff),
            // Fill bytes, and markers without a segment.
            (Self::Markers(_), 0xff) => Self::Markers(true),
            (Self::Markers(true), 0x00 | 0x01 | 0xd0..=0xd8) | (Self::Markers(false), _) => {
                Self::Markers(false)
            }
            (Self::Markers(true), 0xda) => Self::Length(None, Then::Data),
            (Self::Markers(true), _) => Self::Length(None, Then::Markers),
            (Self::Length(None, then), high) => Self::Length(Some(high), then),
            (Self::Length(Some(high), then), low) => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                then.after(length.saturating_sub(2))
            }
            (Self::Segment(left, then), _) => then.after(left - 1),
            (Self::Data(_), 0xff) => Self::Data(true),
            // Stuffed bytes and restarts belong to the data; any other marker begins a segment.
            (Self::Data(false), _) | (Self::Data(true), 0x00 | 0xd0..=0xd7) => Self::Data(false),
            (Self::Data(true), 0xda) => Self::Length(None, Then::Data),
            (Self::Data(true), _) => Self::Length(None, Then::Markers),
        }
    }
}

impl Then {
    fn after(self, left: usize) -> State {
        match (left, self) {
            (0, Self::Markers) => State::Markers(false),
            (0, Self::Data) => State::Data(false),
            (left, then) => State::Segment(left, then),
        }
    }
}
