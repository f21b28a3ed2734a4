//! A key as GnuPG 1.0 made them, and as no program makes them today: the primary key is ElGamal
//! for encryption and signatures (algorithm 20, "formerly Elgamal Encrypt or Sign" of RFC 9580
//! §9.1).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi::{self, MPI};
use openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
use openpgp::packet::signature::Signature4;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use openpgp::packet::{Key, Packet, Signature, UserID};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, PublicKeyAlgorithm, SignatureType};

#[allow(deprecated)]
const ALGORITHM: PublicKeyAlgorithm = PublicKeyAlgorithm::ElGamalEncryptSign;

/// Both halves of such a key, in binary.
pub struct OldKey {
    /// The owner's key file.
    pub secret: Vec<u8>,
    /// The certificate.
    pub public: Vec<u8>,
    /// The certificate's first packet alone: all of it that can be verified today.
    pub primary: Vec<u8>,
}

/// A key of 2048 bits with one user ID. Its self-signature has the right form and digest; its
/// value is nobody's, which no program of today would notice, for none verifies this algorithm.
pub fn old_key(user_id: &str) -> OldKey {
    let created = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let secret = secret_key(created);
    let public = secret.clone().parts_into_public();
    let user_id = UserID::from(user_id);
    let unsigned = signature(created, &public, [0; 2]);
    let mut hash = unsigned.hash_algo().context().expect("SHA-512").for_signature(4);
    unsigned.hash_userid_binding(&mut hash, &public, &user_id).expect("hashed");
    let digest = hash.into_digest().expect("a digest");
    let binding = Packet::from(signature(created, &public, [digest[0], digest[1]]));
    let file = |key: Packet| {
        let packets = [key, user_id.clone().into(), binding.clone()];
        packets.iter().flat_map(|p| p.to_vec().expect("bytes")).collect()
    };
    let primary = Packet::from(public.clone()).to_vec().expect("bytes");
    OldKey { secret: file(secret.into()), public: file(public.into()), primary }
}

/// A number of so many bytes, the highest bit set; odd, as a prime would be.
fn number(bytes: usize) -> MPI {
    MPI::new(&vec![0xc3; bytes])
}

fn secret_key(created: SystemTime) -> Key<SecretParts, PrimaryRole> {
    let public = mpi::PublicKey::ElGamal { p: number(256), g: MPI::new(&[5]), y: number(255) };
    let secret = mpi::SecretKeyMaterial::ElGamal { x: vec![0xa5; 32].into() };
    Key4::with_secret(created, ALGORITHM, public, secret.into()).expect("a key").into()
}

fn signature<P>(created: SystemTime, key: &Key<P, PrimaryRole>, prefix: [u8; 2]) -> Signature
where
    P: openpgp::packet::key::KeyParts,
{
    let created = created.try_into().expect("a time of OpenPGP");
    let flags = KeyFlags::empty().set_certification().set_signing();
    let hashed = [
        SubpacketValue::SignatureCreationTime(created),
        SubpacketValue::KeyFlags(flags),
        SubpacketValue::Issuer(key.keyid()),
    ];
    let hashed = hashed.map(|value| Subpacket::new(value, false).expect("a subpacket")).to_vec();
    Signature4::new(
        SignatureType::PositiveCertification,
        ALGORITHM,
        HashAlgorithm::SHA512,
        SubpacketArea::new(hashed).expect("it fits"),
        SubpacketArea::default(),
        prefix,
        mpi::Signature::ElGamal { r: number(255), s: number(255) },
    )
    .into()
}
