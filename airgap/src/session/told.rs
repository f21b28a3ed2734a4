//! Long lists, told in short.

use crate::console::Console;

/// Lines of a list that may be long: the first few, then a number.
#[derive(Default)]
pub(super) struct Told(usize);

impl Told {
    const MOST: usize = 20;

    pub(super) fn show(&mut self, console: &mut impl Console, line: impl FnOnce() -> String) {
        self.0 += 1;
        if self.0 <= Self::MOST {
            console.show(&format!("{}\n", line()));
        }
    }

    pub(super) fn end(self, console: &mut impl Console, what: &str) {
        if let Some(more) = self.0.checked_sub(Self::MOST).filter(|more| *more > 0) {
            console.show(&format!("{more} {what}\n"));
        }
    }
}
