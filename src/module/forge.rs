//! Keys, certifications and signed lists for the tests: everything by sequoia, at any time.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::cert::{Cert, CertBuilder, CertRevocationBuilder};
use openpgp::crypto::KeyPair;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::SerializeInto as _;
use openpgp::serialize::stream::{Message, Signer};
use openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};

use super::{Form, Keyring};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::time::Timestamp;

/// When every key is made.
pub(crate) const BORN: Timestamp = Timestamp::from_unix(1_600_000_000);

/// The time on a day after that.
pub(crate) fn day(day: u32) -> Timestamp {
    BORN.after(day * Timestamp::DAY)
}

/// A key that certifies and signs.
pub(crate) fn person(name: &str) -> Cert {
    person_with(name, |builder| builder)
}

/// A key made otherwise.
pub(crate) fn person_with(
    name: &str,
    change: impl FnOnce(CertBuilder<'_>) -> CertBuilder<'_>,
) -> Cert {
    let builder = CertBuilder::new()
        .set_creation_time(SystemTime::from(BORN))
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .add_userid(format!("{name} <{name}@example.org>"));
    change(builder).generate().expect("a key").0
}

/// For so many days.
pub(crate) fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days * Timestamp::DAY))
}

/// The primary key's secret.
pub(crate) fn secret(cert: &Cert) -> KeyPair {
    let key = cert.primary_key().key().clone().parts_into_secret().expect("a secret key");
    key.into_keypair().expect("a key pair")
}

/// `cert` with a certification by `by` of its first user ID, or with its revocation.
pub(crate) fn certified(
    cert: &Cert,
    by: &Cert,
    at: Timestamp,
    typ: SignatureType,
    change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
) -> Cert {
    let user_id = cert.userids().next().expect("a user ID").userid().clone();
    let builder = SignatureBuilder::new(typ)
        .set_signature_creation_time(SystemTime::from(at))
        .expect("a time that OpenPGP knows");
    let signature = change(builder)
        .sign_userid_binding(&mut secret(by), cert.primary_key().key(), &user_id)
        .expect("a certification");
    with(cert, [Packet::from(user_id), signature.into()])
}

/// `cert`, revoked by its owner.
pub(crate) fn revoked(cert: &Cert, at: Timestamp, reason: ReasonForRevocation) -> Cert {
    revoked_by(cert, cert, at, reason)
}

/// `cert`, revoked by somebody.
pub(crate) fn revoked_by(
    cert: &Cert,
    by: &Cert,
    at: Timestamp,
    reason: ReasonForRevocation,
) -> Cert {
    let revocation = CertRevocationBuilder::new()
        .set_reason_for_revocation(reason, b"")
        .and_then(|b| b.set_signature_creation_time(SystemTime::from(at)))
        .and_then(|b| b.build(&mut secret(by), cert, None))
        .expect("a revocation");
    with(cert, [revocation.into()])
}

fn with<const N: usize>(cert: &Cert, packets: [Packet; N]) -> Cert {
    cert.clone().insert_packets(packets).expect("packets of this certificate").0
}

/// The certificate in binary, without secrets.
pub(crate) fn public(cert: &Cert) -> Vec<u8> {
    cert.clone().strip_secret_key_material().to_vec().expect("bytes")
}

/// A keyring of ours.
pub(crate) fn keyring(masters: &[Cert], others: &[Cert]) -> Keyring {
    let read = |cert: &Cert| Certificate::read(public(cert).as_slice(), &[]).expect("reads");
    let masters: Vec<Certificate> = masters.iter().map(read).collect();
    let all: Vec<u8> = others.iter().flat_map(public).collect();
    let gatherer = Keyring::of(&masters);
    if all.is_empty() { gatherer.finish() } else { gatherer.bytes("others", &all).finish() }
}

/// A `module.sig` that `signer` makes of `text`.
pub(crate) fn signed(
    signer: &Cert,
    at: Timestamp,
    text: &str,
    change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
) -> Vec<u8> {
    let mut file = Vec::new();
    let template = change(SignatureBuilder::new(SignatureType::Text));
    let digest = template.hash_algo();
    let mut message = Signer::with_template(Message::new(&mut file), secret(signer), template)
        .expect("a signer")
        .hash_algo(digest)
        .expect("a digest that is known")
        .creation_time(SystemTime::from(at))
        .cleartext()
        .build()
        .expect("a message");
    // The line end before the signature is not part of the signed text (RFC 9580 §7.1).
    let text = text.strip_suffix('\n').unwrap_or(text);
    message.write_all(text.as_bytes()).expect("writing to memory does not fail");
    message.finalize().expect("a signature");
    file
}

/// The text of a list of one file.
pub(crate) fn list(signed_with: &str, more: &str) -> String {
    let digest = Sha256::of(b"<?php\n");
    let header = Form::Public.header();
    format!(
        "\
{header}[config]
version=2
hash=sha256
signedwith={signed_with}
signedby=test
repo=manual
{more}[hashes]
a.php = {digest}
;# End
"
    )
}
