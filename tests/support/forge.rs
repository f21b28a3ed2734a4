//! Cleartext signatures over anything: requests that `countersign` would never write, signed as if
//! it had.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use countersign::time::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::parse::Parse as _;
use openpgp::serialize::stream::{Message, Signer};
use openpgp::types::HashAlgorithm;

/// The text under the signatures of a request.
pub fn body(request: &str) -> String {
    let (_, rest) = request.split_once("\n\n").expect("headers end with an empty line");
    let (body, _) = rest.split_once("-----BEGIN PGP SIGNATURE-----").expect("a signature");
    body.to_owned()
}

/// `text`, cleartext-signed by the exported key in `key_file` at `time`.
pub fn sign(key_file: &Path, text: &str, time: Timestamp) -> String {
    let bytes = fs::read(key_file).expect("an exported key");
    let cert = Cert::from_bytes(&bytes).expect("an exported key");
    String::from_utf8(clearsign(&cert, text, time)).expect("cleartext of text is text")
}

/// `text`, cleartext-signed by the primary key of `signer` at `time`.
pub fn clearsign(signer: &Cert, text: &str, time: Timestamp) -> Vec<u8> {
    let key = signer.primary_key().key().clone().parts_into_secret().expect("a secret key");
    let pair = key.into_keypair().expect("a key without passphrase");
    let mut signed = Vec::new();
    let mut message = Signer::new(Message::new(&mut signed), pair)
        .and_then(|s| s.hash_algo(HashAlgorithm::SHA512))
        .map(|s| s.creation_time(std::time::SystemTime::from(time)).cleartext())
        .and_then(Signer::build)
        .expect("a signer");
    // The line end before the signature is not part of the text (RFC 9580 §7.1).
    message
        .write_all(text.strip_suffix('\n').unwrap_or(text).as_bytes())
        .expect("writing to memory");
    message.finalize().expect("writing to memory");
    signed
}
