//! A master's key in this machine's memory, for as long as a ceremony takes.

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::crypto::mem::Protected;
use openpgp::packet::key::{Key4, PrimaryRole, PublicParts, SecretParts};
use openpgp::packet::{Key, Packet};
use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;

use countersign::certificate::Certificate;
use countersign::time::Timestamp;

use super::MasterError;

/// A master's secret key. Its numbers are kept encrypted in memory by the library but while they
/// are used, and are overwritten when this is dropped.
pub struct MemoryKey {
    key: Key<SecretParts, PrimaryRole>,
}

impl std::fmt::Debug for MemoryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryKey({})", self.key.fingerprint())
    }
}

impl MemoryKey {
    /// Makes an RSA-4096 key that is dated `created`. Takes seconds.
    ///
    /// # Errors
    /// [`MasterError::Memory`] where the system gives no random numbers.
    pub fn generate(created: Timestamp) -> Result<Self, MasterError> {
        let mut key: Key4<_, PrimaryRole> =
            Key4::generate_rsa(4096).map_err(MasterError::Memory)?;
        key.set_creation_time(std::time::SystemTime::from(created)).map_err(MasterError::Memory)?;
        Ok(Self { key: key.into() })
    }

    /// What a card takes.
    pub fn secret(&self) -> &Key<SecretParts, PrimaryRole> {
        &self.key
    }

    /// What everybody may know.
    pub fn public(&self) -> Key<PublicParts, PrimaryRole> {
        self.key.clone().take_secret().0
    }

    /// The transferable secret key (RFC 9580 §10.2): what a backup seals.
    ///
    /// # Errors
    /// [`MasterError::Packets`] where key and certificate do not belong together.
    pub fn with_certificate(&self, certificate: &Certificate) -> Result<Protected, MasterError> {
        let packet = Packet::from(self.key.clone());
        let (cert, _) =
            certificate.cert().clone().insert_packets(packet).map_err(MasterError::Packets)?;
        if cert.fingerprint() != self.key.fingerprint() || !cert.is_tsk() {
            return Err(MasterError::Packets(anyhow::anyhow!("the certificate is another key's")));
        }
        cert.as_tsk().to_vec().map(Protected::from).map_err(MasterError::Packets)
    }

    /// Reads what [`MemoryKey::with_certificate`] wrote.
    ///
    /// # Errors
    /// [`MasterError`] where it is anything else.
    pub fn read(transferable: &Protected) -> Result<(Self, Certificate), MasterError> {
        let read = || -> openpgp::Result<(Self, Vec<u8>)> {
            let cert = Cert::from_bytes(transferable.as_ref())?;
            let key = cert.primary_key().key().clone().parts_into_secret()?;
            let public = cert.strip_secret_key_material().to_vec()?;
            Ok((Self { key }, public))
        };
        let (key, public) = read().map_err(MasterError::NoMaster)?;
        Ok((key, Certificate::read(public.as_slice(), &[])?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_dated_as_it_was_told_and_new_each_time() {
        let date = Timestamp::parse("2026-11-22T05:40:00Z").expect("a time");
        let (one, other) = (MemoryKey::generate(date), MemoryKey::generate(date));
        let (one, other) = (one.expect("a key"), other.expect("a key"));
        assert_eq!(Timestamp::from(one.public().creation_time()), date);
        assert_eq!(one.public().mpis().bits(), Some(4096));
        assert_ne!(one.public().fingerprint(), other.public().fingerprint());
        assert!(!format!("{one:?}").contains("Secret"));
    }

    #[test]
    fn what_is_no_transferable_secret_key_is_refused() {
        for bytes in [b"".as_slice(), b"hello", &[0xff; 100]] {
            assert!(matches!(
                MemoryKey::read(&Protected::from(bytes.to_vec())),
                Err(MasterError::NoMaster(_))
            ));
        }
    }
}
