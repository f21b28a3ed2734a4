//! Packages as nobody should make them, and keys to sign them with.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use sequoia_openpgp as openpgp;
use tar::{EntryType, Header};

use openpgp::Packet;
use openpgp::cert::{CertBuilder, CipherSuite};
use openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use openpgp::serialize::stream::{LiteralWriter, Message, Signer};
use openpgp::serialize::{Serialize as _, SerializeInto as _};
use openpgp::types::{DataFormat, KeyFlags};

use crate::certificate::Certificate;
use crate::time::Timestamp;

/// A tar, header by header.
#[derive(Clone, Default)]
pub(in crate::module) struct Tar(Vec<u8>);

impl Tar {
    pub(in crate::module) fn new() -> Self {
        Self::default()
    }

    /// All of it, with the two blocks of zeros at the end.
    pub(in crate::module) fn bytes(&self) -> Vec<u8> {
        [self.0.as_slice(), &[0; 1024]].concat()
    }

    pub(in crate::module) fn file(self, path: &str, content: &[u8]) -> Self {
        self.member(path, EntryType::Regular, content)
    }

    pub(in crate::module) fn folder(self, path: &str) -> Self {
        self.member(path, EntryType::Directory, b"")
    }

    pub(in crate::module) fn link(mut self, path: &str, to: &str) -> Self {
        let mut header = header(path.as_bytes(), EntryType::Symlink, 0);
        header.set_link_name_literal(to).expect("short");
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    pub(in crate::module) fn member(
        mut self,
        path: impl AsRef<[u8]>,
        kind: EntryType,
        content: &[u8],
    ) -> Self {
        let header = header(path.as_ref(), kind, content.len() as u64);
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        let padding = content.len().next_multiple_of(512) - content.len();
        self.0.extend(std::iter::repeat_n(0, padding));
        self
    }

    /// A file that says that it is so long, without its content.
    pub(in crate::module) fn claiming(mut self, path: &str, size: u64) -> Self {
        let header = header(path.as_bytes(), EntryType::Regular, size);
        self.0.extend_from_slice(header.as_bytes());
        self
    }
}

fn header(path: &[u8], kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

/// One line of a pax header: its length counts itself.
pub(in crate::module) fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len() + 1;
    while length.to_string().len() + rest.len() != length {
        length += 1;
    }
    format!("{length}{rest}").into_bytes()
}

pub(in crate::module) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Somebody who signs.
pub(in crate::module) struct Key {
    cert: openpgp::Cert,
    pub(in crate::module) certificate: Certificate,
}

impl Key {
    pub(in crate::module) fn now() -> Timestamp {
        Timestamp::from_unix(1_800_000_000)
    }

    pub(in crate::module) fn new(user_id: &str) -> Self {
        let (cert, _) = CertBuilder::new()
            .set_cipher_suite(CipherSuite::Cv25519)
            .set_creation_time(std::time::SystemTime::from(Timestamp::from_unix(1_790_000_000)))
            .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
            .add_userid(user_id)
            .generate()
            .expect("a key");
        let bytes = cert.to_vec().expect("bytes");
        let certificate = Certificate::read(&*bytes, &[]).expect("a certificate");
        Self { cert, certificate }
    }

    pub(in crate::module) fn pair(&self) -> openpgp::crypto::KeyPair {
        let key = self.cert.primary_key().key().clone();
        key.parts_into_secret().expect("secret").into_keypair().expect("not locked")
    }

    /// The certificate as it is after its owner revoked it.
    pub(in crate::module) fn revoked(&self) -> Certificate {
        let reason = openpgp::types::ReasonForRevocation::KeyCompromised;
        let revocation = self.cert.revoke(&mut self.pair(), reason, b"").expect("a revocation");
        let (cert, _) = self.cert.clone().insert_packets(revocation).expect("fits");
        Certificate::read(&*cert.to_vec().expect("bytes"), &[]).expect("a certificate")
    }

    /// A signed message, as sequoia makes it.
    pub(in crate::module) fn sign(&self, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let signer = Signer::new(Message::new(&mut bytes), self.pair()).expect("a signer");
        let signer = signer.creation_time(std::time::SystemTime::from(Self::now()));
        let message = signer.build().expect("a message");
        let mut literal = LiteralWriter::new(message).build().expect("a literal");
        literal.write_all(content).expect("memory");
        literal.finalize().expect("memory");
        bytes
    }
}

pub(in crate::module) fn literal(content: &[u8]) -> Vec<u8> {
    let mut literal = openpgp::packet::Literal::new(DataFormat::Binary);
    literal.set_body(content.to_vec());
    Packet::from(literal).to_vec().expect("memory")
}

/// A literal after a literal.
pub(in crate::module) fn two_literals(content: &[u8]) -> Vec<u8> {
    [literal(content), literal(content)].concat()
}

/// A message in compressed data, with something after the message, and after the compressed data
/// within their packet.
pub(in crate::module) fn compressed(message: &[u8], within: &[u8], after: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(message).expect("memory");
    encoder.write_all(within).expect("memory");
    // Old format, of indeterminate length, as gpg writes it (RFC 9580 §4.2.2.4).
    [&[0xa3, 1], encoder.finish().expect("memory").as_slice(), after].concat()
}

/// The message with other content under the same signature.
pub(in crate::module) fn transplant(message: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parser = PacketParser::from_bytes(message).expect("packets");
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next().expect("packets");
        match packet {
            Packet::Literal(_) => bytes.extend(literal(content)),
            other => other.serialize(&mut bytes).expect("memory"),
        }
        parser = next;
    }
    bytes
}
