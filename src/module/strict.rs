//! Our own verdict on a module: good only if everything about it is as it should be.
//!
//! Nothing here asks what FreePBX thinks ([`super::freepbx`]); every hole of its is a [`Problem`]
//! here. All problems are told, not the first alone.

mod problem;

use std::collections::HashMap;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

pub use problem::Problem;

use super::chain::{Chain, Moments};
use super::{
    Author, Capability, Comparison, Deviation, Entry, FileState, Form, Keyring, Manifest, Parsed,
    Reading, SignedTextError, Signer, author,
};
use crate::certificate::Strength;
use crate::safe;
use crate::time::Timestamp;

/// What is judged, with whose keys, and when.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The name of the module's folder.
    pub folder: &'a str,
    /// Its `module.sig`, if it has one.
    pub file: Option<Result<&'a Reading, &'a SignedTextError>>,
    /// The list of [`Reading::manifest`] against the folder's files.
    pub files: &'a Comparison,
    /// Masters and developers.
    pub keyring: &'a Keyring,
    /// What to make of old SHA-1 certifications.
    pub weak: WeakChains,
    /// The time of judgement.
    pub now: Timestamp,
}

/// What to make of a chain that rests on SHA-1 of before 2019-01-19, as the old master's do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakChains {
    /// It is a problem.
    Refuse,
    /// It is noted.
    Accept,
}

/// The strict verdict.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// Who signed, where that is known.
    pub signer: Option<Signer<'a>>,
    /// What the masters say of the signer's key.
    pub chain: Option<Chain<'a>>,
    /// Everything that is wrong; nothing is good unless this is empty.
    pub problems: Vec<Problem>,
    /// What is accepted and should be known.
    pub notes: Vec<Note>,
}

/// Something that a good module may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The text is signed over SHA-1, as all official modules are.
    Sha1Signature,
    /// The chain rests on a SHA-1 certification of before 2019-01-19.
    WeakChain,
}

impl Note {
    /// The note in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Sha1Signature => "the text is signed over SHA-1",
            Self::WeakChain => "the signer's certification is a SHA-1 one from before 2019-01-19",
        }
    }
}

impl Verdict<'_> {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Judges a module.
pub fn judge<'a>(case: &Case<'a>) -> Verdict<'a> {
    let reading = match case.file {
        None => return Verdict::without_signer(Problem::Unsigned),
        Some(Err(error)) => {
            return Verdict::without_signer(Problem::Unreadable { reason: safe::chain(error) });
        }
        Some(Ok(reading)) => reading,
    };
    let mut problems: Vec<Problem> =
        reading.signed.deviations().iter().map(|d| Problem::Form(*d)).collect();
    let mut notes = Vec::new();
    let (signer, chain) = match signed(reading.signed.signatures(), case.keyring) {
        Err(problem) => {
            problems.push(problem);
            (None, None)
        }
        Ok(signer) => {
            let chain = judge_signer(case, &signer, &mut problems, &mut notes);
            (Some(signer), Some(chain))
        }
    };
    match &reading.manifest {
        Err(error) => problems.push(Problem::List { reason: safe::clip(&error.to_string()) }),
        Ok(manifest) => {
            problems.extend(of_list(case, manifest, signer.as_ref()));
            problems.extend(hidden(manifest, &reading.parsed));
            problems.extend(of_files(case.files));
        }
    }
    Verdict { signer, chain, problems, notes }
}

/// Who made the one signature. Where there are several, which is a problem of its own, the first.
fn signed<'a>(signatures: &[Signature], keyring: &'a Keyring) -> Result<Signer<'a>, Problem> {
    let first = signatures.first().ok_or(Problem::Unsigned)?;
    match author(first, keyring) {
        Author::Known(signer) => Ok(signer),
        Author::False { claimed } => {
            Err(Problem::TextAltered { claimed: claimed.certificate().fingerprint() })
        }
        Author::Unknown { named } => {
            Err(Problem::UnknownSigner { named: named.map(|handle| handle.to_hex()) })
        }
        Author::Unusable { flaw } => Err(Problem::UnusableSignature(flaw)),
    }
}

/// The signature's time, the key's state, and the chain.
fn judge_signer<'a>(
    case: &Case<'a>,
    signer: &Signer<'a>,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Note>,
) -> Chain<'a> {
    let now = case.now;
    let moments = Moments { signed: signer.made, now };
    let chain = Chain::of(case.keyring, signer.key.certificate(), moments);
    if signer.made > now {
        problems.push(Problem::SignedInTheFuture { made: signer.made });
    }
    if let Some(at) = signer.expires.filter(|at| *at <= now) {
        problems.push(Problem::SignatureExpired { at });
    }
    if signer.digest == HashAlgorithm::SHA1 {
        notes.push(Note::Sha1Signature);
    }
    let state = signer.key.state(now);
    if let Some(revoked) = state.revoked {
        problems.push(Problem::KeyRevoked { at: revoked.at, kind: revoked.kind });
    }
    if let Some(at) = state.expired(now) {
        problems.push(Problem::KeyExpired { at });
    }
    match state.capability {
        Capability::Signs => {}
        Capability::SignsNot | Capability::Unbound => problems.push(Problem::KeyNotForSigning),
    }
    if signer.key.certificate().unverified_revoker() {
        problems.push(Problem::UnverifiedRevoker);
    }
    of_chain(&chain, case.weak, problems, notes);
    chain
}

fn of_chain(
    chain: &Chain<'_>,
    weak: WeakChains,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Note>,
) {
    if chain.own.is_some() {
        return;
    }
    if let Some(word) = chain.revocation() {
        let by = word.by.certificate().fingerprint();
        problems.push(Problem::Revoked { at: word.opinion.created, by });
    }
    match chain.counting().first() {
        Some(best) => match (best.strength, weak) {
            (Strength::Full, WeakChains::Refuse | WeakChains::Accept) => {}
            (Strength::Legacy | Strength::Nothing, WeakChains::Accept) => {
                notes.push(Note::WeakChain);
            }
            (Strength::Legacy | Strength::Nothing, WeakChains::Refuse) => {
                let by = best.by.certificate().fingerprint();
                problems.push(Problem::WeakChain { made: best.opinion.created, by });
            }
        },
        None => {
            let lapses: Vec<_> = chain
                .words
                .iter()
                .filter_map(|w| Some((w.by.certificate().fingerprint(), w.lapse?)))
                .collect();
            problems.push(Problem::NotCertified { lapses });
        }
    }
}

/// What the list says of itself.
fn of_list(case: &Case<'_>, manifest: &Manifest, signer: Option<&Signer<'_>>) -> Vec<Problem> {
    let config = &manifest.config;
    let mut problems = Vec::new();
    match config.form {
        Form::Public | Form::Official => {}
        Form::Local | Form::System => problems.push(Problem::OtherForm(config.form)),
    }
    if let Some(signer) = signer.filter(|s| !names(&config.signed_with, s)) {
        let actual = signer.key.certificate().fingerprint();
        problems.push(Problem::SignedWith { written: config.signed_with.clone(), actual });
    }
    if let Some(written) = config.raw_name.as_ref().filter(|n| n.as_str() != case.folder) {
        let actual = case.folder.to_owned();
        problems.push(Problem::RawName { written: written.clone(), actual });
    }
    if let Some(at) = config.expires_after.filter(|at| *at < case.now) {
        problems.push(Problem::ExpiresAfter { at });
    }
    if manifest.entries.is_empty() {
        problems.push(Problem::NothingListed);
    }
    problems
}

/// Whether `written` is the fingerprint or a key id of the key that signed, or of its primary key.
fn names(written: &str, signer: &Signer<'_>) -> bool {
    let written = written.strip_prefix("0x").unwrap_or(written).to_ascii_uppercase();
    let primary = Some(signer.key.certificate().fingerprint());
    let keys = [primary, signer.key.fingerprint()];
    matches!(written.len(), 8 | 16 | 40)
        && keys.into_iter().flatten().any(|key| key.to_string().ends_with(&written))
}

/// Entries that FreePBX's parser does not see, or sees otherwise.
fn hidden(manifest: &Manifest, parsed: &Parsed) -> Vec<Problem> {
    let seen: HashMap<&[u8], &[u8]> =
        parsed.hashes.iter().map(|(path, digest)| (path.as_slice(), digest.as_slice())).collect();
    let sees = |entry: &&Entry| {
        let digest = entry.sha256.to_string();
        seen.get(entry.path.as_bytes()) == Some(&digest.as_bytes())
    };
    let hidden = manifest.entries.iter().filter(|entry| !sees(entry));
    hidden.map(|entry| Problem::HiddenByParser { path: entry.path.clone() }).collect()
}

fn of_files(files: &Comparison) -> Vec<Problem> {
    let listed = files.listed.iter().filter_map(|(path, state)| {
        let path = path.clone();
        match state {
            FileState::Same => None,
            FileState::Altered { .. } => Some(Problem::FileAltered { path }),
            FileState::Missing => Some(Problem::FileMissing { path }),
            FileState::SameOutside => Some(Problem::FileOutside { path }),
            FileState::Unreadable { reason } => {
                Some(Problem::FileUnreadable { path, reason: reason.clone() })
            }
        }
    });
    let unlisted = files.unlisted.iter().map(|p| Problem::FileUnlisted { path: p.clone() });
    listed.chain(unlisted).collect()
}

impl Verdict<'_> {
    fn without_signer(problem: Problem) -> Self {
        Self { signer: None, chain: None, problems: vec![problem], notes: Vec::new() }
    }
}

/// The deviations and the names of their problems.
pub(super) fn deviation_name(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::TextBefore => "text-before",
        Deviation::TextAfter => "text-after",
        Deviation::TextBetween => "text-between",
        Deviation::SeveralBlocks => "several-blocks",
        Deviation::MessageAfter => "message-after",
        Deviation::SeveralSignatures => "several-signatures",
        Deviation::CarriageReturns => "carriage-returns",
        Deviation::TrailingBlanks => "trailing-blanks",
        Deviation::UnescapedDash => "unescaped-dash",
        Deviation::Header => "header",
        Deviation::HashHeader => "hash-header",
        Deviation::NoEnd => "no-end",
        Deviation::Inline => "not-cleartext",
        Deviation::SignatureType => "signature-type",
    }
}

#[cfg(test)]
mod tests;
