//! A component of a certificate (a key or a user ID) and the signatures on it that matter.

use sequoia_openpgp as openpgp;

use openpgp::packet::key::{PrimaryRole, PublicParts, SubordinateRole};
use openpgp::packet::signature::Signature4;
use openpgp::packet::signature::subpacket::{
    Subpacket, SubpacketArea, SubpacketTag, SubpacketValue,
};
use openpgp::packet::{Key, Packet, Signature, UserID};
use openpgp::types::SignatureType;

use super::reader::Origin;

/// What a signature is made over, beside the primary key.
pub(super) enum Target<'a> {
    Primary,
    UserId(&'a UserID),
    Subkey(&'a Key<PublicParts, SubordinateRole>),
}

impl Target<'_> {
    /// The digest that `signature` signs if it belongs here; none where its type does not fit.
    pub(super) fn digest(
        &self,
        signature: &Signature,
        primary: &Key<PublicParts, PrimaryRole>,
    ) -> Option<Vec<u8>> {
        use SignatureType::{
            CertificationRevocation, DirectKey, KeyRevocation, SubkeyBinding, SubkeyRevocation,
        };
        let mut hash = signature.hash_algo().context().ok()?.for_signature(signature.version());
        match (self, signature.typ()) {
            (Self::Primary, DirectKey | KeyRevocation) => {
                signature.hash_direct_key(&mut hash, primary).ok()?;
            }
            (Self::UserId(id), CertificationRevocation) => {
                signature.hash_userid_binding(&mut hash, primary, id).ok()?;
            }
            (Self::UserId(id), typ) if is_certification(typ) => {
                signature.hash_userid_binding(&mut hash, primary, id).ok()?;
            }
            (Self::Subkey(key), SubkeyBinding | SubkeyRevocation) => {
                signature.hash_subkey_binding(&mut hash, primary, key).ok()?;
            }
            _ => return None,
        }
        let digest = hash.into_digest().ok()?;
        (digest.len() >= 2).then_some(digest)
    }
}

/// Whether `typ` is one of the four certifications of a user ID (RFC 9580 §5.2.1).
pub(super) fn is_certification(typ: SignatureType) -> bool {
    matches!(
        typ,
        SignatureType::GenericCertification
            | SignatureType::PersonaCertification
            | SignatureType::CasualCertification
            | SignatureType::PositiveCertification
    )
}

fn is_revocation(typ: SignatureType) -> bool {
    matches!(
        typ,
        SignatureType::KeyRevocation
            | SignatureType::SubkeyRevocation
            | SignatureType::CertificationRevocation
    )
}

/// A key or user ID, its newest self-signature, its revocations and its certifications.
pub(super) struct Component<T> {
    pub(super) subject: T,
    binding: Option<Signature>,
    revocations: Vec<Signature>,
    certifications: Vec<Signature>,
}

impl<T> Component<T> {
    pub(super) fn new(subject: T) -> Self {
        Self { subject, binding: None, revocations: Vec::new(), certifications: Vec::new() }
    }

    /// Keeps a verified and cleaned signature; returns how many were dropped for it.
    pub(super) fn keep(&mut self, signature: Signature, origin: Origin) -> u64 {
        let list = match origin {
            Origin::Master => &mut self.certifications,
            Origin::Own if is_revocation(signature.typ()) => &mut self.revocations,
            Origin::Own => {
                // GnuPG makes one for each revoker: an older one is not replaced by a newer.
                if signature.revocation_keys().next().is_some()
                    && !self.revocations.contains(&signature)
                {
                    self.revocations.push(signature.clone());
                }
                let newer = self.binding.as_ref().is_none_or(|old| order(old) < order(&signature));
                let had_one = self.binding.is_some();
                if newer {
                    self.binding = Some(signature);
                }
                return u64::from(had_one);
            }
        };
        if list.contains(&signature) {
            return 1;
        }
        list.push(signature);
        0
    }

    /// Whether anybody who counts said anything about it.
    pub(super) fn is_bound(&self) -> bool {
        self.binding.is_some() || !self.certifications.is_empty()
    }

    /// The revokers that the self-signature declares (RFC 9580 §5.2.3.23).
    pub(super) fn revokers(&self) -> impl Iterator<Item = openpgp::KeyHandle> + '_ {
        let declaring = self.binding.iter().chain(&self.revocations);
        declaring.flat_map(|s| s.revocation_keys()).map(|r| r.revoker().1.into())
    }

    pub(super) fn into_packets(mut self) -> impl Iterator<Item = Packet>
    where
        Packet: From<T>,
    {
        self.revocations.retain(|s| self.binding.as_ref() != Some(s));
        std::iter::once(Packet::from(self.subject)).chain(
            self.binding
                .into_iter()
                .chain(self.revocations)
                .chain(self.certifications)
                .map(|signature: Signature| -> Packet { signature.into() }),
        )
    }
}

impl Component<Key<PublicParts, SubordinateRole>> {
    /// Whether the subkey is bound for signing, its own back signature included
    /// (RFC 9580 §5.2.1.8).
    pub(super) fn can_sign(&self, primary: &Key<PublicParts, PrimaryRole>) -> bool {
        self.binding.as_ref().is_some_and(|binding| {
            binding.key_flags().is_some_and(|f| f.for_signing())
                && binding
                    .embedded_signatures()
                    .any(|back| back.verify_primary_key_binding(primary, &self.subject).is_ok())
        })
    }
}

/// Newest first decides; then a binding with its back signature before a copy from which somebody
/// took it; then the bytes, so that the order of reading does not.
fn order(signature: &Signature) -> (Option<std::time::SystemTime>, usize, &Signature) {
    let back = signature.embedded_signatures().count();
    (signature.signature_creation_time(), back, signature)
}

/// `signature`, which `signer` made, with nothing in its unhashed area but what was verified: its
/// issuer, and the back signature of a signing subkey (RFC 9580 §5.2.1.8, which GnuPG keeps
/// there). Anybody can change the rest of that area on its way.
pub(super) fn cleaned(
    signature: Signature,
    signer: &Key<PublicParts, PrimaryRole>,
    subkey: Option<&Key<PublicParts, SubordinateRole>>,
) -> Signature {
    let Signature::V4(v4) = &signature else { return signature };
    let mut unhashed = Vec::new();
    if v4.hashed_area().subpacket(SubpacketTag::Issuer).is_none() {
        unhashed.extend(Subpacket::new(SubpacketValue::Issuer(signer.keyid()), false).ok());
    }
    if v4.hashed_area().subpacket(SubpacketTag::EmbeddedSignature).is_none() {
        let back = v4.embedded_signatures().find(|back| {
            subkey.is_some_and(|key| back.verify_primary_key_binding(signer, key).is_ok())
        });
        if let (Some(Signature::V4(back)), Some(key)) = (back, subkey) {
            let issuer = Subpacket::new(SubpacketValue::Issuer(key.keyid()), false).ok();
            let hashed = back.hashed_area().subpacket(SubpacketTag::Issuer).is_some();
            let area = SubpacketArea::new(issuer.filter(|_| !hashed).into_iter().collect());
            let back = rebuilt(back, area.unwrap_or_default());
            let value = SubpacketValue::EmbeddedSignature(back.into());
            unhashed.extend(Subpacket::new(value, false).ok());
        }
    }
    rebuilt(v4, SubpacketArea::new(unhashed).unwrap_or_default()).into()
}

fn rebuilt(signature: &Signature4, unhashed: SubpacketArea) -> Signature4 {
    Signature4::new(
        signature.typ(),
        signature.pk_algo(),
        signature.hash_algo(),
        signature.hashed_area().clone(),
        unhashed,
        *signature.digest_prefix(),
        signature.mpis().clone(),
    )
}
