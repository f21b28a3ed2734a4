//! Rules about the certificate that is to be certified.

use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi;
use openpgp::packet::key::{KeyParts, KeyRole};
use openpgp::packet::{Key, UserID};
use openpgp::policy::StandardPolicy;
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm, RevocationStatus};

use crate::certificate::{Certificate, algorithm, lenient};
use crate::policy::{KeyPolicy, Rule, Verdict};
use crate::safe::{Safe, is_unsafe};
use crate::time::Timestamp;

/// Algorithms and sizes of the primary key and of the subkeys that sign.
pub const KEY_ALGORITHM: Rule = Rule {
    name: "key-algorithm",
    demand: "primary key and signing subkeys are RSA of at least keys.rsa_min_bits, Ed25519, or \
             on NIST P-256, P-384 or P-521",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let mut warning = None;
        for key in certificate.cert().keys() {
            match judge_key(key.key(), &s.policy().keys) {
                Verdict::Holds(_) => {}
                Verdict::Warns(text) => warning = Some(text),
                broken @ Verdict::Broken { .. } => return broken,
            }
        }
        warning.map_or_else(|| Verdict::holds(algorithm(certificate.primary())), Verdict::Warns)
    },
};

fn judge_key<P: KeyParts, R: KeyRole>(key: &Key<P, R>, policy: &KeyPolicy) -> Verdict {
    let name = algorithm(key);
    let new_key = "make a new key: gpg --quick-generate-key 'Name <mail@example.org>' rsa4096 sign";
    let refuse = |why: &str| Verdict::broken(format!("the key is {name}: {why}"), new_key);
    match (key.pk_algo(), key.mpis()) {
        (PublicKeyAlgorithm::RSAEncryptSign, _) => {
            let bits = key.mpis().bits().unwrap_or(0);
            if bits < policy.rsa_min_bits.max(2048) {
                refuse("too short to rely on")
            } else if bits < policy.rsa_warn_below_bits {
                Verdict::warns(format!("{name}: accepted, but short for the years to come"))
            } else {
                Verdict::holds(name)
            }
        }
        (PublicKeyAlgorithm::EdDSA, mpi::PublicKey::EdDSA { curve: Curve::Ed25519, .. })
            if policy.ed25519 =>
        {
            Verdict::holds(name)
        }
        (
            PublicKeyAlgorithm::ECDSA,
            mpi::PublicKey::ECDSA {
                curve: Curve::NistP256 | Curve::NistP384 | Curve::NistP521,
                ..
            },
        ) if policy.nist_p => Verdict::holds(name),
        #[allow(deprecated)]
        (PublicKeyAlgorithm::DSA, _) => refuse(
            "DSA is no longer accepted (its signatures rest on 160-bit digests and on perfect \
             random numbers)",
        ),
        #[allow(deprecated)]
        (PublicKeyAlgorithm::ElGamalEncrypt | PublicKeyAlgorithm::ElGamalEncryptSign, _) => {
            refuse("ElGamal keys cannot sign safely")
        }
        _ => refuse("consumers do not read this algorithm, or the policy excludes it"),
    }
}

/// The self-signatures hold by today's standards.
pub const SELF_SIGNATURES: Rule = Rule {
    name: "self-signatures",
    demand: "the newest self-signature of the key and of each user ID asked for is valid and does \
             not rest on SHA-1 or MD5",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let mend = "renew the self-signatures: gpg --cert-digest-algo SHA512 --quick-set-expire \
                    FINGERPRINT 2y (or the date it had), then make the request again";
        let mut digests = Vec::new();
        for user_id in s.request.operation().user_ids() {
            let Some(binding) = certificate.binding(user_id) else { continue };
            digests.push(binding.hash_algo().to_string());
            if is_weak(binding.hash_algo()) {
                let reason = format!(
                    "the self-signature on {} rests on {}",
                    Safe(user_id),
                    binding.hash_algo()
                );
                return Verdict::broken(reason, mend);
            }
        }
        let policy = StandardPolicy::at(s.now());
        let now = std::time::SystemTime::from(s.now());
        match certificate.cert().with_policy(&policy, now) {
            Ok(_) => {
                digests.sort();
                digests.dedup();
                Verdict::holds(digests.join(", "))
            }
            Err(error) => {
                Verdict::broken(format!("no valid self-signature on the key: {error}"), mend)
            }
        }
    },
};

fn is_weak(algorithm: HashAlgorithm) -> bool {
    matches!(algorithm, HashAlgorithm::MD5 | HashAlgorithm::SHA1 | HashAlgorithm::RipeMD)
}

/// The key has not expired.
pub const KEY_EXPIRY: Rule = Rule {
    name: "key-expiry",
    demand: "the key was made before the request and has not expired",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let mend = "extend the key: gpg --quick-set-expire FINGERPRINT 2y, then a new request";
        let made = Timestamp::from(certificate.primary().creation_time());
        if made > s.request.created() {
            let reason = format!("the key is from the future: made at {made}");
            return Verdict::broken(reason, "set the clock, and make a new key");
        }
        // Whether the binding is acceptable is another rule's question.
        let policy = lenient(s.now());
        let now = std::time::SystemTime::from(s.now());
        let Ok(valid) = certificate.cert().with_policy(&policy, now) else {
            return Verdict::broken("the key has no valid self-signature at this time", mend);
        };
        let expires = valid.primary_key().key_expiration_time().map(Timestamp::from);
        match expires {
            Some(at) if at <= s.now() => Verdict::broken(format!("the key expired at {at}"), mend),
            Some(at) if at.since(s.now()) < 30 * Timestamp::DAY => {
                Verdict::warns(format!("the key expires soon, at {at}"))
            }
            Some(at) => Verdict::holds(format!("the key expires at {at}")),
            None => Verdict::holds("the key does not expire"),
        }
    },
};

/// Neither the key nor what signed the request is revoked.
pub const REVOKED: Rule = Rule {
    name: "revoked",
    demand: "the key is not revoked, nor is any revoked subkey in use",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let policy = lenient(s.now());
        let now = std::time::SystemTime::from(s.now());
        let mend = "make a new key and ask for its certification";
        let cert = certificate.cert();
        if !matches!(cert.revocation_status(&policy, now), RevocationStatus::NotAsFarAsWeKnow) {
            return Verdict::broken("its owner revoked the key", mend);
        }
        if certificate.unverified_revoker() {
            let reason = "somebody whom the owner declared as revoker seems to have revoked the \
                          key, which cannot be verified here";
            return Verdict::broken(reason, mend);
        }
        let revoked = |k: &openpgp::cert::amalgamation::key::SubordinateKeyAmalgamation<
            '_,
            openpgp::packet::key::PublicParts,
        >| {
            !matches!(k.revocation_status(&policy, now), RevocationStatus::NotAsFarAsWeKnow)
        };
        let revoked: Vec<_> = cert.keys().subkeys().filter(revoked).collect();
        let signers: Vec<_> = s
            .request
            .signatures()
            .iter()
            .flat_map(openpgp::packet::Signature::get_issuers)
            .collect();
        for subkey in &revoked {
            let handle = subkey.key().key_handle();
            if signers.iter().any(|i| i.aliases(&handle)) {
                return Verdict::broken(
                    format!("the request is signed by the revoked subkey {handle}"),
                    "sign it with a key that is not revoked",
                );
            }
        }
        match revoked.len() {
            0 => Verdict::holds("nothing is revoked"),
            n => Verdict::warns(format!("{n} signing subkey(s) are revoked, the key is not")),
        }
    },
};

/// The user IDs asked for exist, once, bound and not revoked.
pub const USER_IDS_ON_CERTIFICATE: Rule = Rule {
    name: "user-ids-on-certificate",
    demand: "each user ID asked for is on the certificate, bound by its key and not revoked",
    check: |s| {
        let Some(certificate) = s.certificate else { return Verdict::not_asked() };
        let asked = s.request.operation().user_ids();
        for (at, user_id) in asked.iter().enumerate() {
            let shown = Safe(user_id);
            if asked[..at].contains(user_id) {
                let reason = format!("{shown} is asked for twice");
                return Verdict::broken(reason, "name each user ID once");
            }
            let mend = "list them with gpg --list-keys and name them exactly";
            let Some(found) = certificate.user_id(user_id) else {
                return Verdict::broken(format!("{shown} is not on the certificate"), mend);
            };
            if certificate.binding(user_id).is_none() {
                let reason = format!("{shown} is not bound by the key's own signature");
                return Verdict::broken(reason, mend);
            }
            if is_revoked(certificate, found, s.now()) {
                return Verdict::broken(format!("{shown} is revoked by its owner"), mend);
            }
        }
        let all = certificate.user_ids().filter(|u| !is_revoked(certificate, u, s.now())).count();
        if asked.len() < all {
            Verdict::warns(format!("{} of the key's {all} user IDs are asked for", asked.len()))
        } else {
            Verdict::holds("all that the key has")
        }
    },
};

fn is_revoked(certificate: &Certificate, user_id: &UserID, now: Timestamp) -> bool {
    let policy = lenient(now);
    let now = std::time::SystemTime::from(now);
    certificate
        .cert()
        .userids()
        .filter(|u| u.userid() == user_id)
        // A master's revocation of its own certification is not the owner's of the user ID.
        .any(|u| matches!(u.revocation_status(&policy, now), RevocationStatus::Revoked(_)))
}

/// A user ID that can be read by a person as what it is.
pub const USER_ID_FORM: Rule = Rule {
    name: "user-id-form",
    demand: "a user ID is short UTF-8 without control, bidirectional or invisible characters, and \
             holds an e-mail address where keys.user_id_needs_email says so",
    check: |s| {
        let policy = &s.policy().keys;
        let mend = "add a plain user ID 'Name <mail@example.org>' (gpg --quick-add-uid) and ask \
                    for that one with --user-id";
        for user_id in s.request.operation().user_ids() {
            let shown = Safe(user_id);
            if let Some(c) = user_id.chars().find(|c| is_unsafe(*c)) {
                let reason = format!(
                    "{shown} holds the character U+{:04X}, which a screen does not show as itself",
                    u32::from(c)
                );
                return Verdict::broken(reason, mend);
            }
            let chars = user_id.chars().count();
            if chars > policy.user_id_max_chars {
                let reason = format!(
                    "a user ID has {chars} characters, policy allows {}",
                    policy.user_id_max_chars
                );
                return Verdict::broken(reason, mend);
            }
            if user_id.trim() != user_id || user_id.is_empty() {
                return Verdict::broken(format!("{shown:.80} begins or ends with spaces"), mend);
            }
            let email = UserID::from(user_id.as_str()).email().ok().flatten().map(str::to_owned);
            if policy.user_id_needs_email && email.is_none() {
                return Verdict::broken(format!("{shown} holds no e-mail address"), mend);
            }
        }
        Verdict::holds("readable")
    },
};
