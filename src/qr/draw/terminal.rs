//! A code in a terminal.

use super::QUIET;
use crate::qr::Symbol;

/// Black on white in the 256-colour palette: its colours from 16 on belong to no theme.
const COLOURS: &str = "\x1b[38;5;16;48;5;231m";
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
        out.push_str(COLOURS);
        out.extend((0..outer).map(|x| match (is_dark(x, y), is_dark(x, y + 1)) {
            (false, false) => ' ',
            (true, false) => '▀',
            (false, true) => '▄',
            (true, true) => '█',
        }));
        out.push_str(RESET);
        out.push('\n');
    }
    out
}
