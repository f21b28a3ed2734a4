//! Revocations that nobody has made: what they would do is shown before anybody makes them.
//!
//! A supposition only ever takes trust away, so a keyring with some believes nobody whom the one
//! without them does not.

use sequoia_openpgp as openpgp;

use openpgp::packet::UserID;
use openpgp::types::HashAlgorithm;

use super::Keyring;
use crate::certificate::{Certificate, Opinion, Revocable};
use crate::fingerprint::Fingerprint;
use crate::module::signing_key::{KeyState, Revoked, SigningKey};
use crate::time::Timestamp;

/// A revocation that is supposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supposed {
    /// Every master takes back whatever it certified on this key.
    Certifications {
        /// The key.
        key: Fingerprint,
        /// When they are supposed to.
        at: Timestamp,
    },
    /// The owner of this key revokes it.
    Key {
        /// The key.
        key: Fingerprint,
        /// When, and how far back it reaches.
        revoked: Revoked,
    },
}

impl Keyring {
    /// This keyring, if these revocations were made.
    #[must_use]
    pub fn supposing(&self, supposed: impl IntoIterator<Item = Supposed>) -> Self {
        let all = self.supposed.iter().copied().chain(supposed).collect();
        let plain = Self::new(self.masters.clone(), self.others.clone(), Vec::new());
        Self { supposed: all, ..plain }
    }

    /// Everything that `by` ever said about a certificate's user IDs, oldest first.
    pub(in crate::module) fn opinions(
        &self,
        certificate: &Certificate,
        by: &Certificate,
    ) -> Vec<Opinion> {
        let mut opinions = certificate.opinions_of(by);
        let is_master = self.master(by.fingerprint()).is_some();
        let taken_back = self.supposed.iter().filter_map(|supposed| match supposed {
            Supposed::Certifications { key, at } => {
                (is_master && *key == certificate.fingerprint()).then_some(*at)
            }
            Supposed::Key { .. } => None,
        });
        for at in taken_back {
            let revoked: Vec<Opinion> = certificate
                .user_ids()
                .filter(|id| opinions.iter().any(|o| o.user_id == **id && !o.revokes))
                .map(|id| revocation(id, at))
                .collect();
            opinions.extend(revoked);
        }
        opinions.sort_by_key(|o| (o.created, o.revokes));
        opinions
    }

    /// What the owner of a key says of it, as known at `now`.
    pub(in crate::module) fn state(&self, key: &SigningKey<'_>, now: Timestamp) -> KeyState {
        let state = key.state(now);
        let supposed = self.supposed_revocation(key.certificate());
        let revoked = state.revoked.into_iter().chain(supposed).min_by_key(Revoked::severity);
        KeyState { revoked, ..state }
    }

    /// The revocation of a primary key that is supposed.
    pub(in crate::module) fn supposed_revocation(&self, of: &Certificate) -> Option<Revoked> {
        let revoked = self.supposed.iter().filter_map(|supposed| match supposed {
            Supposed::Certifications { .. } => None,
            Supposed::Key { key, revoked } => (*key == of.fingerprint()).then_some(*revoked),
        });
        revoked.min_by_key(Revoked::severity)
    }
}

fn revocation(user_id: &UserID, at: Timestamp) -> Opinion {
    Opinion {
        user_id: user_id.clone(),
        created: at,
        expires: None,
        revokes: true,
        weak: false,
        digest: HashAlgorithm::SHA512,
        introduces: None,
        notations: Vec::new(),
        revocable: Revocable::Yes,
    }
}
