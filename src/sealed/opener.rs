//! Opening a sealed message, in memory.

use std::io::Read as _;

use sequoia_openpgp as openpgp;

use openpgp::crypto::SessionKey;
use openpgp::packet::key::{SecretParts, UnspecifiedRole};
use openpgp::packet::{Key, PKESK, Packet, SKESK};
use openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper,
};
use openpgp::parse::{PacketParser, Parse as _};
use openpgp::policy::StandardPolicy;
use openpgp::types::SymmetricAlgorithm;
use openpgp::{Cert, KeyHandle};

use super::passphrase::Passphrase;

/// Longest content that is read, in bytes: a signature packet.
const MAX_CONTENT: u64 = 8 << 10;

/// What opens a sealed message.
#[derive(Debug)]
pub enum Opener {
    /// A custodian's secret keys, unlocked.
    Keys(Vec<Key<SecretParts, UnspecifiedRole>>),
    /// The passphrase.
    Passphrase(Passphrase),
}

/// Why a sealed message cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another key, a wrong passphrase, or damage: decryption does not tell these apart.
    #[error("the message is not sealed for this key or passphrase, or it is damaged")]
    Closed(#[source] anyhow::Error),
    /// Longer than a signature.
    #[error("more than a signature is in the message")]
    TooLong,
}

/// Opens a sealed message and returns what is in it: untrusted, and secret until it is published.
/// The message must be encrypted, hold literal data, and nothing beside that.
///
/// # Errors
/// [`OpenError`].
pub fn open(untrusted: &[u8], opener: &Opener) -> Result<Vec<u8>, OpenError> {
    // The data are not dated: whether a key is too old for today is not the question here.
    let policy = StandardPolicy::new();
    let decryptor = DecryptorBuilder::from_bytes(untrusted).map_err(OpenError::Closed)?;
    let decryptor =
        decryptor.with_policy(&policy, None, Helper { opener }).map_err(OpenError::Closed)?;
    let mut content = Vec::new();
    let read = decryptor.take(MAX_CONTENT + 1).read_to_end(&mut content);
    read.map_err(|error| OpenError::Closed(error.into()))?;
    if content.len() as u64 > MAX_CONTENT { Err(OpenError::TooLong) } else { Ok(content) }
}

/// The secret keys in a custodian's exported key, locked or not.
///
/// # Errors
/// Where it holds none.
pub fn secret_keys(untrusted: &[u8]) -> anyhow::Result<Vec<Key<SecretParts, UnspecifiedRole>>> {
    let cert = Cert::from_bytes(untrusted)?;
    let keys: Vec<_> = cert.keys().secret().map(|k| k.key().clone()).collect();
    anyhow::ensure!(!keys.is_empty(), "it holds no secret key");
    Ok(keys)
}

struct Helper<'a> {
    opener: &'a Opener,
}

impl VerificationHelper for Helper<'_> {
    fn inspect(&mut self, pp: &PacketParser<'_>) -> openpgp::Result<()> {
        match &pp.packet {
            Packet::PKESK(_) | Packet::SKESK(_) | Packet::SEIP(_) => Ok(()),
            #[allow(deprecated)]
            Packet::MDC(_) => Ok(()),
            // No room beside the content.
            Packet::Literal(data) => {
                let bare = data.filename().is_none() && data.date().is_none();
                anyhow::ensure!(bare, "the data bear a name or a date");
                Ok(())
            }
            other => anyhow::bail!("there is a {} packet in the message", other.tag()),
        }
    }

    fn get_certs(&mut self, _: &[KeyHandle]) -> openpgp::Result<Vec<Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
        let mut layers = structure.into_iter();
        let encrypted = matches!(layers.next(), Some(MessageLayer::Encryption { .. }));
        anyhow::ensure!(encrypted && layers.next().is_none(), "it is not encrypted data alone");
        Ok(())
    }
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        skesks: &[SKESK],
        sym_algo: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> openpgp::Result<Option<Cert>> {
        let opened = match self.opener {
            Opener::Keys(keys) => keys.iter().any(|key| {
                let Ok(mut pair) = key.clone().into_keypair() else { return false };
                let handle = pair.public().key_handle();
                let mine = |p: &&PKESK| p.recipient().is_some_and(|r| r.aliases(&handle));
                pkesks.iter().filter(mine).any(|pkesk| {
                    let session = pkesk.decrypt(&mut pair, sym_algo);
                    session.is_some_and(|(algorithm, key)| decrypt(algorithm, &key))
                })
            }),
            Opener::Passphrase(passphrase) => skesks.iter().any(|skesk| {
                let session = skesk.decrypt(passphrase.password());
                session.is_ok_and(|(algorithm, key)| decrypt(algorithm, &key))
            }),
        };
        anyhow::ensure!(opened, "no session key opens with it");
        Ok(None)
    }
}
