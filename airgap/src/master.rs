//! A new master: a key made on the card, and its certificate, self-signed by the card.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::packet::{Packet, Signature, UserID};
use openpgp::serialize::Serialize as _;
use openpgp::types::{Features, HashAlgorithm, KeyFlags};

use countersign::certificate::{Certificate, ReadError};
use countersign::operation::{Statement, StatementError};
use countersign::time::Timestamp;

use crate::card::{CardError, NewPins, Session};

/// Why a master could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The self-signature.
    #[error("the card's self-signature is not right")]
    Statement(#[from] StatementError),
    /// The certificate.
    #[error("the new certificate cannot be read back")]
    Certificate(#[from] ReadError),
    /// The packets could not be written.
    #[error("the new certificate cannot be written")]
    Packets(#[source] anyhow::Error),
}

/// Makes a master on an empty card: RSA-4096, flags certify and sign as FreePBX's masters have,
/// SHA-512, ending at `expires` if given.
///
/// # Errors
/// [`MasterError`]; where the card fails after the key was made, the key is in the slot without a
/// certificate, and the card must be reset.
pub fn generate(
    card: &mut Session<'_>,
    pins: &NewPins,
    user_id: &str,
    expires: Option<Timestamp>,
) -> Result<Certificate, MasterError> {
    let key = card.generate(pins)?.key;
    let user_id = UserID::from(user_id);
    let created = Timestamp::from(key.creation_time());
    let mut values = vec![
        SubpacketValue::KeyFlags(KeyFlags::empty().set_certification().set_signing()),
        SubpacketValue::PreferredHashAlgorithms(vec![HashAlgorithm::SHA512, HashAlgorithm::SHA256]),
        SubpacketValue::Features(Features::empty().set_seipdv1()),
        SubpacketValue::PrimaryUserID(true),
    ];
    if let Some(expires) = expires {
        values.push(SubpacketValue::KeyExpirationTime(expires.since(created).into()));
    }
    let statement = Statement::self_certification(&key, &user_id, values)?;
    let before = card.before_unlocking()?;
    card.unlock(pins.pin.clone(), &before)?;
    let signature: Signature = statement.complete(&card.sign(statement.digest())?)?;
    let mut bytes = Vec::new();
    for packet in [Packet::from(key), user_id.into(), signature.into()] {
        packet.serialize(&mut bytes).map_err(MasterError::Packets)?;
    }
    Ok(Certificate::read(bytes.as_slice(), &[])?)
}
