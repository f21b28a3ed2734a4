//! RSA keys and signatures for the tests, by an implementation that is not the card's.

mod upload;

use std::{error::Error, sync::OnceLock};

use openpgp_card::{
    Card,
    ocard::{
        KeyType,
        crypto::{HashAlgo, PublicKeyMaterial, SigningAlgo},
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
use upload::Upload;

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
    card.as_admin_card(Some(admin_pin))?.import_key(&Upload::from(key), KeyType::Signing)?;
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

impl From<&RsaPrivateKey> for Upload {
    fn from(key: &RsaPrivateKey) -> Self {
        Self {
            fingerprint: [9; 20],
            created: 1_700_000_000,
            e: key.e().to_bytes_be(),
            p: key.primes()[0].to_bytes_be(),
            q: key.primes()[1].to_bytes_be(),
            n: key.n().to_bytes_be(),
        }
    }
}
