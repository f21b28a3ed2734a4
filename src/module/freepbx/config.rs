//! What FreePBX looks at of `[config]`, and how PHP compares it.

use crate::time::Timestamp;

/// The settings that FreePBX looks at, as PHP's parser gives them: texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `version`
    pub version: Option<String>,
    /// `type`
    pub form: Option<String>,
    /// `expiresafter`
    pub expires_after: Option<String>,
}

impl Config {
    /// Whether FreePBX takes the `type=local` path, if gpg does not trust the signer.
    pub fn is_local(&self) -> bool {
        self.is_later_than_one() && self.form.as_deref() == Some("local")
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        let after = self.expires_after.as_deref().filter(|text| !matches!(*text, "" | "0"));
        self.is_later_than_one()
            && after.is_some_and(|text| php_integer(text) < f64::from(now.unix()))
    }

    /// PHP's `$version > "1"`: as numbers where the text is one, byte for byte otherwise.
    fn is_later_than_one(&self) -> bool {
        self.version.as_deref().is_some_and(|text| match php_number(text.trim()) {
            Some((number, "")) => number > 1.0,
            Some(_) | None => text > "1",
        })
    }
}

/// PHP's `(int)`: the number that a text begins with, without its fraction; 0 if it begins with
/// none.
fn php_integer(text: &str) -> f64 {
    php_number(text.trim_start()).map_or(0.0, |(number, _)| number.trunc())
}

/// The decimal number that a text begins with, and what is left of it.
fn php_number(text: &str) -> Option<(f64, &str)> {
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let most = text.find(|c| !numeric(c)).unwrap_or(text.len()).min(64);
    (1..=most).rev().find_map(|end| Some((text[..end].parse().ok()?, &text[end..])))
}
