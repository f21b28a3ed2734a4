//! SHA-256 digests, in hex for machines and in words for reading aloud.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

/// A SHA-256 digest, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Sha256([u8; 32]);

/// A text that is not a SHA-256 digest.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not 64 lower-case hex digits")]
pub struct NotADigest(String);

impl Sha256 {
    /// All zeros: what the first entry of a chain names as its predecessor.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest of all that `reader` gives, which need not fit in memory.
    ///
    /// # Errors
    /// Where reading fails.
    pub fn of_reader(reader: &mut impl Read) -> io::Result<Self> {
        let mut whole = sha2::Sha256::new();
        let mut block = vec![0; 1 << 16];
        loop {
            match reader.read(&mut block)? {
                0 => return Ok(Self(whole.finalize().into())),
                read => whole.update(&block[..read]),
            }
        }
    }

    /// The digest of all `parts`, one after another.
    ///
    /// # Errors
    /// The first error among the parts.
    pub(crate) fn of_parts<E>(parts: impl Iterator<Item = Result<[u8; 32], E>>) -> Result<Self, E> {
        let mut whole = sha2::Sha256::new();
        for part in parts {
            whole.update(part?);
        }
        Ok(Self(whole.finalize().into()))
    }

    /// The digest that these bytes are.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hex digits: enough to tell files apart, never enough to trust one.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..4])
    }

    /// The digest as 32 words of the PGP word list, for reading aloud: words for even and odd
    /// places differ in their number of syllables, so a swapped or dropped word is heard.
    pub fn words(&self) -> Vec<&str> {
        pgp_words::to_words(&self.0)
    }

    /// The digest in groups of four hex digits, the form for comparing by eye.
    pub fn spaced(&self) -> String {
        self.0.chunks(2).map(hex::encode).collect::<Vec<_>>().join(" ")
    }
}

impl From<[u8; 32]> for Sha256 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(NotADigest(text.chars().take(80).collect())),
        }
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_pgp_word_list() {
        let bytes = hex::decode("e58294f2e9a227486e8b061b31cc528fd7fa3f19").expect("hex");
        let words = pgp_words::to_words(&bytes).join(" ");
        assert_eq!(
            words.to_lowercase(),
            "topmost istanbul pluto vagabond treadmill pacific brackish dictator goldfish medusa \
             afflict bravado chatter revolver dupont midsummer stopwatch whimsical cowbell \
             bottomless"
        );
    }

    #[test]
    fn only_lower_case_hex_of_the_right_length_is_a_digest() {
        let good = Sha256::of("abc").to_string();
        assert_eq!(good, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(good.parse::<Sha256>().is_ok());
        assert!(good.to_uppercase().parse::<Sha256>().is_err());
        assert!(good[1..].parse::<Sha256>().is_err());
    }
}
