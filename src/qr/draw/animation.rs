//! Codes as a moving picture.

use super::{Rate, Scale};
use crate::qr::Sender;

/// One round of the message as an animated GIF that repeats for ever.
pub fn gif(_sender: &Sender, _scale: Scale, _rate: Rate) -> Vec<u8> {
    Vec::new()
}

/// One round of the message as an animated PNG that repeats for ever.
pub fn apng(_sender: &Sender, _scale: Scale, _rate: Rate) -> Vec<u8> {
    Vec::new()
}
