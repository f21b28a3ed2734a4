//! A person's word at the command line.

use std::io::{self, BufRead as _, Read as _, Write as _};

/// Longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1_000;

/// Asks for the typed word `Yes`; anything else, and the end of input, is a no. The question goes
/// to standard error, so that standard output can be the result.
pub(super) fn confirmed(question: &str) -> io::Result<bool> {
    let mut screen = io::stderr().lock();
    screen.write_all(question.as_bytes())?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer)?;
    Ok(answer.trim_end_matches(['\r', '\n']) == "Yes")
}
