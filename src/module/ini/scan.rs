//! The scanner: which token the text has next. Each state has rules; the longest match wins, among
//! equals the first rule (as re2c does it).

use super::chars::{
    blanks, count, is_label, is_name, is_value, newline, run, runs_over, trimmed, unescaped, word,
};

/// A token of the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    EndOfLine,
    /// `[` before a section's name.
    SectionStart,
    /// `]`
    Close,
    /// A key.
    Label(Vec<u8>),
    /// A key before `[`.
    Offset(Vec<u8>),
    Equals,
    /// `true`, `on`, `yes`; `false`, `off`, `no`, `none`; `null`: and what each is as a string.
    Word(&'static [u8]),
    /// A piece of a value or a section's name.
    Text(Vec<u8>),
    /// `"`, at either end.
    Quote,
    /// A piece of a quotation.
    Quoted(Vec<u8>),
    /// `${`
    Variable,
    VariableName,
    VariableEnd,
    /// `& | ^ ~ ( ) !` within a value.
    Operator(u8),
    /// What no statement can have.
    Other,
}

impl Token {
    /// Whether a `var_string_list` can begin with it, or go on.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Quote | Self::Variable)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Initial,
    Section,
    Offset,
    Value,
    Quotes,
    VariableName,
}

/// The text, and what of it is next.
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
    state: State,
    /// States to return to, at most two: a variable in a quotation in a value.
    outer: Vec<State>,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text, state: State::Initial, outer: Vec::new() }
    }

    pub fn next_token(&mut self) -> Token {
        match self.state {
            State::Initial => self.initial(),
            State::Section | State::Offset => self.name(),
            State::Value => self.value(),
            State::Quotes => self.quotes(),
            State::VariableName => self.variable(),
        }
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn enter(&mut self, state: State) {
        self.outer.push(self.state);
        self.state = state;
    }

    fn leave(&mut self) {
        self.state = self.outer.pop().unwrap_or(State::Initial);
    }

    fn initial(&mut self) -> Token {
        loop {
            let blanks = blanks(self.rest);
            let label = count(self.rest, is_label);
            match self.rest.get(blanks) {
                None if label == 0 => return Token::End,
                Some(b'\r' | b'\n' | b';') => return self.line_end(blanks),
                Some(b'=') => {
                    self.take(blanks + 1);
                    self.take(super::chars::blanks(self.rest));
                    self.state = State::Value;
                    return Token::Equals;
                }
                _ => {}
            }
            // At the text's end a key is the longer match: it takes the terminator in.
            if let Some((word, length)) = word(self.rest)
                && length >= label
                && !matches!(self.rest.get(label), None | Some(b'['))
            {
                self.take(length);
                return Token::Word(word);
            }
            if label > 0 {
                return self.label(label);
            }
            if blanks > 0 {
                self.take(blanks);
                continue;
            }
            return match self.take(1) {
                b"[" => {
                    self.state = State::Section;
                    Token::SectionStart
                }
                _ => Token::Other,
            };
        }
    }

    fn label(&mut self, length: usize) -> Token {
        let text = trimmed(self.take(length)).to_vec();
        if self.rest.first() != Some(&b'[') {
            return Token::Label(text);
        }
        self.take(1);
        self.take(blanks(self.rest));
        self.state = State::Offset;
        Token::Offset(text)
    }

    /// Blanks, a comment where there is one, and the line's end.
    fn line_end(&mut self, blanks: usize) -> Token {
        self.take(blanks);
        if self.rest.first() == Some(&b';') {
            self.take(count(self.rest, |b| !matches!(b, b'\r' | b'\n')));
            // Only a line's end makes it a comment; else the scanner ran into the text's end.
            if self.rest.is_empty() {
                return Token::End;
            }
        }
        self.take(newline(self.rest));
        self.state = State::Initial;
        Token::EndOfLine
    }

    /// A section's name or an offset.
    fn name(&mut self) -> Token {
        let blanks = blanks(self.rest);
        let text = run(self.rest, is_name);
        match (self.state, self.rest.get(blanks)) {
            (State::Offset, Some(b']')) => {
                self.take(blanks + 1);
                self.state = State::Initial;
                return Token::Close;
            }
            (_, Some(b'"')) => return self.quote(blanks),
            _ => {}
        }
        if let Some(token) = self.quoted_or_variable() {
            return token;
        }
        if text > 0 {
            let text = self.take(text);
            return Token::Text(self.constant(text).to_vec());
        }
        if self.rest.first() == Some(&b']') {
            self.take(1);
            self.take(super::chars::blanks(self.rest));
            self.take(newline(self.rest));
            self.state = State::Initial;
            return Token::Close;
        }
        Token::End
    }

    /// In an offset, the three constants that every PHP has are looked up.
    fn constant<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match word(text) {
            Some((value, length)) if self.state == State::Offset && length == text.len() => {
                let is = |name: &str| text.eq_ignore_ascii_case(name.as_bytes());
                if is("true") || is("false") || is("null") { value } else { text }
            }
            _ => text,
        }
    }

    fn value(&mut self) -> Token {
        let blanks = blanks(self.rest);
        match self.rest.get(blanks) {
            Some(b'\r' | b'\n' | b';') => return self.line_end(blanks),
            Some(b'"') => return self.quote(blanks),
            _ => {}
        }
        if blanks > 0 {
            return Token::Text(self.take(blanks).to_vec());
        }
        if let Some(token) = self.quoted_or_variable() {
            return token;
        }
        let text = run(self.rest, is_value);
        if let Some((word, length)) = word(self.rest)
            && length >= text
        {
            self.take(length);
            return Token::Word(word);
        }
        if text > 0 && runs_over(self.rest, is_value) {
            self.take(text);
            return Token::End;
        }
        if text > 0 {
            return Token::Text(self.take(text).to_vec());
        }
        match self.rest.first() {
            Some(operator @ (b'&' | b'|' | b'^' | b'~' | b'(' | b')' | b'!')) => {
                self.take(1);
                self.take(super::chars::blanks(self.rest));
                Token::Operator(*operator)
            }
            // A quote without end: the scanner ran into the text's end.
            Some(b'\'') if self.rest.get(1) != Some(&b'\'') => Token::End,
            first => {
                // A second `=`, which is an error, `''`, or the text's end: the value is over.
                if !matches!(first, None | Some(b'=')) {
                    self.take(1);
                }
                self.state = State::Initial;
                Token::EndOfLine
            }
        }
    }

    /// `'…'`, over line ends too, or `${`.
    fn quoted_or_variable(&mut self) -> Option<Token> {
        if self.rest.starts_with(b"${") {
            self.take(2);
            self.enter(State::VariableName);
            return Some(Token::Variable);
        }
        let inner = self.rest.strip_prefix(b"'")?;
        let length = inner.iter().position(|b| *b == b'\'').filter(|length| *length > 0)?;
        let text = self.take(length + 2);
        Some(Token::Text(text[1..=length].to_vec()))
    }

    fn quote(&mut self, blanks: usize) -> Token {
        self.take(blanks + 1);
        self.enter(State::Quotes);
        Token::Quote
    }

    fn quotes(&mut self) -> Token {
        match self.rest {
            [] => return Token::End,
            [b'"', ..] => {
                self.take(1);
                self.take(blanks(self.rest));
                self.leave();
                return Token::Quote;
            }
            [b'$', b'{', ..] => {
                self.take(2);
                self.enter(State::VariableName);
                return Token::Variable;
            }
            _ => {}
        }
        let mut length = 0;
        loop {
            match &self.rest[length..] {
                [] | [b'"', ..] | [b'$', b'{', ..] => break,
                [b'\\', _, ..] => length += 2,
                _ => length += 1,
            }
        }
        Token::Quoted(unescaped(self.take(length)))
    }

    fn variable(&mut self) -> Token {
        let name = count(self.rest, is_label);
        if name > 0 {
            self.take(name);
            return Token::VariableName;
        }
        match self.rest.first() {
            None => Token::End,
            Some(b'}') => {
                self.take(1);
                self.leave();
                Token::VariableEnd
            }
            Some(_) => Token::Other,
        }
    }
}
