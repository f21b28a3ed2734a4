//! A code in a terminal.

use std::fmt::Write as _;

use super::QUIET;
use crate::qr::Symbol;

/// Black and white in the 256-colour palette: its colours from 16 on belong to no theme.
const BLACK: u8 = 16;
const WHITE: u8 = 231;
const RESET: &str = "\x1b[0m";

/// The code in half blocks, two modules a character high, black on white whatever the theme, with
/// its quiet zone. Each line ends in a reset and `\n`.
///
/// It takes [`QrVersion::outer_width`](crate::qr::QrVersion::outer_width) columns and half as
/// many lines, rounded up.
pub fn terminal(symbol: &Symbol) -> String {
    let outer = symbol.width() + 2 * QUIET;
    let is_dark = |x: usize, y: usize| match (x.checked_sub(QUIET), y.checked_sub(QUIET)) {
        (Some(x), Some(y)) => symbol.is_dark(x, y),
        _ => false,
    };
    let mut out = String::new();
    for y in (0..outer).step_by(2) {
        let mut before = None;
        for x in 0..outer {
            // A background fills its cell to the edge; a glyph is blurred there, and a full block
            // shows seams that readers stumble over. So what is of one colour is a blank.
            let (upper, lower) = (colour(is_dark(x, y)), colour(is_dark(x, y + 1)));
            if before != Some((upper, lower)) {
                let _ = write!(out, "\x1b[38;5;{lower};48;5;{upper}m");
                before = Some((upper, lower));
            }
            out.push(if upper == lower { ' ' } else { '▄' });
        }
        out.push_str(RESET);
        out.push('\n');
    }
    out
}

fn colour(dark: bool) -> u8 {
    if dark { BLACK } else { WHITE }
}
