//! RSA keys and signatures for the tests, by an implementation that is not the card's.

use std::{error::Error, sync::OnceLock};

use openpgp_card::{
    Card,
    ocard::{
        KeyType,
        crypto::{
            CardUploadableKey, HashAlgo, PrivateKeyMaterial, PublicKeyMaterial, RSAKey, SigningAlgo,
        },
        data::{Fingerprint, KeyGenerationTime},
    },
    state::Transaction,
};
use rsa::{
    BigUint, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey,
    rand_core::OsRng,
    sha2::{Digest, Sha512},
    traits::{PrivateKeyParts, PublicKeyParts},
};
use secrecy::SecretString;

/// One key for all tests of a process: making it is the slowest part of them.
pub fn rsa_2048() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        RsaPrivateKey::new(&mut OsRng, 2048).expect("2048 is a length that the crate supports")
    })
}

pub fn import(
    card: &mut Card<Transaction<'_>>,
    key: &RsaPrivateKey,
    admin_pin: SecretString,
) -> Result<(), Box<dyn Error>> {
    card.as_admin_card(Some(admin_pin))?.import_key(&Upload::new(key), KeyType::Signing)?;
    Ok(())
}

pub fn sign_and_verify(
    card: &mut Card<Transaction<'_>>,
    public: &RsaPublicKey,
) -> Result<(), Box<dyn Error>> {
    let digest = Sha512::digest(b"module");
    let signature = card.card().signature_for_hash(SigningAlgo::RSA(HashAlgo::SHA512), &digest)?;
    public.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, &signature)?;
    Ok(())
}

pub fn public_key(material: &PublicKeyMaterial) -> Result<RsaPublicKey, Box<dyn Error>> {
    match material {
        PublicKeyMaterial::R(rsa) => {
            Ok(RsaPublicKey::new(BigUint::from_bytes_be(rsa.n()), BigUint::from_bytes_be(rsa.v()))?)
        }
        other => Err(format!("not an RSA key: {other}").into()),
    }
}

#[derive(Clone)]
struct Upload {
    e: Vec<u8>,
    p: Vec<u8>,
    q: Vec<u8>,
    n: Vec<u8>,
}

impl Upload {
    fn new(key: &RsaPrivateKey) -> Self {
        Self {
            e: key.e().to_bytes_be(),
            p: key.primes()[0].to_bytes_be(),
            q: key.primes()[1].to_bytes_be(),
            n: key.n().to_bytes_be(),
        }
    }
}

impl CardUploadableKey for Upload {
    fn private_key(&self) -> Result<PrivateKeyMaterial, openpgp_card::Error> {
        Ok(PrivateKeyMaterial::R(Box::new(self.clone())))
    }

    fn timestamp(&self) -> KeyGenerationTime {
        KeyGenerationTime::from(1_700_000_000)
    }

    fn fingerprint(&self) -> Result<Fingerprint, openpgp_card::Error> {
        Ok(Fingerprint::from([9; 20]))
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
