//! The value side of the grammar: strings that stand side by side, and PHP's bit operations.

use super::scan::Token;
use super::{Parser, SyntaxError};

/// Deepest nesting that is followed; PHP's own limit depends on its parser's stack of 10,000.
const MAX_DEPTH: usize = 1000;

impl Parser<'_> {
    /// `string_or_value`: the tokens after `=`.
    pub(super) fn value(&mut self) -> Result<Vec<u8>, SyntaxError> {
        match &self.token {
            Token::Word(value) => {
                let value = value.to_vec();
                self.advance();
                Ok(value)
            }
            Token::EndOfLine => {
                self.advance();
                Ok(Vec::new())
            }
            _ => self.expression(0),
        }
    }

    /// `expr`; the three operators with two sides are of one rank, from left to right.
    fn expression(&mut self, depth: usize) -> Result<Vec<u8>, SyntaxError> {
        let mut left = self.operand(depth)?;
        while let Token::Operator(operator @ (b'|' | b'&' | b'^')) = self.token {
            self.advance();
            let right = number(&self.operand(depth)?);
            let left_number = number(&left);
            let result = match operator {
                b'|' => left_number | right,
                b'&' => left_number & right,
                _ => left_number ^ right,
            };
            left = result.to_string().into_bytes();
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Vec<u8>, SyntaxError> {
        if depth == MAX_DEPTH {
            return Err(SyntaxError);
        }
        match self.token {
            Token::Operator(b'~') => {
                self.advance();
                let number = number(&self.operand(depth + 1)?);
                Ok((!number).to_string().into_bytes())
            }
            Token::Operator(b'!') => {
                self.advance();
                let number = number(&self.operand(depth + 1)?);
                Ok(i32::from(number == 0).to_string().into_bytes())
            }
            Token::Operator(b'(') => {
                self.advance();
                let inner = self.expression(depth + 1)?;
                self.expect(&Token::Operator(b')'))?;
                Ok(inner)
            }
            _ => self.strings(),
        }
    }

    /// `var_string_list`: at least one string, variable or quotation.
    pub(super) fn strings(&mut self) -> Result<Vec<u8>, SyntaxError> {
        if !self.token.is_string() {
            return Err(SyntaxError);
        }
        let mut all = Vec::new();
        while self.token.is_string() {
            match self.advance() {
                Token::Text(text) => all.extend(text),
                Token::Variable => self.variable()?,
                _ => self.quotation(&mut all)?,
            }
        }
        Ok(all)
    }

    /// After a quotation mark.
    fn quotation(&mut self, all: &mut Vec<u8>) -> Result<(), SyntaxError> {
        loop {
            match self.advance() {
                Token::Quote => return Ok(()),
                Token::Quoted(text) => all.extend(text),
                Token::Variable => self.variable()?,
                _ => return Err(SyntaxError),
            }
        }
    }

    /// After `${`: the value is taken for empty (see [`super`]).
    fn variable(&mut self) -> Result<(), SyntaxError> {
        match self.advance() {
            Token::VariableName => self.expect(&Token::VariableEnd),
            _ => Err(SyntaxError),
        }
    }
}

/// C's atoi() where long has 64 bits.
fn number(text: &[u8]) -> i32 {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    let (negative, digits) = match text[start..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[start..]),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit());
    let value = digits.fold(0i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        let value = value.saturating_mul(10);
        if negative { value.saturating_sub(digit) } else { value.saturating_add(digit) }
    });
    value as i32 // The lower 32 bits, as the conversion in C.
}
