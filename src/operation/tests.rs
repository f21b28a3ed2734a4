//! Signatures about a master's own keys, made by a software key in the card's place.

use std::time::SystemTime;

use sequoia_openpgp as openpgp;

use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::crypto::{Signer as _, mpi};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, RevocationStatus};

use super::{CertificateBlock, KeyReason, RevokeKey, Signable as _, Statement, Stops};
use crate::certificate::{Certificate, lenient};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

const BORN: Timestamp = Timestamp::from_unix(1_790_000_000);

/// An RSA master with a signing subkey.
fn master() -> (Cert, Certificate) {
    let (cert, _) = CertBuilder::new()
        .set_creation_time(SystemTime::from(BORN))
        .set_cipher_suite(CipherSuite::RSA2k)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid("M <m@example.org>")
        .add_signing_subkey()
        .generate()
        .expect("a key");
    let public = cert.clone().strip_secret_key_material().to_vec().expect("bytes");
    (cert, Certificate::read(public.as_slice(), &[]).expect("a certificate"))
}

/// What the card would give.
fn rsa(cert: &Cert, statement: &Statement) -> Vec<u8> {
    let key = cert.primary_key().key().clone().parts_into_secret().expect("a secret key");
    let mut pair = key.into_keypair().expect("a key pair");
    match pair.sign(HashAlgorithm::SHA512, statement.digest()).expect("signs") {
        mpi::Signature::RSA { s } => s.value().to_vec(),
        other => panic!("not RSA: {other:?}"),
    }
}

/// The master's certificate when it has revoked this of itself.
fn revoked(subkey: Option<Fingerprint>) -> Certificate {
    let (cert, certificate) = master();
    let subkey = subkey.map(|_| {
        let key = certificate.cert().keys().subkeys().next().expect("a subkey").key().fingerprint();
        Fingerprint::try_from(key).expect("version 4")
    });
    let asked = RevokeKey {
        certificate: CertificateBlock::new(certificate.to_bytes()),
        subkey,
        reason: KeyReason::Superseded,
        text: "replaced".into(),
        stops: Stops::default(),
    };
    let created = BORN.after(Timestamp::DAY);
    let statements = asked.statements(created, &certificate, Some(&certificate));
    let [statement] = statements.expect("a statement").try_into().expect("just one");
    let signature = statement.complete(&rsa(&cert, &statement)).expect("the master's");
    let packets = statement.place().packets(certificate.primary(), &signature);
    certificate.with_packets(packets, &[]).expect("a certificate")
}

#[test]
fn a_subkey_is_revoked_and_the_master_stays() {
    let certificate = revoked(Some(Fingerprint::from([0; 20])));
    let now = BORN.after(2 * Timestamp::DAY);
    assert!(!certificate.is_revoked(now));
    let (policy, time) = (lenient(now), SystemTime::from(now));
    let subkey = certificate.cert().keys().subkeys().next().expect("it stays on the certificate");
    let status = subkey.revocation_status(&policy, time);
    assert!(matches!(status, RevocationStatus::Revoked(_)), "{status:?}");
}

#[test]
fn a_master_revokes_itself() {
    let certificate = revoked(None);
    assert!(certificate.is_revoked(BORN.after(2 * Timestamp::DAY)));
}

#[test]
fn a_subkey_that_is_not_there_is_not_revoked() {
    let (_, certificate) = master();
    let asked = RevokeKey {
        certificate: CertificateBlock::new(certificate.to_bytes()),
        subkey: Some(Fingerprint::from([7; 20])),
        reason: KeyReason::Retired,
        text: String::new(),
        stops: Stops::default(),
    };
    let statements = asked.statements(BORN, &certificate, Some(&certificate));
    assert!(matches!(statements, Err(super::StatementError::NoSuchSubkey(_))));
}
