//! A new master: its key, made on a card or in memory, and its certificate, self-signed by a card.
//!
//! ```text
//! mod        the key made on the card; the certificate
//! memory     the key made in memory, as the backup holds it
//! answer     the self-signature as a known answer: each card must give the same bytes
//! ceremony   one key, several cards, a backup that is tried before the ceremony ends
//! restore    a backup onto a fresh card
//! ```

mod answer;
mod ceremony;
mod memory;
mod restore;
mod row;
mod words;

use sequoia_openpgp as openpgp;

use openpgp::packet::key::{PrimaryRole, PublicParts};
use openpgp::packet::signature::subpacket::SubpacketValue;
use openpgp::packet::{Key, Packet, Signature, UserID};
use openpgp::serialize::Serialize as _;
use openpgp::types::{Features, HashAlgorithm, KeyFlags};
use secrecy::SecretString;

use countersign::certificate::{Certificate, ReadError};
use countersign::operation::{Statement, StatementError};
use countersign::time::Timestamp;

use crate::card::{CardError, Delivery, NewPins, Session};

pub use answer::KnownAnswer;
pub use ceremony::{BackupPlan, CardMade, CeremonyError, Made, Plan, run};
pub use memory::MemoryKey;
pub use restore::{Restored, restore};

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
    /// The key could not be made in memory.
    #[error("no key could be made in memory")]
    Memory(#[source] anyhow::Error),
    /// A backup without a master.
    #[error("the backup opens, and holds no master's key")]
    NoMaster(#[source] anyhow::Error),
    /// A certificate that no card of ours signed.
    #[error("the certificate has no self-signature that a card could be asked for again")]
    NoAnswer,
}

/// What a new master is to be called, and until when it is good.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its user ID.
    pub user_id: String,
    /// When it ends; never where none.
    pub expires: Option<Timestamp>,
}

/// Makes a master on an empty card: RSA-4096, flags certify and sign as FreePBX's masters have,
/// SHA-512.
///
/// # Errors
/// [`MasterError`]; where the card fails after the key was made, the key is in the slot without a
/// certificate: [`finish`] makes it.
pub fn generate(
    card: &mut Session<'_>,
    pins: &NewPins,
    delivery: Delivery,
    identity: &Identity,
) -> Result<Certificate, MasterError> {
    let key = card.generate(pins, delivery)?.key;
    certify(card, pins.pin.clone(), key, identity)
}

/// Makes a throwaway master that stands in for `real` in a rehearsal: as old, with the same user
/// IDs, and with a key of its own, made in memory and put on a practice card.
///
/// # Errors
/// [`MasterError`].
pub fn stand_in(
    card: &mut Session<'_>,
    pins: &NewPins,
    real: &Certificate,
) -> Result<Certificate, MasterError> {
    let created = Timestamp::from(real.primary().creation_time());
    let mut user_ids = real.user_ids().filter_map(|id| String::from_utf8(id.value().into()).ok());
    let user_id = user_ids.next().ok_or(MasterError::NoAnswer)?;
    let key = MemoryKey::generate(created)?;
    card.import(key.secret(), pins, Delivery::Fresh)?;
    let public = key.public();
    let identity = Identity { user_id, expires: None };
    let mut certificate = certify(card, pins.pin.clone(), public.clone(), &identity)?;
    for user_id in user_ids {
        let user_id = UserID::from(user_id);
        let statement = self_certification(&public, &user_id, None)?;
        let signature = statement.complete(&card.sign(statement.digest())?)?;
        certificate = certificate.with_packets([user_id.into(), signature.into()], &[])?;
    }
    Ok(certificate)
}

/// Makes the certificate for a key that [`generate`] made before it was interrupted.
///
/// # Errors
/// [`MasterError`] where the slot is empty, or its key is no new one.
pub fn finish(
    card: &mut Session<'_>,
    pin: SecretString,
    identity: &Identity,
) -> Result<Certificate, MasterError> {
    let key = card.generated()?.key;
    certify(card, pin, key, identity)
}

/// Has the card sign the certificate of the key that is on it.
fn certify(
    card: &mut Session<'_>,
    pin: SecretString,
    key: Key<PublicParts, PrimaryRole>,
    identity: &Identity,
) -> Result<Certificate, MasterError> {
    let user_id = UserID::from(identity.user_id.as_str());
    let statement = self_certification(&key, &user_id, identity.expires)?;
    let before = card.before_unlocking()?;
    card.unlock(pin, &before)?;
    let signature: Signature = statement.complete(&card.sign(statement.digest())?)?;
    let mut bytes = Vec::new();
    for packet in [Packet::from(key), user_id.into(), signature.into()] {
        packet.serialize(&mut bytes).map_err(MasterError::Packets)?;
    }
    Ok(Certificate::read(bytes.as_slice(), &[])?)
}

fn self_certification(
    key: &Key<PublicParts, PrimaryRole>,
    user_id: &UserID,
    expires: Option<Timestamp>,
) -> Result<Statement, StatementError> {
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
    Statement::self_certification(key, user_id, values)
}
