//! What GnuPG 2.2 says of a signature, with this keyring and the masters trusted ultimately, as a
//! PBX has them: the words of its status lines (`doc/DETAILS` of GnuPG).
//!
//! It follows GnuPG, not sense: certifications from the future count, a second certification
//! survives the revocation of the first, an irrevocable one survives its own, and what a revoked
//! master signed itself is trusted. Measured against 2.2.40; the tests compare with the real one.

use std::fmt;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::{HashAlgorithm, PublicKeyAlgorithm};

use super::chain::{covers, user_id_revoked_at};
use super::signer::{Author, Flaw, Signer, author};
use super::signing_key::{Capability, SigningKey};
use super::{Deviation, Keyring, SignedText};
use crate::certificate::{Certificate, Introduction, LAST_SHA1, Opinion, Revocable};
use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

/// How many partly trusted certifiers make a key valid (`--marginals-needed`).
const MARGINALS_NEEDED: usize = 3;
/// Trust amounts from which an introducer counts fully, and partly (RFC 9580 §5.2.3.21).
const FULL: u8 = 120;
const MARGINAL: u8 = 60;

/// GnuPG's answer about one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It verifies: `VALIDSIG`.
    Valid {
        /// The line in front of it.
        word: Word,
        /// The fingerprint in `VALIDSIG`: of the key that signed, a subkey perhaps.
        key: Fingerprint,
        /// The certificate's.
        primary: Fingerprint,
        /// The trust line; none for an expired key.
        trust: Option<Trust>,
    },
    /// `BADSIG`: the text is not what was signed.
    Bad,
    /// `ERRSIG`: it cannot be checked.
    Error(Cause),
}

/// The first line about a signature that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `GOODSIG`
    Good,
    /// `EXPSIG`: the signature itself has ended.
    ExpiredSignature,
    /// `EXPKEYSIG`: the key has.
    ExpiredKey,
    /// `REVKEYSIG`: its owner revoked the key.
    RevokedKey,
}

/// The line about trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// `TRUST_UNDEFINED`
    Undefined,
    /// `TRUST_MARGINAL`
    Marginal,
    /// `TRUST_FULLY`
    Fully,
    /// `TRUST_ULTIMATE`
    Ultimate,
}

/// Why `ERRSIG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `NO_PUBKEY`: the key is not in the keyring.
    NoPublicKey,
    /// The signature or the key is unfit: a digest that gpg refuses, a key that may not sign.
    Unfit,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "GOODSIG",
            Self::ExpiredSignature => "EXPSIG",
            Self::ExpiredKey => "EXPKEYSIG",
            Self::RevokedKey => "REVKEYSIG",
        })
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undefined => "TRUST_UNDEFINED",
            Self::Marginal => "TRUST_MARGINAL",
            Self::Fully => "TRUST_FULLY",
            Self::Ultimate => "TRUST_ULTIMATE",
        })
    }
}

impl fmt::Display for Answer {
    /// The status lines that matter, in one line: `GOODSIG VALIDSIG TRUST_FULLY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { word, trust: Some(trust), .. } => write!(f, "{word} VALIDSIG {trust}"),
            Self::Valid { word, trust: None, .. } => write!(f, "{word} VALIDSIG"),
            Self::Bad => f.write_str("BADSIG"),
            Self::Error(Cause::NoPublicKey) => f.write_str("ERRSIG NO_PUBKEY"),
            Self::Error(Cause::Unfit) => f.write_str("ERRSIG"),
        }
    }
}

/// What gpg answers about a file, for each of its signatures. It looks at the first block alone,
/// whatever comes after that.
pub fn answers(text: &SignedText, keyring: &Keyring, now: Timestamp) -> Vec<Answer> {
    let unannounced = text.deviations().contains(&Deviation::HashHeader);
    let of_each = text.signatures().iter().map(|signature| match answer(signature, keyring, now) {
        Answer::Valid { .. } | Answer::Bad if unannounced => Answer::Error(Cause::Unfit),
        answer => answer,
    });
    of_each.collect()
}

/// What gpg answers about `signature`, which carries the digest computed over its text.
pub fn answer(signature: &Signature, keyring: &Keyring, now: Timestamp) -> Answer {
    match author(signature, keyring) {
        Author::Known(signer) => of_signer(&signer, keyring, now),
        Author::False { .. } => Answer::Bad,
        Author::Unknown { .. } => Answer::Error(Cause::NoPublicKey),
        Author::Unusable {
            flaw: Flaw::OlderThanItsKey | Flaw::Digest | Flaw::Type | Flaw::Undated,
        } => Answer::Error(Cause::Unfit),
    }
}

fn of_signer(signer: &Signer<'_>, keyring: &Keyring, now: Timestamp) -> Answer {
    let certificate = signer.key.certificate();
    let state = signer.key.state(now);
    let (Capability::Signs, Some(key)) = (state.capability, signer.key.fingerprint()) else {
        return Answer::Error(Cause::Unfit);
    };
    let expired = state.expired(now).is_some();
    let word = if signer.expires.is_some_and(|at| at <= now) {
        Word::ExpiredSignature
    } else if expired {
        Word::ExpiredKey
    } else if state.revoked.is_some() {
        Word::RevokedKey
    } else {
        Word::Good
    };
    let trust = (!expired).then(|| validity(certificate, keyring, now));
    Answer::Valid { word, key, primary: certificate.fingerprint(), trust }
}

/// Whether `gpg --check-sigs` lists a valid revocation by an RSA master, where FreePBX looks for
/// one (`^rev:!::1:KEYID` for each master): on the signer's certificate, or, where no signature
/// was valid, on any in the keyring, because gpg is then asked about all.
pub fn lists_a_revocation(signer: Option<Fingerprint>, keyring: &Keyring, now: Timestamp) -> bool {
    let looked_at = keyring.all().filter(|c| signer.is_none_or(|s| c.fingerprint() == s));
    let masters: Vec<&Certificate> = keyring.masters().iter().filter(|m| is_rsa(m)).collect();
    let revoked_by = |certificate: &Certificate, master: &Certificate| {
        let others_word = is_usable(master, now)
            && certificate.opinions_of(master).iter().any(|o| o.revokes && is_believed(o));
        let own = certificate.fingerprint() == master.fingerprint();
        others_word || (own && revokes_itself(certificate))
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
    if !is_usable(certificate, now) {
        return Trust::Undefined;
    }
    let introducers: Vec<(&Certificate, Introduction)> =
        keyring.others().iter().filter_map(|c| Some((c, introducer(c, keyring, now)?))).collect();
    let of_each = usable_user_ids(certificate).map(|user_id| {
        let full = certified(certificate, user_id, keyring.masters(), now).count();
        let by = introducers.iter().filter(|(who, introduction)| {
            let who = std::slice::from_ref(*who);
            covers(introduction, user_id)
                && certified(certificate, user_id, who, now).next().is_some()
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

/// Whether gpg uses a key at all: not revoked, not expired.
fn is_usable(certificate: &Certificate, now: Timestamp) -> bool {
    let state = SigningKey::primary_of(certificate).state(now);
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
        .flat_map(|id| certified(certificate, id, keyring.masters(), now))
        .filter(|o| o.introduces.is_some())
        .collect();
    opinions.sort_by_key(|o| o.created);
    let newest = opinions.pop().and_then(|o| o.introduces)?;
    is_usable(certificate, now).then_some(newest)
}

/// The certifications of a user ID by these certifiers that gpg counts, at most one by each
/// (`mark_usable_uid_certs` in g10/key-clean.c).
fn certified<'a>(
    certificate: &'a Certificate,
    user_id: &'a openpgp::packet::UserID,
    certifiers: &'a [Certificate],
    now: Timestamp,
) -> impl Iterator<Item = Opinion> + 'a {
    certifiers.iter().filter(move |c| is_usable(c, now)).filter_map(move |certifier| {
        let opinions = certificate.opinions_of(certifier);
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
