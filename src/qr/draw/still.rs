//! A code as a picture that does not move.

use super::Scale;
use crate::qr::Symbol;

/// The code as SVG, with its quiet zone.
pub fn svg(_symbol: &Symbol) -> String {
    String::new()
}

/// The code as PNG, with its quiet zone.
pub fn png(_symbol: &Symbol, _scale: Scale) -> Vec<u8> {
    Vec::new()
}
