//! What PHP makes of an INI text: an emulation of a consumer's parser, oddities included.
//!
//! FreePBX reads the list of a `module.sig` with `@parse_ini_string($text, true)`, that is with
//! `INI_SCANNER_NORMAL`, and goes by what comes out: a name that the parser changes, drops or
//! fails on is a file that is never checked. Nothing here may be used to read for ourselves: that
//! is [`super::Manifest`].
//!
//! Modelled on PHP 8.2 (Zend/zend_ini_scanner.l, zend_ini_parser.y and
//! `php_ini_parser_cb_with_sections`), and held against it by a test. Not modelled: names of PHP
//! constants as values stay as they are written, and `${name}` is empty, because both depend on
//! the host.

mod chars;
mod scan;
mod value;

use std::collections::HashMap;

use scan::{Scanner, Token};

/// An ordered PHP array. Keys are kept as text; an integer key is its decimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Array {
    entries: Vec<(Vec<u8>, Value)>,
    index: HashMap<Vec<u8>, usize>,
    next: i64,
}

/// What a key has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(Vec<u8>),
    /// A section, or what `key[offset] = value` makes.
    Array(Array),
}

/// What `parse_ini_string(text, true)` returns; `None` is PHP's `false`, where not a single key of
/// the text comes out.
pub fn parse(text: &[u8]) -> Option<Array> {
    // The scanner measures the text with strlen().
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    let mut parser = Parser { scanner: Scanner::new(&text[..end]), token: Token::End };
    parser.advance();
    let mut all = Array::default();
    let mut section: Option<Vec<u8>> = None;
    loop {
        match parser.statement().ok()? {
            Statement::Nothing => {}
            Statement::End => return Some(all),
            Statement::Section(name) => {
                all.set(&name, Value::Array(Array::default()));
                section = Some(name);
            }
            Statement::Entry { key, offset, value } => {
                let place = match &section {
                    Some(name) => all.array(name),
                    None => &mut all,
                };
                match offset {
                    None => place.set(&key, Value::Text(value)),
                    Some(offset) if offset.is_empty() => place.array(&key).push(value),
                    Some(offset) => place.array(&key).set(&offset, Value::Text(value)),
                }
            }
        }
    }
}

impl Array {
    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.index.get(key).map(|at| &self.entries[*at].1)
    }

    /// The keys and values, in PHP's order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A key that is there keeps its place (`zend_symtable_update`).
    fn set(&mut self, key: &[u8], value: Value) {
        if let Some(at) = self.index.get(key) {
            self.entries[*at].1 = value;
            return;
        }
        if let Some(number) = integer(key) {
            self.next = self.next.max(number.saturating_add(1));
        }
        self.index.insert(key.to_vec(), self.entries.len());
        self.entries.push((key.to_vec(), value));
    }

    /// The array at a key; another value makes way for it.
    fn array(&mut self, key: &[u8]) -> &mut Self {
        if !matches!(self.get(key), Some(Value::Array(_))) {
            self.set(key, Value::Array(Self::default()));
        }
        match self.index.get(key).map(|at| &mut self.entries[*at].1) {
            Some(Value::Array(array)) => array,
            _ => unreachable!("an array was put there just now"),
        }
    }

    fn push(&mut self, value: Vec<u8>) {
        let key = self.next.to_string().into_bytes();
        self.set(&key, Value::Text(value));
    }
}

/// The number that PHP takes a key for: only in its one decimal spelling.
fn integer(key: &[u8]) -> Option<i64> {
    let text = str::from_utf8(key).ok()?;
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

/// What one statement does.
enum Statement {
    Nothing,
    End,
    Section(Vec<u8>),
    Entry { key: Vec<u8>, offset: Option<Vec<u8>>, value: Vec<u8> },
}

/// A token that the grammar has no place for: PHP gives the whole text up.
struct SyntaxError;

/// The grammar, with one token read ahead as bison does.
struct Parser<'a> {
    scanner: Scanner<'a>,
    token: Token,
}

impl Parser<'_> {
    /// Returns the token and reads the next one.
    fn advance(&mut self) -> Token {
        let next = self.scanner.next_token();
        std::mem::replace(&mut self.token, next)
    }

    fn statement(&mut self) -> Result<Statement, SyntaxError> {
        match self.advance() {
            Token::End => Ok(Statement::End),
            Token::EndOfLine => Ok(Statement::Nothing),
            Token::SectionStart => {
                let name = if self.token.is_string() { self.strings()? } else { Vec::new() };
                self.expect(&Token::Close)?;
                Ok(Statement::Section(name))
            }
            Token::Label(key) if self.token == Token::Equals => {
                self.advance();
                Ok(Statement::Entry { key, offset: None, value: self.value()? })
            }
            Token::Label(_) => Ok(Statement::Nothing),
            Token::Offset(key) => {
                let offset = if self.token.is_string() { self.strings()? } else { Vec::new() };
                self.expect(&Token::Close)?;
                self.expect(&Token::Equals)?;
                Ok(Statement::Entry { key, offset: Some(offset), value: self.value()? })
            }
            _ => Err(SyntaxError),
        }
    }

    fn expect(&mut self, token: &Token) -> Result<(), SyntaxError> {
        if self.advance() == *token { Ok(()) } else { Err(SyntaxError) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(names: &[&str]) -> Option<Vec<String>> {
        let lines: String = names.iter().map(|name| format!("{name} = 0\n")).collect();
        let all = parse(format!("[hashes]\n{lines};# End\n").as_bytes())?;
        match all.get(b"hashes") {
            Some(Value::Array(hashes)) => {
                let name = |(key, _): (&[u8], &Value)| String::from_utf8_lossy(key).into_owned();
                Some(hashes.iter().map(name).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_name_can_empty_the_whole_list() {
        for name in ["a(1)", "a&b", "yes", "Null", "a=b", "a{b", "a\"b", "[", "$a"] {
            assert_eq!(files(&["x", name, "y"]), None, "{name}");
        }
    }

    #[test]
    fn names_are_dropped_trimmed_and_kept() {
        let read = files(&["a;b", " b ", "c\td", "it's", "a b", "yes.php", "x", "x"]);
        let kept = ["b", "d", "it's", "a b", "yes.php", "x"].map(str::to_owned);
        assert_eq!(read, Some(kept.to_vec()));
        assert_eq!(files(&["a", "b\0", "c"]), Some(vec!["a".to_owned()]));
    }

    #[test]
    fn a_section_that_comes_again_replaces_the_first() {
        let all = parse(b"top = 1\n[h]\na = 1\n[i]\n[h]\nb = 'x y'\n").expect("a text");
        let keys: Vec<_> = all.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, [&b"top"[..], b"h", b"i"]);
        let Some(Value::Array(h)) = all.get(b"h") else { panic!("no section") };
        assert_eq!(h.iter().collect::<Vec<_>>(), [(&b"b"[..], &Value::Text(b"x y".to_vec()))]);
    }

    #[test]
    fn values_are_words_operations_and_lists() {
        let all = parse(b"a = On\nb = ~1|4\nc[] = 1\nc[k] = \"q \\\" ;\" x\nd = (2)\ne = no\n");
        let all = all.expect("a text");
        let text = |text: &str| Value::Text(text.into());
        for (key, value) in [("a", "1"), ("b", "-2"), ("d", "2"), ("e", "")] {
            assert_eq!(all.get(key.as_bytes()), Some(&text(value)), "{key}");
        }
        let Some(Value::Array(c)) = all.get(b"c") else { panic!("no list") };
        assert_eq!(c.get(b"0"), Some(&text("1")));
        assert_eq!(c.get(b"k"), Some(&text("q \" ;x")));
    }

    #[test]
    fn deep_nesting_ends() {
        assert_eq!(parse(&[b"a = ", &b"("[..].repeat(1 << 20)[..]].concat()), None);
        assert_eq!(parse(&[b"a = ", &b"!"[..].repeat(1 << 20)[..], b"1"].concat()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, text in "[a=\\[\\]'\"$\\{\\}\\\\;! \n]{0,60}") {
            let _ = parse(&bytes);
            let _ = parse(text.as_bytes());
        }
    }
}
