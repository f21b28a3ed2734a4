//! The backup's file: an armored OpenPGP message, encrypted with the passphrase, that holds the
//! transferable secret key (RFC 9580 §10.2). gpg opens it: `gpg --decrypt FILE | gpg --import`.

use std::io::{Read as _, Write as _};

use sequoia_openpgp as openpgp;

use openpgp::KeyHandle;
use openpgp::armor::{Kind, Reader, ReaderMode, Writer};
use openpgp::crypto::SessionKey;
use openpgp::crypto::mem::Protected;
use openpgp::packet::{PKESK, SKESK};
use openpgp::parse::Parse as _;
use openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, MessageStructure, VerificationHelper,
};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::stream::{Encryptor, LiteralWriter, Message};
use openpgp::types::SymmetricAlgorithm;

use countersign::safe::Safe;

use super::passphrase::Passphrase;
use super::words::Mark;

/// Longest backup, in bytes: one RSA-4096 key with its certificate has some 5,000.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// What the file's comment says before the mark.
const COMMENT: &str = "countersign backup ";

/// Why a backup cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It could not be made.
    #[error("the backup cannot be encrypted")]
    Seal(#[source] anyhow::Error),
    /// No encrypted message.
    #[error("this is not a backup, or not all of it")]
    NotABackup(#[source] anyhow::Error),
    /// The words of another backup.
    #[error("the words are those of backup {typed}{}: they do not open it", of_file(file.as_deref()))]
    WrongWords {
        /// The mark of the words.
        typed: Mark,
        /// The mark that the file bears; anybody could have written it there.
        file: Option<String>,
    },
    /// Changed or cut off.
    #[error("the backup is damaged: it opens, and its end or its checksum is wrong")]
    Damaged(#[source] anyhow::Error),
}

fn of_file(mark: Option<&str>) -> String {
    mark.map_or(String::new(), |mark| format!(", this is backup {}", Safe(mark)))
}

/// Encrypts a transferable secret key with the passphrase (AES-256, RFC 9580 §5.13.1).
///
/// # Errors
/// [`SealError`] where the system gives no random numbers.
pub fn seal(secret_key: &Protected, passphrase: &Passphrase) -> Result<Vec<u8>, SealError> {
    let headers = [("Comment", format!("{COMMENT}{}", passphrase.mark()))];
    let mut armor = Writer::with_headers(Vec::new(), Kind::Message, headers)
        .map_err(|e| SealError::Seal(e.into()))?;
    let mut encrypt = || -> openpgp::Result<()> {
        let message = Message::new(&mut armor);
        let message = Encryptor::with_passwords(message, [passphrase.password()])
            .symmetric_algo(SymmetricAlgorithm::AES256)
            .build()?;
        let mut message = LiteralWriter::new(message).build()?;
        message.write_all(secret_key)?;
        message.finalize()
    };
    encrypt().map_err(SealError::Seal)?;
    armor.finalize().map_err(|e| SealError::Seal(e.into()))
}

/// Decrypts a backup: the transferable secret key.
///
/// # Errors
/// [`SealError`] where it is no backup, not all of one, or the words are another's.
pub fn open(untrusted: &[u8], passphrase: &Passphrase) -> Result<Protected, SealError> {
    let policy = StandardPolicy::new();
    let helper = Helper { passphrase };
    let mut plain = DecryptorBuilder::from_bytes(untrusted)
        .map_err(SealError::NotABackup)?
        .with_policy(&policy, None, helper)
        .map_err(|error| match error.downcast_ref::<WrongWords>() {
            Some(WrongWords) => {
                SealError::WrongWords { typed: passphrase.mark(), file: mark(untrusted) }
            }
            None => SealError::NotABackup(error),
        })?;
    // The size is known beforehand, so that the secret is never moved in memory while it grows.
    let mut secret = Protected::new(untrusted.len().min(MAX_BYTES));
    let mut length = 0;
    loop {
        let free = &mut secret[length..];
        match plain.read(free) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) => return Err(SealError::Damaged(error.into())),
        }
    }
    if !plain.message_processed() {
        return Err(SealError::Damaged(anyhow::anyhow!("it is longer than a backup")));
    }
    let mut whole = Protected::new(length);
    whole.copy_from_slice(&secret[..length]);
    Ok(whole)
}

/// Whether a file begins like a backup, before anybody types words for it.
///
/// # Errors
/// [`SealError::NotABackup`] where it does not.
pub(crate) fn looks_right(untrusted: &[u8]) -> Result<(), SealError> {
    match mark(untrusted) {
        Some(_) => Ok(()),
        None => Err(SealError::NotABackup(anyhow::anyhow!("it has no \"{COMMENT}\" in it"))),
    }
}

/// The mark in the file's comment.
fn mark(untrusted: &[u8]) -> Option<String> {
    let mut armor = Reader::from_bytes(untrusted, ReaderMode::Tolerant(Some(Kind::Message)));
    let headers = armor.headers().ok()?;
    let comment = headers.iter().find_map(|(_, text)| text.strip_prefix(COMMENT))?;
    Some(countersign::safe::clip(comment.trim()))
}

#[derive(Debug, thiserror::Error)]
#[error("no session key")]
struct WrongWords;

struct Helper<'a> {
    passphrase: &'a Passphrase,
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        _: &[PKESK],
        skesks: &[SKESK],
        _: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> openpgp::Result<Option<openpgp::Cert>> {
        let password = self.passphrase.password();
        // Each one may cost a second of hashing: a backup has one.
        let opens = skesks.iter().take(2).any(|skesk| {
            skesk.decrypt(&password).is_ok_and(|(algorithm, key)| decrypt(algorithm, &key))
        });
        if opens { Ok(None) } else { Err(WrongWords.into()) }
    }
}

/// A backup is not signed: whoever knows the passphrase made it.
impl VerificationHelper for Helper<'_> {
    fn get_certs(&mut self, _: &[KeyHandle]) -> openpgp::Result<Vec<openpgp::Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, _: MessageStructure<'_>) -> openpgp::Result<()> {
        Ok(())
    }
}
