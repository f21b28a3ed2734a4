//! Predicted signatures: everything of a signature but the RSA value, computed beforehand.
//!
//! The time is pinned by the request and nothing random goes in, so the online side and the
//! station compute the same bytes independently. RSA with PKCS #1 v1.5 padding is a function of
//! the digest (RFC 8017 §8.2): one statement has one signature, and a station has no room to
//! answer with anything else.

use sequoia_openpgp as openpgp;

use openpgp::crypto::hash::Hash as _;
use openpgp::crypto::mpi;
use openpgp::packet::key::{PrimaryRole, PublicParts, SubordinateRole};
use openpgp::packet::signature::Signature4;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use openpgp::packet::{Key, Packet, Signature, UserID};
use openpgp::parse::Parse as _;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, PublicKeyAlgorithm, SignatureType};

use crate::certificate::Certificate;
use crate::time::Timestamp;

/// The hash algorithm of every signature that the master makes.
const HASH: HashAlgorithm = HashAlgorithm::SHA512;

/// One signature to be made, complete but for the RSA value.
#[derive(Clone, Debug)]
pub struct Statement {
    typ: SignatureType,
    hashed: SubpacketArea,
    issuer: Key<PublicParts, PrimaryRole>,
    target: Target,
    digest: [u8; 64],
}

/// What a signature is over.
#[derive(Clone, Debug)]
enum Target {
    /// A primary key and one of its user IDs (RFC 9580 §5.2.4).
    UserId { primary: Box<Key<PublicParts, PrimaryRole>>, user_id: UserID },
    /// The issuer's own primary key (RFC 9580 §5.2.4).
    Primary,
    /// The issuer's own primary key and one of its subkeys (RFC 9580 §5.2.4).
    Subkey(Box<Key<PublicParts, SubordinateRole>>),
    /// A text (type 0x01, RFC 9580 §5.2.4) in its canonical form, and what it is for people.
    Text { canonical: String, about: String },
}

/// Where a signature belongs.
#[derive(Clone, Debug)]
pub enum Place {
    /// Behind the primary key of the certificate.
    Primary,
    /// Behind one of its user IDs.
    UserId(UserID),
    /// Behind one of its subkeys.
    Subkey(Box<Key<PublicParts, SubordinateRole>>),
    /// Below a text.
    Text,
}

impl Place {
    /// The packets that put `signature` in its place on the certificate of `primary`; none where
    /// it does not belong to a certificate.
    pub fn packets(
        &self,
        primary: &Key<PublicParts, PrimaryRole>,
        signature: &Signature,
    ) -> Vec<Packet> {
        let before: Packet = match self {
            Self::Primary => primary.clone().into(),
            Self::UserId(user_id) => user_id.clone().into(),
            Self::Subkey(key) => key.as_ref().clone().into(),
            Self::Text => return Vec::new(),
        };
        vec![before, signature.clone().into()]
    }
}

/// Why a statement cannot be built, or a signature is not the one that was predicted.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The user ID is not on the certificate.
    #[error("the user ID {0:?} is not on the certificate")]
    NoSuchUserId(String),
    /// The subkey is not on the certificate.
    #[error("the subkey {0} is not on the certificate")]
    NoSuchSubkey(String),
    /// A value is too long for a signature or outside what OpenPGP can express.
    #[error("a value does not fit into an OpenPGP signature")]
    Unfit(#[source] anyhow::Error),
    /// The master's key is not RSA.
    #[error(
        "the master key is {0}: it must be RSA, or a revoked developer is not recognised as \
         revoked by FreePBX and signatures cannot be predicted"
    )]
    NotRsa(String),
    /// Not exactly one OpenPGP signature packet.
    #[error("the answer holds no OpenPGP signature")]
    NotASignature,
    /// A signature with other content than predicted.
    #[error("the signature differs from the prediction: it would state something else")]
    Unpredicted,
    /// The predicted content with a wrong RSA value.
    #[error("the signature is not by the master {0}")]
    WrongSigner(String),
}

impl Statement {
    /// A signature by `master` over `certificate`'s primary key and each of these user IDs of it,
    /// made at `created`, with the user ID's `subpackets` after creation time and issuer. Nothing
    /// in it is critical.
    ///
    /// # Errors
    /// [`StatementError`] where a user ID is missing, the master is not RSA or a value does not
    /// fit.
    pub(super) fn over_user_ids(
        typ: SignatureType,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
        user_ids: &[String],
        subpackets: impl Fn(&str) -> Vec<SubpacketValue>,
    ) -> Result<Vec<Self>, StatementError> {
        let statement = |user_id: &String| {
            let values = subpackets(user_id);
            Self::over_user_id(typ, created, master, certificate, user_id, values)
        };
        user_ids.iter().map(statement).collect()
    }

    fn over_user_id(
        typ: SignatureType,
        created: Timestamp,
        master: &Certificate,
        certificate: Option<&Certificate>,
        user_id: &str,
        subpackets: Vec<SubpacketValue>,
    ) -> Result<Self, StatementError> {
        let missing = || StatementError::NoSuchUserId(user_id.to_owned());
        let certificate = certificate.ok_or_else(missing)?;
        let user_id = certificate.user_id(user_id).ok_or_else(missing)?.clone();
        let primary = Box::new(certificate.primary().clone());
        let target = Target::UserId { primary, user_id };
        Self::new(typ, created, master.primary(), target, subpackets)
    }

    /// A signature by `master` over a text, as a cleartext signature makes it (RFC 9580 §7.1): line
    /// ends become CR LF, blanks before them and the last line end do not count.
    ///
    /// # Errors
    /// [`StatementError`] where the master is not RSA.
    pub(super) fn over_text(
        created: Timestamp,
        master: &Certificate,
        text: &str,
        about: String,
    ) -> Result<Self, StatementError> {
        let lines = text.lines().map(|line| line.trim_end_matches([' ', '\t', '\r']));
        let canonical = lines.collect::<Vec<_>>().join("\r\n");
        let target = Target::Text { canonical, about };
        Self::new(SignatureType::Text, created, master.primary(), target, Vec::new())
    }

    /// A revocation by `master` of its own primary key (type 0x20) or of one of its subkeys (type
    /// 0x28, RFC 9580 §5.2.1.11 and §5.2.1.12), which says why.
    ///
    /// # Errors
    /// [`StatementError`] where the master is not RSA or the reason does not fit.
    pub(super) fn key_revocation(
        created: Timestamp,
        master: &Certificate,
        subkey: Option<&Key<PublicParts, SubordinateRole>>,
        reason: SubpacketValue,
    ) -> Result<Self, StatementError> {
        let (typ, target) = match subkey {
            None => (SignatureType::KeyRevocation, Target::Primary),
            Some(key) => (SignatureType::SubkeyRevocation, Target::Subkey(Box::new(key.clone()))),
        };
        Self::new(typ, created, master.primary(), target, vec![reason])
    }

    /// The self-signature of a new master over its user ID (type 0x13, RFC 9580 §5.2.1.7).
    ///
    /// # Errors
    /// [`StatementError`] where the key is not RSA or a value does not fit.
    pub fn self_certification(
        key: &Key<PublicParts, PrimaryRole>,
        user_id: &UserID,
        subpackets: Vec<SubpacketValue>,
    ) -> Result<Self, StatementError> {
        let typ = SignatureType::PositiveCertification;
        let target = Target::UserId { primary: Box::new(key.clone()), user_id: user_id.clone() };
        Self::new(typ, key.creation_time().into(), key, target, subpackets)
    }

    fn new(
        typ: SignatureType,
        created: Timestamp,
        issuer: &Key<PublicParts, PrimaryRole>,
        target: Target,
        subpackets: Vec<SubpacketValue>,
    ) -> Result<Self, StatementError> {
        if !matches!(issuer.pk_algo(), PublicKeyAlgorithm::RSAEncryptSign) {
            return Err(StatementError::NotRsa(crate::certificate::algorithm(issuer)));
        }
        // The issuer's key id stands beside its fingerprint for GnuPG before 2.1.16, which is in
        // the field; both are hashed, so that the unhashed area stays empty.
        let values = [
            SubpacketValue::SignatureCreationTime(created.unix().into()),
            SubpacketValue::IssuerFingerprint(issuer.fingerprint()),
            SubpacketValue::Issuer(issuer.keyid()),
        ];
        let hashed = values
            .into_iter()
            .chain(subpackets)
            .map(|value| Subpacket::new(value, false))
            .collect::<Result<Vec<_>, _>>()
            .and_then(SubpacketArea::new)
            .map_err(StatementError::Unfit)?;
        let mut statement = Self { typ, hashed, issuer: issuer.clone(), target, digest: [0; 64] };
        statement.digest = statement.compute_digest()?;
        Ok(statement)
    }

    /// The SHA-512 digest that the card signs.
    pub fn digest(&self) -> &[u8; 64] {
        &self.digest
    }

    /// Where the signature belongs.
    pub fn place(&self) -> Place {
        match &self.target {
            Target::UserId { user_id, .. } => Place::UserId(user_id.clone()),
            Target::Primary => Place::Primary,
            Target::Subkey(key) => Place::Subkey(key.clone()),
            Target::Text { .. } => Place::Text,
        }
    }

    /// What the signature is about, for people (untrusted text).
    pub fn about(&self) -> String {
        match &self.target {
            Target::UserId { user_id, .. } => String::from_utf8_lossy(user_id.value()).into_owned(),
            Target::Primary => format!("the key {}", self.issuer.fingerprint()),
            Target::Subkey(key) => format!("the subkey {}", key.fingerprint()),
            Target::Text { about, .. } => about.clone(),
        }
    }

    /// The signature packet with the RSA value `rsa` (big-endian), verified.
    ///
    /// # Errors
    /// [`StatementError::WrongSigner`] where the value is not the master's signature of this.
    pub fn complete(&self, rsa: &[u8]) -> Result<Signature, StatementError> {
        let value = mpi::Signature::RSA { s: mpi::MPI::new(rsa) };
        let signature = Signature::from(self.packet(value));
        let verified =
            self.in_range(rsa) && signature.verify_digest(&self.issuer, self.digest).is_ok();
        if verified {
            Ok(signature)
        } else {
            Err(StatementError::WrongSigner(self.issuer.fingerprint().to_hex()))
        }
    }

    /// Accepts a signature packet if it is, byte for byte, the one that was predicted.
    ///
    /// # Errors
    /// [`StatementError`] where it is anything else.
    pub fn accept(&self, untrusted: &[u8]) -> Result<Signature, StatementError> {
        let Ok(Packet::Signature(claimed)) = Packet::from_bytes(untrusted) else {
            return Err(StatementError::NotASignature);
        };
        let mpi::Signature::RSA { s } = claimed.mpis() else {
            return Err(StatementError::Unpredicted);
        };
        let expected = Packet::from(Signature::from(self.packet(claimed.mpis().clone())));
        if expected.to_vec().map_err(StatementError::Unfit)? != untrusted {
            return Err(StatementError::Unpredicted);
        }
        self.complete(s.value())
    }

    /// How long the signature packet can be, in bytes: with an RSA value as long as the modulus.
    ///
    /// # Errors
    /// [`StatementError::Unfit`] where it does not serialise.
    pub fn longest_packet(&self) -> Result<usize, StatementError> {
        let longest = match self.issuer.mpis() {
            mpi::PublicKey::RSA { n, .. } => n.clone(),
            _ => mpi::MPI::new(&[]),
        };
        let packet = Packet::from(Signature::from(self.packet(mpi::Signature::RSA { s: longest })));
        Ok(packet.to_vec().map_err(StatementError::Unfit)?.len())
    }

    /// An RSA value outside 0 … n-1 would be a second encoding of the same signature.
    fn in_range(&self, rsa: &[u8]) -> bool {
        match self.issuer.mpis() {
            mpi::PublicKey::RSA { n, .. } => mpi::MPI::new(rsa) < *n,
            _ => false,
        }
    }

    fn packet(&self, value: mpi::Signature) -> Signature4 {
        Signature4::new(
            self.typ,
            PublicKeyAlgorithm::RSAEncryptSign,
            HASH,
            self.hashed.clone(),
            SubpacketArea::default(),
            [self.digest[0], self.digest[1]],
            value,
        )
    }

    fn compute_digest(&self) -> Result<[u8; 64], StatementError> {
        let value = mpi::Signature::RSA { s: mpi::MPI::new(&[1]) };
        let packet = Signature::from(self.packet(value));
        let mut hash = HASH.context().map_err(StatementError::Unfit)?.for_signature(4);
        match &self.target {
            Target::UserId { primary, user_id } => {
                packet.hash_userid_binding(&mut hash, primary, user_id)
            }
            Target::Primary => packet.hash_direct_key(&mut hash, &self.issuer),
            Target::Subkey(key) => packet.hash_subkey_binding(&mut hash, &self.issuer, key),
            Target::Text { canonical, .. } => {
                hash.update(canonical.as_bytes());
                packet.hash(&mut hash)
            }
        }
        .map_err(StatementError::Unfit)?;
        let mut digest = [0; 64];
        hash.digest(&mut digest).map_err(StatementError::Unfit)?;
        Ok(digest)
    }
}
