//! Certificates flooded with foreign certifications, as key servers have carried them.

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::{Packet, Signature};
use openpgp::serialize::SerializeInto as _;

/// `cert`, secret keys and all, with `count` certifications by strangers on its first user ID, in
/// binary: one real certification, and copies of it in which issuer and value differ.
pub fn flooded(cert: &Cert, stranger: &Cert, count: u32) -> Vec<u8> {
    let user_id = cert.userids().next().expect("a user ID").userid().clone();
    let key = stranger.primary_key().key().clone().parts_into_secret().expect("a secret key");
    let mut signer = key.into_keypair().expect("a key pair");
    let real: Signature = user_id.certify(&mut signer, cert, None, None, None).expect("certified");
    let real = Packet::from(real).to_vec().expect("bytes");
    let keyid = stranger.keyid();
    let places: Vec<usize> = real
        .windows(8)
        .enumerate()
        .filter(|(_, window)| *window == keyid.as_bytes())
        .map(|(at, _)| at)
        .collect();

    let mut bytes = Vec::with_capacity(real.len() * count as usize);
    for packet in cert.as_tsk().into_packets() {
        let is_user_id = matches!(&packet, Packet::UserID(id) if *id == user_id);
        bytes.extend(packet.to_vec().expect("bytes"));
        if !is_user_id {
            continue;
        }
        // In front of the real self-signature: junk must not push it out.
        for n in 0..count {
            let from = bytes.len();
            bytes.extend_from_slice(&real);
            for at in &places {
                bytes[from + at..from + at + 4].copy_from_slice(&n.to_be_bytes());
            }
            let last = bytes.len();
            bytes[last - 4..].copy_from_slice(&n.to_le_bytes());
        }
    }
    bytes
}
