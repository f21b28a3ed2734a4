//! A journal held against an earlier copy of it, byte by byte.

use std::io::{self, BufRead};

/// How a journal goes on where an earlier one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It is the same.
    Same,
    /// It goes on.
    Longer {
        /// By how many bytes.
        bytes: u64,
    },
    /// It is only the beginning of the other one.
    Shorter,
    /// It says something else.
    Differs {
        /// The first byte that differs.
        at: u64,
    },
}

/// Holds `new` against `old`.
///
/// # Errors
/// Where either cannot be read.
pub fn compare(mut old: impl BufRead, mut new: impl BufRead) -> io::Result<Compared> {
    let mut at = 0;
    loop {
        let (before, after) = (old.fill_buf()?, new.fill_buf()?);
        match (before.is_empty(), after.is_empty()) {
            (true, true) => return Ok(Compared::Same),
            (false, true) => return Ok(Compared::Shorter),
            (true, false) => {
                let bytes = io::copy(&mut new, &mut io::sink())?;
                return Ok(Compared::Longer { bytes });
            }
            (false, false) => {}
        }
        let length = before.len().min(after.len());
        if let Some(differs) = before.iter().zip(after).position(|(a, b)| a != b) {
            return Ok(Compared::Differs { at: at + differs as u64 });
        }
        old.consume(length);
        new.consume(length);
        at += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn the_first_difference_is_found_whatever_is_read_at_once() {
        for (old, new, is) in [
            ("", "", Compared::Same),
            ("one\n", "one\n", Compared::Same),
            ("", "one\n", Compared::Longer { bytes: 4 }),
            ("one\n", "one\ntwo\n", Compared::Longer { bytes: 4 }),
            ("one\ntwo\n", "one\n", Compared::Shorter),
            ("one\ntwo\n", "one\ntxo\n", Compared::Differs { at: 5 }),
            ("one\n", "two\n", Compared::Differs { at: 0 }),
        ] {
            for (a, b) in [(1, 1), (3, 2), (2, 5), (64, 64)] {
                let old = BufReader::with_capacity(a, old.as_bytes());
                let new = BufReader::with_capacity(b, new.as_bytes());
                assert_eq!(compare(old, new).expect("in memory"), is);
            }
        }
    }
}
