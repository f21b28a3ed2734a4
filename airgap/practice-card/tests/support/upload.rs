//! An RSA key as openpgp-card takes it for a card. Two test programs share this file; the station
//! has its own, which they are to be independent of.

use openpgp_card::ocard::crypto::{CardUploadableKey, PrivateKeyMaterial, RSAKey};
use openpgp_card::ocard::data::{Fingerprint, KeyGenerationTime};

/// The parts that a card wants: exponent, primes and modulus.
#[derive(Clone)]
pub struct Upload {
    pub fingerprint: [u8; 20],
    /// In seconds since 1970.
    pub created: u32,
    pub e: Vec<u8>,
    pub p: Vec<u8>,
    pub q: Vec<u8>,
    pub n: Vec<u8>,
}

impl CardUploadableKey for Upload {
    fn private_key(&self) -> Result<PrivateKeyMaterial, openpgp_card::Error> {
        Ok(PrivateKeyMaterial::R(Box::new(self.clone())))
    }

    fn timestamp(&self) -> KeyGenerationTime {
        self.created.into()
    }

    fn fingerprint(&self) -> Result<Fingerprint, openpgp_card::Error> {
        Ok(self.fingerprint.into())
    }
}

/// The card takes e, p and q; it asks for none of the values of the Chinese remainder theorem.
impl RSAKey for Upload {
    fn e(&self) -> &[u8] {
        &self.e
    }

    fn p(&self) -> &[u8] {
        &self.p
    }

    fn q(&self) -> &[u8] {
        &self.q
    }

    fn pq(&self) -> &[u8] {
        &[]
    }

    fn dp1(&self) -> &[u8] {
        &[]
    }

    fn dq1(&self) -> &[u8] {
        &[]
    }

    fn n(&self) -> &[u8] {
        &self.n
    }
}
