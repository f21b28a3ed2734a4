//! Lines of untrusted bytes, counted.

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Which one, from 1.
    pub number: usize,
    /// Its bytes, the line end among them where it has one.
    pub bytes: &'a [u8],
}

/// The lines of `rest`, one after another.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Line<'a> {
    /// Without what GnuPG takes off a line's end: space, tab, carriage return, line feed.
    pub fn trimmed(&self) -> &'a [u8] {
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        let end = self.bytes.iter().rposition(|b| !blank(b)).map_or(0, |at| at + 1);
        &self.bytes[..end]
    }

    /// Without its line feed.
    pub fn content(&self) -> &'a [u8] {
        self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes)
    }
}

impl<'a> Lines<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let length =
            self.rest.iter().position(|b| *b == b'\n').map_or(self.rest.len(), |at| at + 1);
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.number += 1;
        Some(Line { number: self.number, bytes })
    }
}
