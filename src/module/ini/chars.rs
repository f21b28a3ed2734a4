//! What the scanner's rules match: classes of characters, runs of them, words.

pub(super) fn is_label(b: u8) -> bool {
    !matches!(
        b,
        b'=' | b'\n'
            | b'\r'
            | b'\t'
            | b';'
            | b'&'
            | b'|'
            | b'^'
            | b'$'
            | b'~'
            | b'('
            | b')'
            | b'{'
            | b'}'
            | b'!'
            | b'"'
            | b'['
    )
}

pub(super) fn is_value(b: u8) -> bool {
    !matches!(
        b,
        b'$' | b'='
            | b' '
            | b'\t'
            | b'\n'
            | b'\r'
            | b';'
            | b'&'
            | b'|'
            | b'^'
            | b'~'
            | b'('
            | b')'
            | b'!'
            | b'"'
            | b'\''
    )
}

pub(super) fn is_name(b: u8) -> bool {
    !matches!(b, b'$' | b'\n' | b'\r' | b';' | b'"' | b'\'' | b']' | b'\\')
}

pub(super) fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|b| !is(*b)).unwrap_or(text.len())
}

pub(super) fn blanks(text: &[u8]) -> usize {
    count(text, |b| matches!(b, b' ' | b'\t'))
}

pub(super) fn newline(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let text = &text[blanks(text)..];
    let end = text.iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    &text[..end.map_or(0, |at| at + 1)]
}

/// The longest run of characters that `is`, of `$` with another character than `{`, and of `$\`
/// with any character; in a name, of `\` with any character, too.
pub(super) fn run(text: &[u8], is: fn(u8) -> bool) -> usize {
    let mut reached = [true, false, false, false];
    let mut longest = 0;
    for at in 0..=text.len() {
        if reached[0] {
            longest = at;
            match &text[at..] {
                [b'$', next, rest @ ..] if *next != b'{' => {
                    reached[2] = true;
                    reached[3] |= *next == b'\\' && !matches!(rest, [] | [b'\r', ..]);
                }
                [b'\\', next, ..] if !is(b'\\') => reached[2] |= *next != b'\r',
                [b, ..] if is(*b) => reached[1] = true,
                _ => {}
            }
        } else if reached == [false; 4] {
            break;
        }
        reached = [reached[1], reached[2], reached[3], false];
    }
    longest
}

/// Whether the longest run would take the text's terminator in: `$\` and any character, at the
/// text's end. The scanner then stands behind the end, and gives nothing more.
pub(super) fn runs_over(text: &[u8], is: fn(u8) -> bool) -> bool {
    let before = text.strip_suffix(b"$\\");
    before.is_some_and(|before| run(before, is) == before.len())
}

/// A word that is a value at the beginning of the text, with the blanks after it.
pub(super) fn word(text: &[u8]) -> Option<(&'static [u8], usize)> {
    const WORDS: [(&str, &[u8]); 8] = [
        ("true", b"1"),
        ("on", b"1"),
        ("yes", b"1"),
        ("false", b""),
        ("off", b""),
        ("none", b""),
        ("null", b""),
        ("no", b""),
    ];
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    let (word, value) = WORDS.into_iter().find(|(word, _)| begins(word))?;
    Some((value, word.len() + blanks(&text[word.len()..])))
}

/// `zend_ini_escape_string` with `"`.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return out,
            [b'\\', c @ (b'"' | b'\\' | b'\''), after @ ..] => {
                out.push(*c);
                after
            }
            [b'\\', c, after @ ..] => {
                out.extend([b'\\', *c]);
                after
            }
            [c, after @ ..] => {
                out.push(*c);
                after
            }
        };
    }
}
