//! What one master said about one user ID, and what of it stands at a given time.

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::{NotationData, SubpacketValue};
use openpgp::packet::{Signature, UserID};
use openpgp::types::{HashAlgorithm, SignatureType};

use super::Certificate;
use super::minimal::is_certification;
use crate::digest::Sha256;
use crate::policy::{Decision, Kind};
use crate::request::RequestId;
use crate::time::Timestamp;

/// One signature by a master on one user ID.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// The user ID it is about.
    pub user_id: UserID,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
    /// Whether it takes earlier certifications back (type 0x30).
    pub revokes: bool,
    /// Whether it rests on a digest that no longer counts (SHA-1, MD5).
    pub weak: bool,
    /// The digest it is made with.
    pub digest: HashAlgorithm,
    /// What it lets the key's owner do beyond being certified.
    pub introduces: Option<Introduction>,
    /// Whether a revocation can take it back (RFC 9580 §5.2.3.20).
    pub revocable: Revocable,
    /// Its notations for people (RFC 9580 §5.2.3.24): name and value.
    pub notations: Vec<(String, String)>,
}

/// A trust signature's power (RFC 9580 §5.2.3.21): what the certified key certifies counts too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// How many further steps: 1 is a trusted introducer.
    pub depth: u8,
    /// How much: 120 is complete trust, 60 partial.
    pub amount: u8,
    /// The regular expressions that user IDs have to fit (RFC 9580 §5.2.3.22), as they stand.
    pub scope: Vec<Vec<u8>>,
}

/// Whether a certification can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocable {
    /// It can, as nearly all.
    Yes,
    /// Its maker gave that up.
    No,
}

/// How much of a judge's care a certification needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Its digest is sound, or it is a revocation.
    Full,
    /// SHA-1 of a time when GnuPG still believed it ([`LAST_SHA1`]).
    Legacy,
    /// SHA-1 made later, or MD5: nobody believes it.
    Nothing,
}

/// SHA-1 certifications by others made after this second are ignored by GnuPG since 2.2.18
/// (2019-01-19T00:00:00Z, `check_signature_over_key_or_uid` in g10/sig-check.c).
pub const LAST_SHA1: Timestamp = Timestamp::from_unix(1_547_856_000);

/// What a master's signatures on a user ID amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The master never certified it.
    None,
    /// Certified, and it counts.
    Certified {
        /// When the certification ends, if it does.
        expires: Option<Timestamp>,
    },
    /// The newest certification has ended.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// The newest word is a revocation.
    Revoked {
        /// When it was made.
        at: Timestamp,
    },
}

impl Certificate {
    /// Everything that `master` ever said about this certificate's user IDs, oldest first.
    pub fn opinions_of(&self, master: &Self) -> Vec<Opinion> {
        let issued = |s: &&Signature| {
            s.get_issuers().iter().any(|i| i.aliases(master.primary().key_handle()))
        };
        let mut all: Vec<Opinion> = self
            .cert()
            .userids()
            .flat_map(|u| {
                let bundle = u.bundle();
                bundle
                    .certifications()
                    .chain(bundle.other_revocations())
                    .filter(issued)
                    .filter_map(|s| Opinion::new(u.userid(), s))
                    .collect::<Vec<_>>()
            })
            .collect();
        all.sort_by_key(|o| (o.created, o.revokes));
        all
    }

    /// [`Certificate::opinions_of`] as the decisions that they were, one for each time and kind.
    pub fn decisions_of(&self, master: &Self) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = Vec::new();
        for opinion in self.opinions_of(master) {
            let user_id = String::from_utf8_lossy(opinion.user_id.value()).into_owned();
            let kind = match opinion.revokes {
                true => Kind::Revoked,
                false => Kind::Certified { expires: opinion.expires },
            };
            let same = |d: &&mut Decision| d.created == opinion.created && d.kind == kind;
            match decisions.iter_mut().find(same) {
                Some(decision) => decision.names.push(user_id),
                None => decisions.push(Decision {
                    // Which request asked for it is not written on a certificate.
                    request: RequestId(Sha256::ZERO),
                    master: master.fingerprint(),
                    created: opinion.created,
                    kind,
                    names: vec![user_id],
                }),
            }
        }
        decisions
    }

    /// What `master`'s signatures on `user_id` amount to at `now`: the newest word wins, as it
    /// does for GnuPG; at the same second a revocation wins.
    pub fn standing(&self, user_id: &UserID, master: &Self, now: Timestamp) -> Standing {
        let opinions = self.opinions_of(master);
        let newest =
            opinions.iter().rfind(|o| o.user_id == *user_id && !o.weak && o.created <= now);
        match newest {
            None => Standing::None,
            Some(o) if o.revokes => Standing::Revoked { at: o.created },
            Some(o) => match o.expires {
                Some(at) if at <= now => Standing::Expired { at },
                expires => Standing::Certified { expires },
            },
        }
    }
}

impl Introduction {
    fn of(signature: &Signature) -> Option<Self> {
        let (depth, amount) = signature.trust_signature()?;
        let scope = signature.regular_expressions().map(<[u8]>::to_vec).collect();
        (depth > 0).then_some(Self { depth, amount, scope })
    }
}

impl Opinion {
    /// How far its digest can be believed.
    pub fn strength(&self) -> Strength {
        if !self.weak {
            Strength::Full
        } else if self.digest == HashAlgorithm::SHA1 && self.created <= LAST_SHA1 {
            Strength::Legacy
        } else {
            Strength::Nothing
        }
    }

    fn new(user_id: &UserID, signature: &Signature) -> Option<Self> {
        let created = Timestamp::from(signature.signature_creation_time()?);
        let revokes = signature.typ() == SignatureType::CertificationRevocation;
        if !revokes && (!is_certification(signature.typ()) || demands_the_unknown(signature)) {
            return None;
        }
        Some(Self {
            user_id: user_id.clone(),
            created,
            expires: signature.signature_expiration_time().map(Timestamp::from),
            revokes,
            weak: matches!(
                signature.hash_algo(),
                HashAlgorithm::SHA1 | HashAlgorithm::MD5 | HashAlgorithm::RipeMD
            ) && !revokes,
            digest: signature.hash_algo(),
            introduces: Introduction::of(signature),
            revocable: match signature.revocable() {
                Some(false) => Revocable::No,
                Some(true) | None => Revocable::Yes,
            },
            notations: notations(signature),
        })
    }
}

fn notations(signature: &Signature) -> Vec<(String, String)> {
    let readable = signature.notation_data().filter(|n| n.flags().human_readable());
    let text =
        |n: &NotationData| Some((n.name().to_owned(), String::from_utf8(n.value().to_vec()).ok()?));
    readable.filter_map(text).collect()
}

/// Whether a signature is void for everybody who does not know something in it (RFC 9580
/// §5.2.3.7): a critical notation, or a critical subpacket of an unknown kind.
pub(crate) fn demands_the_unknown(signature: &Signature) -> bool {
    signature.hashed_area().iter().any(|subpacket| {
        subpacket.critical()
            && matches!(
                subpacket.value(),
                SubpacketValue::Unknown { .. } | SubpacketValue::NotationData(_)
            )
    })
}
