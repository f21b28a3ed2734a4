//! Which certifications GnuPG counts (`validate_keys` in g10/trustdb.c), the masters being trusted
//! ultimately and nobody else by anything but their trust signatures. An introducer's introducers
//! are not followed: the masters of a PBX appoint with depth 1.

use sequoia_openpgp as openpgp;

use openpgp::types::{HashAlgorithm, PublicKeyAlgorithm};

use super::Trust;
use crate::certificate::{Certificate, Introduction, LAST_SHA1, Opinion, Revocable};
use crate::fingerprint::Fingerprint;
use crate::module::Keyring;
use crate::module::chain::{covers, user_id_revoked_at};
use crate::module::signing_key::{Capability, SigningKey};
use crate::time::Timestamp;

/// How many partly trusted certifiers make a key valid (`--marginals-needed`).
const MARGINALS_NEEDED: usize = 3;
/// Trust amounts from which an introducer counts fully, and partly (RFC 9580 §5.2.3.21).
const FULL: u8 = 120;
const MARGINAL: u8 = 60;

/// Whether `gpg --check-sigs` lists a valid revocation by an RSA master, where FreePBX looks for
/// one (`^rev:!::1:KEYID` for each master): on the signer's certificate, or, where no signature
/// was valid, on any in the keyring, because gpg is then asked about all.
pub fn lists_a_revocation(signer: Option<Fingerprint>, keyring: &Keyring, now: Timestamp) -> bool {
    let looked_at = keyring.all().filter(|c| signer.is_none_or(|s| c.fingerprint() == s));
    let masters: Vec<&Certificate> = keyring.masters().iter().filter(|m| is_rsa(m)).collect();
    let revoked_by = |certificate: &Certificate, master: &Certificate| {
        let others_word = is_usable(keyring, master, now)
            && keyring.opinions(certificate, master).iter().any(|o| o.revokes && is_believed(o));
        let own = certificate.fingerprint() == master.fingerprint();
        let supposed = || keyring.supposed_revocation(certificate).is_some();
        others_word || (own && (revokes_itself(certificate) || supposed()))
    };
    looked_at.into_iter().any(|c| masters.iter().any(|m| revoked_by(c, m)))
}

/// Whether a certificate bears a revocation by its own key, of anything.
fn revokes_itself(certificate: &Certificate) -> bool {
    let cert = certificate.cert();
    cert.primary_key().self_revocations().next().is_some()
        || cert.userids().any(|u| u.self_revocations().next().is_some())
        || cert.keys().subkeys().any(|k| k.self_revocations().next().is_some())
}

fn is_rsa(certificate: &Certificate) -> bool {
    certificate.primary().pk_algo() == PublicKeyAlgorithm::RSAEncryptSign
}

/// How valid gpg takes a key to be: the best of its user IDs.
pub fn validity(certificate: &Certificate, keyring: &Keyring, now: Timestamp) -> Trust {
    if keyring.master(certificate.fingerprint()).is_some() {
        return Trust::Ultimate;
    }
    if !is_usable(keyring, certificate, now) {
        return Trust::Undefined;
    }
    let introducers: Vec<(&Certificate, Introduction)> =
        keyring.introducers().filter_map(|c| Some((c, introducer(c, keyring, now)?))).collect();
    let of_each = usable_user_ids(certificate).map(|user_id| {
        let full = certified(keyring, certificate, user_id, keyring.masters(), now).count();
        let by = introducers.iter().filter(|(who, introduction)| {
            let who = std::slice::from_ref(*who);
            covers(introduction, user_id)
                && certified(keyring, certificate, user_id, who, now).next().is_some()
        });
        let amounts: Vec<u8> = by.map(|(_, introduction)| introduction.amount).collect();
        let full = full + amounts.iter().filter(|a| **a >= FULL).count();
        match amounts.iter().filter(|a| (MARGINAL..FULL).contains(*a)).count() {
            _ if full > 0 => Trust::Fully,
            0 => Trust::Undefined,
            1..MARGINALS_NEEDED => Trust::Marginal,
            MARGINALS_NEEDED.. => Trust::Fully,
        }
    });
    of_each.max().unwrap_or(Trust::Undefined)
}

/// The certifications of a key that gpg counts, by masters and by introducers whom it believes.
pub fn counted(certificate: &Certificate, keyring: &Keyring, now: Timestamp) -> Vec<Counted> {
    if !is_usable(keyring, certificate, now) {
        return Vec::new();
    }
    let introducers: Vec<(&Certificate, Introduction)> = keyring
        .introducers()
        .filter(|c| c.fingerprint() != certificate.fingerprint())
        .filter_map(|c| Some((c, introducer(c, keyring, now)?)))
        .collect();
    let mut all = Vec::new();
    for user_id in usable_user_ids(certificate) {
        let covering = introducers.iter().filter(|(_, i)| i.amount >= MARGINAL);
        let covering = covering.filter(|(_, i)| covers(i, user_id)).map(|(c, _)| *c);
        let masters = keyring.masters().iter();
        let masters = masters.filter(|m| m.fingerprint() != certificate.fingerprint());
        for by in masters.chain(covering) {
            let word = certified(keyring, certificate, user_id, std::slice::from_ref(by), now);
            let by = by.fingerprint();
            all.extend(word.map(|opinion| Counted { by, opinion }));
        }
    }
    all
}

/// A certification that gpg counts.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Whose it is.
    pub by: Fingerprint,
    /// The certification.
    pub opinion: Opinion,
}

/// Whether gpg uses a key at all: not revoked, not expired.
fn is_usable(keyring: &Keyring, certificate: &Certificate, now: Timestamp) -> bool {
    let state = keyring.state(&SigningKey::primary_of(certificate), now);
    state.revoked.is_none()
        && state.expired(now).is_none()
        && state.capability != Capability::Unbound
}

/// The user IDs that the owner stands by: gpg imports no other.
fn usable_user_ids(certificate: &Certificate) -> impl Iterator<Item = &openpgp::packet::UserID> {
    certificate.cert().userids().filter_map(|u| {
        let bound = u.self_signatures().next().is_some();
        let revoked = user_id_revoked_at(certificate, u.userid()).is_some();
        (bound && !revoked).then_some(u.userid())
    })
}

/// What gpg lets the owner of this certificate certify: by the newest trust signature of a master,
/// if the key is fully valid.
fn introducer(
    certificate: &Certificate,
    keyring: &Keyring,
    now: Timestamp,
) -> Option<Introduction> {
    let mut opinions: Vec<Opinion> = usable_user_ids(certificate)
        .flat_map(|id| certified(keyring, certificate, id, keyring.masters(), now))
        .filter(|o| o.introduces.is_some())
        .collect();
    opinions.sort_by_key(|o| o.created);
    let newest = opinions.pop().and_then(|o| o.introduces)?;
    is_usable(keyring, certificate, now).then_some(newest)
}

/// The certifications of a user ID by these certifiers that gpg counts, at most one by each
/// (`mark_usable_uid_certs` in g10/key-clean.c).
fn certified<'a>(
    keyring: &'a Keyring,
    certificate: &'a Certificate,
    user_id: &'a openpgp::packet::UserID,
    certifiers: &'a [Certificate],
    now: Timestamp,
) -> impl Iterator<Item = Opinion> + 'a {
    certifiers.iter().filter(move |c| is_usable(keyring, c, now)).filter_map(move |certifier| {
        let opinions = keyring.opinions(certificate, certifier);
        let believed = |o: &&Opinion| o.user_id == *user_id && is_believed(o);
        let chosen = opinions.iter().filter(believed).reduce(|a, b| chosen(a, b, now))?;
        (!chosen.revokes && !has_ended(chosen, now)).then(|| chosen.clone())
    })
}

/// Whether gpg checks an opinion at all: it passes over SHA-1 made after 2019-01-19, revocations
/// among it.
fn is_believed(opinion: &Opinion) -> bool {
    match opinion.digest {
        HashAlgorithm::MD5 => false,
        HashAlgorithm::SHA1 => opinion.created <= LAST_SHA1,
        _ => true,
    }
}

fn has_ended(opinion: &Opinion, now: Timestamp) -> bool {
    opinion.expires.is_some_and(|at| at <= now)
}

/// Which of two opinions counts, `b` being the younger: an irrevocable one that has not ended
/// beats one that is not so, whichever is older.
fn chosen<'o>(a: &'o Opinion, b: &'o Opinion, now: Timestamp) -> &'o Opinion {
    let lasting = |o: &Opinion| !o.revokes && o.revocable == Revocable::No && !has_ended(o, now);
    if lasting(a) && !lasting(b) { a } else { b }
}
