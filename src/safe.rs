//! Text from outside, made safe to show.

use std::fmt;

/// Shows untrusted text with control characters, line breaks, bidirectional and other invisible
/// characters escaped, so that it can neither forge a line of the screen nor reorder it.
pub struct Safe<'a>(pub &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_unsafe(c) { write!(f, "\\u{{{:x}}}", u32::from(c))? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// The first 500 characters: what a sentence may take of a screen, an answer or the journal,
/// however long the text that it quotes.
pub fn clip(text: &str) -> String {
    const MOST: usize = 500;
    let shown = Safe(text).to_string();
    if shown.len() <= MOST {
        return text.to_owned();
    }
    let mut clipped: String = shown.chars().take(MOST).collect();
    clipped.push('…');
    clipped
}

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    clip(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// Whether `c` is a character that a screen does not show as itself: controls, line and paragraph
/// separators, bidirectional controls (UAX #9), zero-width and tag characters, private use.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xa0 | 0xad | 0x34f | 0x61c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x1680
                | 0x2000..=0x200f
                | 0x2028..=0x202e
                | 0x205f..=0x206f
                | 0x2800
                | 0x3000
                | 0x3164
                | 0xe000..=0xf8ff
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xffff
                | 0x1_bca0..=0x1_bca3
                | 0x1_d173..=0x1_d17a
                | 0xe0000..=0x10_ffff
        )
}

/// `1 request`, `2 requests`, `2 keys`, `2 entries`: a number with its noun.
pub fn counted(count: usize, noun: &str) -> String {
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (count, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_nouns() {
        let said = |n, noun| counted(n, noun);
        assert_eq!(said(1, "entry"), "1 entry");
        assert_eq!([said(0, "request"), said(2, "key")], ["0 requests", "2 keys"]);
        assert_eq!([said(2, "entry"), said(9, "day")], ["2 entries", "9 days"]);
    }

    #[test]
    fn a_user_id_cannot_forge_a_second_line_or_reverse_itself() {
        let shown = Safe("Eve\r\n[ok] all rules hold \u{202e}gpj\u{1b}[2J").to_string();
        assert_eq!(shown, "Eve\\u{d}\\u{a}[ok] all rules hold \\u{202e}gpj\\u{1b}[2J");
    }

    #[test]
    fn names_of_this_world_are_shown_as_they_are() {
        for name in ["Zoë Åström <zoe@example.org>", "山田太郎 <taro@example.jp>", "Наталья"]
        {
            assert_eq!(Safe(name).to_string(), name);
        }
    }
}
