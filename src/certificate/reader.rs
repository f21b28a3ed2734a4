//! Reading a certificate packet by packet, keeping only what was proven.
//!
//! Issuer ids are unauthenticated, so nothing is kept or dropped by counting: a signature stays
//! if it verifies. What claims to be by the certificate itself or by a master is hashed and its
//! two-byte digest prefix compared, and only then verified, within a budget; beyond the budget
//! reading fails rather than drop a revocation unseen.

use std::io;

use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::packet::key::{
    KeyRole, PrimaryRole, PublicParts, SecretParts, SubordinateRole, UnspecifiedRole,
};
use openpgp::packet::{Key, Packet, Signature, Tag, UserID};
use openpgp::parse::{PacketParserBuilder, PacketParserResult, Parse as _};
use openpgp::types::SignatureType;

use super::Certificate;
use super::error::{Dropped, ReadError};
use super::minimal::{Component, Target, cleaned};
use crate::fingerprint::Fingerprint;

/// Longest input that is read at all, in bytes: 500,000 foreign signatures and more.
pub const MAX_INPUT: u64 = 512 << 20;
/// Longest single packet, in bytes.
const MAX_PACKET: u32 = 64 << 10;
/// Longest user ID, in bytes.
const MAX_USER_ID: usize = 2 << 10;
/// Most components (user IDs and subkeys).
const MAX_COMPONENTS: usize = 256;
/// Longest result, in bytes.
const MAX_OUTPUT: usize = 1 << 20;
/// Most public-key verifications for one certificate.
pub(super) const MAX_VERIFICATIONS: u32 = 2_000;

/// The certificate being gathered.
struct Reader<'a> {
    masters: &'a [&'a Certificate],
    primary: Component<Key<PublicParts, PrimaryRole>>,
    user_ids: Vec<Component<UserID>>,
    subkeys: Vec<Component<Key<PublicParts, SubordinateRole>>>,
    current: Current,
    revocations_by_others: Vec<Signature>,
    more_revocations_by_others: bool,
    secrets: Secrets,
    verifications: u32,
    dropped: Dropped,
}

/// The component that the following signatures belong to.
#[derive(Clone, Copy)]
enum Current {
    Primary,
    UserId(usize),
    Subkey(usize),
    Ignored,
}

/// What to do with secret keys in the input.
enum Secrets {
    /// Refuse them: nobody should hand them over.
    Refuse,
    /// Keep them apart: the input is the owner's own key file.
    Keep(Vec<Key<SecretParts, UnspecifiedRole>>),
}

pub(super) fn read(
    untrusted: impl io::Read + Send + Sync,
    masters: &[&Certificate],
) -> Result<Certificate, ReadError> {
    Ok(gather(untrusted, masters, Secrets::Refuse)?.finish()?.0)
}

pub(super) fn read_key_file(
    untrusted: impl io::Read + Send + Sync,
) -> Result<(Certificate, Vec<Key<SecretParts, UnspecifiedRole>>), ReadError> {
    gather(untrusted, &[], Secrets::Keep(Vec::new()))?.finish()
}

fn gather<'a>(
    untrusted: impl io::Read + Send + Sync,
    masters: &'a [&'a Certificate],
    secrets: Secrets,
) -> Result<Reader<'a>, ReadError> {
    let limited = io::Read::take(untrusted, MAX_INPUT);
    let mut parser = PacketParserBuilder::from_reader(limited)
        .and_then(|b| b.max_packet_size(MAX_PACKET).max_recursion_depth(0).build())
        .map_err(ReadError::packets)?;
    let mut reader: Option<Reader<'_>> = None;
    let mut secrets = Some(secrets);
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next().map_err(ReadError::packets)?;
        parser = next;
        match reader.as_mut() {
            Some(reader) => reader.take(packet)?,
            None if matches!(packet, Packet::Marker(_)) => {}
            None => {
                let secrets = secrets.take().unwrap_or(Secrets::Refuse);
                reader = Some(Reader::start(packet, masters, secrets)?);
            }
        }
    }
    reader.ok_or_else(|| ReadError::NotACertificate("nothing".into()))
}

impl Secrets {
    /// The public half of a secret key, where secret keys are not refused.
    fn strip<R: KeyRole>(
        &mut self,
        key: Key<SecretParts, R>,
    ) -> Result<Key<PublicParts, R>, ReadError> {
        match self {
            Self::Refuse => Err(ReadError::SecretKey),
            Self::Keep(keys) if keys.len() > MAX_COMPONENTS => {
                Err(ReadError::Oversize { what: "secret keys", limit: MAX_COMPONENTS as u64 })
            }
            Self::Keep(keys) => {
                keys.push(key.clone().role_into_unspecified());
                Ok(key.parts_into_public())
            }
        }
    }
}

impl<'a> Reader<'a> {
    fn start(
        packet: Packet,
        masters: &'a [&'a Certificate],
        mut secrets: Secrets,
    ) -> Result<Self, ReadError> {
        let key = match packet {
            Packet::PublicKey(key) => key,
            Packet::SecretKey(key) => secrets.strip(key)?,
            Packet::SecretSubkey(_) => return Err(ReadError::SecretKey),
            other => return Err(ReadError::NotACertificate(format!("a {} packet", other.tag()))),
        };
        if key.version() != 4 {
            return Err(ReadError::Version(key.version()));
        }
        Ok(Self {
            masters,
            primary: Component::new(key),
            user_ids: Vec::new(),
            subkeys: Vec::new(),
            current: Current::Primary,
            revocations_by_others: Vec::new(),
            more_revocations_by_others: false,
            secrets,
            verifications: 0,
            dropped: Dropped::default(),
        })
    }

    fn take(&mut self, packet: Packet) -> Result<(), ReadError> {
        match packet {
            Packet::PublicKey(_) | Packet::SecretKey(_) => {
                return Err(ReadError::SeveralCertificates);
            }
            Packet::SecretSubkey(key) => {
                let key = self.secrets.strip(key)?;
                self.subkey(key);
            }
            Packet::UserID(id) => {
                if id.value().len() > MAX_USER_ID {
                    self.dropped.other += 1;
                    self.current = Current::Ignored;
                    return Ok(());
                }
                let at = self.user_ids.iter().position(|c| c.subject == id);
                let at = at.unwrap_or_else(|| {
                    self.user_ids.push(Component::new(id));
                    self.user_ids.len() - 1
                });
                self.current = Current::UserId(at);
            }
            Packet::PublicSubkey(key) => self.subkey(key),
            Packet::Signature(signature) => return self.signature(signature),
            Packet::Marker(_) | Packet::Trust(_) | Packet::Padding(_) => {}
            Packet::Unknown(unknown) if unknown.tag() == Tag::Signature => self.dropped.other += 1,
            _ => {
                self.dropped.other += 1;
                self.current = Current::Ignored;
            }
        }
        if self.user_ids.len() + self.subkeys.len() > MAX_COMPONENTS {
            let limit = MAX_COMPONENTS as u64;
            return Err(ReadError::Oversize { what: "user IDs and subkeys", limit });
        }
        Ok(())
    }

    fn subkey(&mut self, key: Key<PublicParts, SubordinateRole>) {
        let at = self.subkeys.iter().position(|c| c.subject == key).unwrap_or_else(|| {
            self.subkeys.push(Component::new(key));
            self.subkeys.len() - 1
        });
        self.current = Current::Subkey(at);
    }

    /// Decides about one signature: whose it claims to be, whether it is, whether to keep it.
    fn signature(&mut self, signature: Signature) -> Result<(), ReadError> {
        if matches!(self.current, Current::Ignored) || signature.exportable().is_err() {
            self.dropped.other += 1;
            return Ok(());
        }
        let issuers = signature.get_issuers();
        let own = self.primary.subject.key_handle();
        let claimed: Vec<Key<PublicParts, PrimaryRole>> = if issuers.iter().any(|i| i.aliases(&own))
        {
            vec![self.primary.subject.clone()]
        } else {
            let by =
                |m: &&&Certificate| issuers.iter().any(|i| i.aliases(m.primary().key_handle()));
            self.masters.iter().filter(by).map(|m| m.primary().clone()).collect()
        };
        if claimed.is_empty() {
            self.foreign(signature);
            return Ok(());
        }
        for signer in claimed {
            if self.verifies(&signature, &signer)? {
                let own = signer.fingerprint() == self.primary.subject.fingerprint();
                let subkey = match self.current {
                    Current::Subkey(at) => Some(&self.subkeys[at].subject),
                    Current::Primary | Current::UserId(_) | Current::Ignored => None,
                };
                let signature = cleaned(signature, &signer, subkey);
                self.keep(signature, if own { Origin::Own } else { Origin::Master });
                return Ok(());
            }
        }
        self.dropped.false_signatures += 1;
        Ok(())
    }

    /// Remembers revocations of the primary key by others: one may be a declared revoker's.
    fn foreign(&mut self, signature: Signature) {
        const ENOUGH: usize = 64;
        let revocation = signature.typ() == SignatureType::KeyRevocation
            && matches!(self.current, Current::Primary);
        let known = |s: &Signature| s.get_issuers() == signature.get_issuers();
        if !revocation || self.revocations_by_others.iter().any(known) {
            self.dropped.foreign_signatures += 1;
        } else if self.revocations_by_others.len() < ENOUGH {
            self.revocations_by_others.push(signature);
        } else {
            // Whose these are is not kept; a key that declares a revoker then counts as revoked.
            self.more_revocations_by_others = true;
            self.dropped.foreign_signatures += 1;
        }
    }

    fn verifies(
        &mut self,
        signature: &Signature,
        signer: &Key<PublicParts, PrimaryRole>,
    ) -> Result<bool, ReadError> {
        let primary = &self.primary.subject;
        let target = match self.current {
            Current::Primary => Target::Primary,
            Current::UserId(at) => Target::UserId(&self.user_ids[at].subject),
            Current::Subkey(at) => Target::Subkey(&self.subkeys[at].subject),
            Current::Ignored => return Ok(false),
        };
        let Some(digest) = target.digest(signature, primary) else { return Ok(false) };
        if digest[..2] != signature.digest_prefix()[..] {
            return Ok(false);
        }
        if self.verifications == MAX_VERIFICATIONS {
            return Err(ReadError::Flooded);
        }
        self.verifications += 1;
        Ok(signature.verify_digest(signer, digest).is_ok())
    }

    fn keep(&mut self, signature: Signature, origin: Origin) {
        let superseded = match self.current {
            Current::Primary => self.primary.keep(signature, origin),
            Current::UserId(at) => self.user_ids[at].keep(signature, origin),
            Current::Subkey(at) => self.subkeys[at].keep(signature, origin),
            Current::Ignored => 0,
        };
        self.dropped.superseded += superseded;
    }

    fn finish(
        mut self,
    ) -> Result<(Certificate, Vec<Key<SecretParts, UnspecifiedRole>>), ReadError> {
        let user_ids = self.user_ids.len();
        self.user_ids.retain(Component::is_bound);
        let subkeys = self.subkeys.len();
        self.subkeys.retain(|c| c.can_sign(&self.primary.subject));
        self.dropped.other +=
            (user_ids - self.user_ids.len() + subkeys - self.subkeys.len()) as u64;

        let revokers =
            self.primary.revokers().chain(self.user_ids.iter().flat_map(Component::revokers));
        let revokers: Vec<openpgp::KeyHandle> = revokers.collect();
        let (declared, foreign): (Vec<_>, Vec<_>) = std::mem::take(&mut self.revocations_by_others)
            .into_iter()
            .partition(|s| s.get_issuers().iter().any(|i| revokers.iter().any(|r| r.aliases(i))));
        self.dropped.foreign_signatures += foreign.len() as u64;
        let overflow = self.more_revocations_by_others && !revokers.is_empty();
        let unverified_revoker = !declared.is_empty() || overflow;

        let mut packets: Vec<Packet> = self.primary.into_packets().collect();
        packets.extend(declared.into_iter().map(Packet::from));
        packets.extend(self.user_ids.into_iter().flat_map(Component::into_packets));
        packets.extend(self.subkeys.into_iter().flat_map(Component::into_packets));
        let cert = Cert::try_from(packets).map_err(ReadError::packets)?;
        let fingerprint = Fingerprint::try_from(cert.fingerprint()).map_err(ReadError::packets)?;
        let certificate =
            Certificate { cert, fingerprint, dropped: self.dropped, unverified_revoker };
        if certificate.to_bytes().len() > MAX_OUTPUT {
            let limit = MAX_OUTPUT as u64;
            return Err(ReadError::Oversize { what: "bytes after minimising", limit });
        }
        let secrets = match self.secrets {
            Secrets::Refuse => Vec::new(),
            Secrets::Keep(keys) => keys,
        };
        Ok((certificate, secrets))
    }
}

/// Whose a verified signature is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The certificate's own primary key.
    Own,
    /// One of the masters.
    Master,
}
