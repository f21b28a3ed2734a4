//! A module's version.

use std::fmt;
use std::str::FromStr;

/// Longest version, in bytes.
const MAX_LENGTH: usize = 64;
/// The words that PHP's `version_compare` knows; it puts any other before all of them, so that
/// `17.0.1x` would be older than `17.0.1dev`. FreePBX compares in lower case.
const WORDS: [&str; 8] = ["dev", "alpha", "a", "beta", "b", "rc", "pl", "p"];

/// A version that FreePBX compares as a person would: numbers, and `dev`, `alpha`, `beta`, `rc` or
/// `pl` with a number, parted by `.`, `-`, `_`, `+` or nothing. It can stand in a file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

/// Why a text is not such a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It begins with no number, or is too long.
    #[error("{0:?} does not begin with a number, or has more than {MAX_LENGTH} characters")]
    Form(String),
    /// A character that no version has.
    #[error("a version has no {0:?}")]
    Character(char),
    /// A word that PHP puts before every other version.
    #[error(
        "{0:?} is no word that version_compare knows: it would be older than any other version"
    )]
    Word(String),
    /// A number that is longer than PHP's integers, which are compared as they are.
    #[error("{0} is longer than the numbers that version_compare compares")]
    Number(String),
}

impl Version {
    /// The version as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.len() > MAX_LENGTH || !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(VersionError::Form(text.chars().take(MAX_LENGTH).collect()));
        }
        let separator = |c: char| matches!(c, '.' | '-' | '_' | '+');
        if let Some(c) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !separator(*c)) {
            return Err(VersionError::Character(c));
        }
        for word in text.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty()) {
            if !WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                return Err(VersionError::Word(word.to_owned()));
            }
        }
        for number in text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()) {
            if number.parse::<i64>().is_err() {
                return Err(VersionError::Number(number.to_owned()));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_freepbx_modules_have_are_good() {
        for text in
            ["17.0.3.42", "2.11.0.1rc2", "13.0.1alpha1", "16.0RC3", "1", "15.0-beta2", "1p1"]
        {
            assert_eq!(text.parse::<Version>().expect(text).as_str(), text);
        }
    }

    #[test]
    fn versions_that_cannot_be_compared_are_refused() {
        let word = |text: &str| VersionError::Word(text.to_owned());
        let form = |text: &str| VersionError::Form(text.to_owned());
        let cases = [
            ("", form("")),
            ("v1.0", form("v1.0")),
            ("1.0x", word("x")),
            ("1.0-stable", word("stable")),
            ("1/../2", VersionError::Character('/')),
            ("1 2", VersionError::Character(' ')),
            ("1.99999999999999999999", VersionError::Number("99999999999999999999".to_owned())),
        ];
        for (text, reason) in cases {
            assert_eq!(text.parse::<Version>(), Err(reason), "{text}");
        }
        assert!("1.".repeat(33).parse::<Version>().is_err());
    }
}
