//! A passphrase that the station makes: twelve words, 96 bits.

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::crypto::Password;

/// How many words: eight bits each.
const WORDS: usize = 12;

/// A passphrase for one sealed message. It is shown once and kept nowhere.
pub struct Passphrase(Password);

impl Passphrase {
    /// A new one, of the system's randomness: words of the PGP word list, those of even and odd
    /// places told apart by their number of syllables, as digests are read aloud.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0; WORDS];
        openpgp::crypto::random(&mut bytes)?;
        Ok(Self::of_words(&pgp_words::to_words(&bytes).join(" ")))
    }

    /// The passphrase that somebody typed: case and the blanks between words do not count.
    pub fn typed(text: &str) -> Self {
        Self::of_words(text)
    }

    fn of_words(text: &str) -> Self {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        Self(Password::from(words.join(" ")))
    }

    /// The words, to be shown once.
    pub fn words(&self) -> String {
        self.0.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// Whether somebody typed the same words.
    pub fn is(&self, typed: &Self) -> bool {
        self.0 == typed.0
    }

    pub(super) fn password(&self) -> &Password {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_words_that_are_others_each_time() {
        let (one, two) = (Passphrase::generate(), Passphrase::generate());
        let (one, two) = (one.expect("randomness"), two.expect("randomness"));
        assert_eq!(one.words().split(' ').count(), WORDS);
        assert!(!one.is(&two));
        let shouted = one.words().to_uppercase().replace(' ', "  ");
        assert!(one.is(&Passphrase::typed(&shouted)));
        assert!(!format!("{one:?}").contains(&one.words()));
    }
}
