//! PDF: the images in it, as scanners put them there, and [`draw::pdf`](crate::qr::draw::pdf).
//!
//! An image is always an object of its own that begins with a dictionary in plain text, so the
//! file is gone through from front to back, and nothing but images is unpacked. A reader of whole
//! documents would unpack whatever the file says, as often as it says so.

mod image;

use hayro_syntax::object::{Dict, FromBytes as _, Name};

use super::{Flow, Limits, Luma, PictureError};

/// The header may follow a little of anything else (ISO 32000-2 annex I).
const HEADER_WITHIN: usize = 1024;
/// Longest dictionary of an image.
const MAX_DICT: usize = 16 * 1024;

pub(super) fn is_pdf(untrusted: &[u8]) -> bool {
    find(&untrusted[..untrusted.len().min(HEADER_WITHIN)], b"%PDF-").is_some()
}

/// Hands each image of the file to `each`. An image that cannot be read is passed over, unless
/// there is no other.
pub(super) fn pictures(
    untrusted: &[u8],
    limits: &Limits,
    mut each: impl FnMut(&Luma) -> Flow,
) -> Result<usize, PictureError> {
    let (mut count, mut unread) = (0, None);
    for (dict, data) in Streams(untrusted).filter(|(dict, _)| is_image(dict)) {
        limits.check_count(count)?;
        match image::read(&dict, data, limits) {
            Ok(luma) => {
                count += 1;
                if each(&luma.the_only_one()).is_break() {
                    return Ok(count);
                }
            }
            Err(error) => unread = Some(error),
        }
    }
    match (count, unread) {
        (0, Some(error)) => Err(error),
        (0, None) => Err(broken("no images in it, or an encrypted one")),
        _ => Ok(count),
    }
}

fn is_image(dict: &Dict<'_>) -> bool {
    dict.get::<Name<'_>>("Subtype").is_some_and(|name| &*name == b"Image")
}

/// The streams of a file: dictionary and data.
struct Streams<'a>(&'a [u8]);

impl<'a> Iterator for Streams<'a> {
    type Item = (Dict<'a>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = find(self.0, b"stream")?;
            let (before, after) = (&self.0[..at], &self.0[at + b"stream".len()..]);
            self.0 = after;
            let Some(data) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))
            else {
                continue;
            };
            let Some(dict) = dictionary(before) else { continue };
            let data = match dict
                .get::<u32>("Length")
                .and_then(|length| data.split_at_checked(length as usize))
            {
                Some((data, rest)) if rest.trim_ascii_start().starts_with(b"endstream") => data,
                // The length stands elsewhere, or is wrong.
                _ => &data[..find(data, b"endstream")?],
            };
            self.0 = &after[data.len()..];
            return Some((dict, data));
        }
    }
}

/// The dictionary in front of the word `stream`: what follows the last `obj`.
fn dictionary(before: &[u8]) -> Option<Dict<'_>> {
    let near = &before[before.len().saturating_sub(MAX_DICT)..];
    let at = near.windows(3).rposition(|window| window == b"obj")?;
    Dict::from_bytes(near[at + 3..].trim_ascii_start())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn broken(reason: impl std::fmt::Display) -> PictureError {
    PictureError::broken("PDF", reason)
}
