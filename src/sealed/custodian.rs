//! Somebody who keeps a sealed message, and the one key that it is encrypted to.
//!
//! [`crate::certificate::Certificate`] drops encryption subkeys, so custodians are read here, in a
//! way of their own: by today's standards, and cut down to what it takes to encrypt to them.

use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::cert::amalgamation::key::PrimaryKey as _;
use openpgp::cert::prelude::{Cert, ValidCert, ValidErasedKeyAmalgamation};
use openpgp::crypto::mpi::PublicKey;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::packet::{Key, Packet};
use openpgp::parse::Parse as _;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{Curve, RevocationStatus};

use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// Longest certificate of a custodian that is read, in bytes: an export without other people's
/// signatures.
pub const MAX_INPUT: usize = 256 << 10;
/// Most custodians of one message.
pub const MAX_CUSTODIANS: usize = 8;
/// Smallest RSA key, in bits.
const MIN_RSA: usize = 2048;

/// A custodian whose key is good for encryption today. Only [`Custodian::read`] makes one.
#[derive(Clone, Debug)]
pub struct Custodian {
    fingerprint: Fingerprint,
    name: String,
    key: Key<PublicParts, UnspecifiedRole>,
    bytes: Vec<u8>,
}

/// Why nothing is encrypted to somebody.
#[derive(Debug, thiserror::Error)]
pub enum CustodianError {
    /// Longer than a certificate without foreign signatures.
    #[error("the certificate is longer than {MAX_INPUT} bytes: export it with export-minimal")]
    TooLong,
    /// Not exactly one certificate.
    #[error("this is not one OpenPGP certificate")]
    NotACertificate(#[source] anyhow::Error),
    /// A secret key.
    #[error("this holds a SECRET key: export the certificate only, with gpg --armor --export")]
    SecretKey,
    /// Not version 4: GnuPG could not decrypt.
    #[error("the key is version {0}, only version 4 keys are encrypted to")]
    Version(u8),
    /// Not valid today: ended, SHA-1 self-signatures, no user ID.
    #[error("the certificate is not valid")]
    Invalid(#[source] anyhow::Error),
    /// Revoked by its owner.
    #[error("the certificate is revoked")]
    Revoked,
    /// No key for encryption that is alive, not revoked, and of an algorithm of today.
    #[error(
        "it has no key for encryption that is alive and not revoked (RSA of 2048 bits or more, \
         Curve25519, NIST P)"
    )]
    NoKey,
}

impl Custodian {
    /// Reads a custodian's certificate, as it is valid at `now`, and keeps of it the primary key,
    /// one user ID, and the newest key for encryption.
    ///
    /// # Errors
    /// [`CustodianError`] where nothing should be encrypted to it.
    pub fn read(untrusted: &[u8], now: Timestamp) -> Result<Self, CustodianError> {
        if untrusted.len() > MAX_INPUT {
            return Err(CustodianError::TooLong);
        }
        let cert = Cert::from_bytes(untrusted).map_err(CustodianError::NotACertificate)?;
        if cert.is_tsk() {
            return Err(CustodianError::SecretKey);
        }
        let version = cert.primary_key().key().version();
        let fingerprint = Fingerprint::try_from(cert.fingerprint())
            .map_err(|_| CustodianError::Version(version))?;
        let policy = StandardPolicy::at(now);
        let cut = cut(&valid(&cert, &policy, now)?)?;
        // What was cut down has to be as good as the whole: by what is in it, nothing else.
        let cert = Cert::from_bytes(&cut).map_err(CustodianError::NotACertificate)?;
        let valid = valid(&cert, &policy, now)?;
        let key = newest(&valid).ok_or(CustodianError::NoKey)?.key().clone();
        let name = valid.primary_userid().map_err(CustodianError::Invalid)?;
        let name = String::from_utf8_lossy(name.userid().value()).into_owned();
        Ok(Self { fingerprint, name, key, bytes: cut })
    }

    /// The primary key's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The user ID: untrusted text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that is encrypted to.
    pub(super) fn key(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.key
    }

    /// The certificate, cut down: what travels in a request.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn valid<'c>(
    cert: &'c Cert,
    policy: &'c StandardPolicy<'_>,
    now: Timestamp,
) -> Result<ValidCert<'c>, CustodianError> {
    let valid = cert.with_policy(policy, SystemTime::from(now)).map_err(CustodianError::Invalid)?;
    valid.alive().map_err(CustodianError::Invalid)?;
    match valid.revocation_status() {
        RevocationStatus::NotAsFarAsWeKnow => Ok(valid),
        RevocationStatus::Revoked(_) | RevocationStatus::CouldBe(_) => Err(CustodianError::Revoked),
    }
}

/// The newest key for encryption, as GnuPG chooses.
fn newest<'c>(valid: &ValidCert<'c>) -> Option<ValidErasedKeyAmalgamation<'c, PublicParts>> {
    let keys = valid.keys().alive().revoked(false).supported();
    let keys = keys.for_transport_encryption().for_storage_encryption();
    let fit = keys.filter(|k| is_of_today(k.key()));
    fit.max_by_key(|k| (k.key().creation_time(), k.key().fingerprint()))
}

/// What GnuPG 2.2 decrypts and nobody breaks.
fn is_of_today(key: &Key<PublicParts, UnspecifiedRole>) -> bool {
    match key.mpis() {
        PublicKey::RSA { .. } => key.mpis().bits().is_some_and(|bits| bits >= MIN_RSA),
        PublicKey::ECDH { curve, .. } => {
            matches!(curve, Curve::Cv25519 | Curve::NistP256 | Curve::NistP384 | Curve::NistP521)
        }
        _ => false,
    }
}

/// Primary key, its user ID, and the key for encryption, each with the signature that binds it.
fn cut(valid: &ValidCert<'_>) -> Result<Vec<u8>, CustodianError> {
    let user_id = valid.primary_userid().map_err(CustodianError::Invalid)?;
    let mut packets: Vec<Packet> = vec![
        valid.cert().primary_key().key().clone().into(),
        user_id.userid().clone().into(),
        user_id.binding_signature().clone().into(),
    ];
    let key = newest(valid).ok_or(CustodianError::NoKey)?;
    if !key.primary() {
        packets.push(Packet::from(key.key().clone().role_into_subordinate()));
        packets.push(key.binding_signature().clone().into());
    }
    let bytes = packets.iter().map(Packet::to_vec).collect::<Result<Vec<_>, _>>();
    Ok(bytes.map_err(CustodianError::NotACertificate)?.concat())
}

#[cfg(test)]
mod tests {
    use openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
    use openpgp::types::ReasonForRevocation;

    use super::*;

    const MADE: Timestamp = Timestamp::from_unix(1_790_000_000);

    fn now() -> Timestamp {
        MADE.after(Timestamp::DAY)
    }

    fn builder() -> CertBuilder<'static> {
        let made = SystemTime::from(MADE);
        CertBuilder::new().set_creation_time(made).add_userid("Cora <cora@example.org>")
    }

    fn read(cert: &Cert) -> Result<Custodian, CustodianError> {
        let public = cert.clone().strip_secret_key_material();
        Custodian::read(&public.to_vec().expect("bytes"), now())
    }

    #[test]
    fn what_is_kept_is_the_newest_key_and_what_binds_it() {
        let two = builder()
            .add_signing_subkey()
            .add_transport_encryption_subkey()
            .add_storage_encryption_subkey()
            .add_userid("Cora at work <cora@example.net>");
        let custodian = read(&two.generate().expect("a key").0).expect("a custodian");
        let kept = Cert::from_bytes(custodian.to_bytes()).expect("a certificate");
        assert_eq!((kept.userids().count(), kept.keys().count()), (1, 2));
        assert_eq!(custodian.name(), "Cora <cora@example.org>");
        let again = Custodian::read(custodian.to_bytes(), now()).expect("the same");
        assert_eq!(again.to_bytes(), custodian.to_bytes());
        assert_eq!(again.key().fingerprint(), kept.keys().nth(1).expect("it").key().fingerprint());
    }

    #[test]
    fn nothing_is_encrypted_to_what_is_not_of_today() {
        let make = |b: CertBuilder<'_>| b.generate().expect("a key").0;
        let good = make(builder().add_transport_encryption_subkey());
        assert!(read(&good).is_ok());
        let signs = make(builder().add_signing_subkey());
        assert!(matches!(read(&signs), Err(CustodianError::NoKey)));
        let day = std::time::Duration::from_secs(3_600);
        let ended = builder().add_transport_encryption_subkey().set_validity_period(day);
        assert!(matches!(read(&make(ended)), Err(CustodianError::Invalid(_))));
        let mut signer = good
            .primary_key()
            .key()
            .clone()
            .parts_into_secret()
            .expect("a secret")
            .into_keypair()
            .expect("a pair");
        let revocation = CertRevocationBuilder::new()
            .set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"")
            .and_then(|b| b.set_signature_creation_time(SystemTime::from(MADE.after(60))))
            .and_then(|b| b.build(&mut signer, &good, None));
        let revoked = good.clone().insert_packets(revocation.expect("a revocation"));
        let error = read(&revoked.expect("a certificate").0);
        assert!(matches!(error, Err(CustodianError::Revoked)), "{error:?}");
        let subkey = openpgp::types::KeyFlags::empty().set_transport_encryption();
        let short = std::time::Duration::from_secs(60);
        let lapsed = make(builder().add_subkey(subkey, short, CipherSuite::Cv25519));
        assert!(matches!(read(&lapsed), Err(CustodianError::NoKey)));
    }

    #[test]
    fn other_input_is_refused() {
        let good = builder().add_transport_encryption_subkey().generate().expect("a key").0;
        let secret = good.as_tsk().to_vec().expect("bytes");
        assert!(matches!(Custodian::read(&secret, now()), Err(CustodianError::SecretKey)));
        let two = [good.to_vec().expect("bytes"), good.to_vec().expect("bytes")].concat();
        for bytes in [b"".to_vec(), b"text".to_vec(), vec![0x99; 100], two] {
            assert!(Custodian::read(&bytes, now()).is_err());
        }
        let long = vec![b'x'; MAX_INPUT + 1];
        assert!(matches!(Custodian::read(&long, now()), Err(CustodianError::TooLong)));
    }
}
