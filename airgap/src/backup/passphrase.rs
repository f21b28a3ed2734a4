//! What opens a backup: random words.

use std::fmt;

use sequoia_openpgp::crypto::Password;
use zeroize::Zeroizing;

use super::words::{self, Mark, WordError};

/// Says which version of this form it is, and that it is a passphrase.
const TAG: u8 = 0xb1;
/// Random bytes: 128 bits.
pub(super) const ENTROPY: usize = 16;
/// Bytes before the checksum: tag, mark, entropy.
pub(super) const LENGTH: usize = 3 + ENTROPY;

/// The passphrase of a backup: 128 random bits, as words.
pub struct Passphrase {
    pub(super) mark: Mark,
    pub(super) secret: Zeroizing<[u8; ENTROPY]>,
}

impl Passphrase {
    /// A new one, for a new backup.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let (mut mark, mut secret) = ([0; 2], Zeroizing::new([0; ENTROPY]));
        getrandom::fill(&mut mark)?;
        getrandom::fill(secret.as_mut_slice())?;
        Ok(Self { mark: Mark(mark), secret })
    }

    /// Which backup it belongs to.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Its words, in lower case and with one blank between: typed just so, they are the
    /// passphrase that gpg asks for.
    pub fn words(&self) -> Zeroizing<String> {
        let Mark([a, b]) = self.mark;
        let bytes = Zeroizing::new([&[TAG, a, b], self.secret.as_slice()].concat());
        words::write(&bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, WordError> {
        let Some(([TAG, a, b], secret)) = bytes.split_first_chunk::<3>() else {
            return Err(WordError::Version);
        };
        let secret = secret.try_into().map_err(|_| WordError::Version)?;
        Ok(Self { mark: Mark([*a, *b]), secret: Zeroizing::new(secret) })
    }

    pub(super) fn password(&self) -> Password {
        Password::from(self.words().as_bytes())
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Self) -> bool {
        // Both were typed or drawn at this machine: nobody times this comparison.
        self.mark == other.mark && *self.secret == *other.secret
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passphrase({})", self.mark)
    }
}
