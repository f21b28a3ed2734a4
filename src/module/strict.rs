//! Our own verdict on a module: good only if everything about it is as it should be.
//!
//! Nothing here asks what FreePBX thinks ([`super::freepbx`]); every hole of its is a [`Problem`]
//! here. All problems are told, not the first alone.

mod list;
mod problem;
mod words;

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

pub use problem::{FileFlaw, KeyFlaw, Problem};

use super::chain::{Chain, Moments};
use super::tree::Remark;
use super::{
    Author, Capability, Comparison, Keyring, ModuleXml, Reading, SignedTextError, Signer, Suspect,
    author,
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
    /// What else is odd in the folder.
    pub remarks: &'a [Remark],
    /// Its `module.xml`, where that can be read.
    pub xml: Option<&'a ModuleXml>,
    /// Masters and developers, and what is blocked.
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
    /// There is what the lists of the project's own servers never cover: `i18n` and `*.txt`.
    LeftOut,
}

impl Note {
    /// The note in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Sha1Signature => "the text is signed over SHA-1",
            Self::WeakChain => "the signer's certification is a SHA-1 one from before 2019-01-19",
            Self::LeftOut => "nobody signs what is under i18n, and *.txt",
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
            let chain = judge_signer(
                (case.keyring, case.weak, case.now),
                &signer,
                &mut problems,
                &mut notes,
            );
            (Some(signer), Some(chain))
        }
    };
    problems.extend(blocked(case, reading, signer.as_ref()));
    match &reading.manifest {
        Err(error) => problems.push(Problem::List { reason: safe::clip(&error.to_string()) }),
        Ok(manifest) => {
            problems.extend(list::of_list(case, manifest, signer.as_ref()));
            problems.extend(list::hidden(manifest, &reading.parsed));
            problems.extend(list::of_files(case.files));
            problems.extend(list::of_remarks(case, &mut notes));
        }
    }
    Verdict { signer, chain, problems, notes }
}

/// What the authority blocked of it.
fn blocked(case: &Case<'_>, reading: &Reading, signer: Option<&Signer<'_>>) -> Option<Problem> {
    let suspect = Suspect {
        folder: case.folder,
        version: case.xml.and_then(|xml| xml.version.as_ref()).map(|field| field.text.as_str()),
        text: &reading.signed,
        list: reading.manifest.as_ref().ok(),
        signer,
    };
    let met = case.keyring.blocked().iter().find(|blocked| blocked.meets(&suspect))?;
    Some(Problem::Blocked { reason: met.reason.clone(), since: met.since })
}

/// What is wrong with whoever made a signature, whatever is signed: what every module of theirs
/// would be told.
pub fn problems_of_signer(
    signer: &Signer<'_>,
    keyring: &Keyring,
    weak: WeakChains,
    now: Timestamp,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    judge_signer((keyring, weak, now), signer, &mut problems, &mut Vec::new());
    problems
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
    (keyring, weak, now): (&'a Keyring, WeakChains, Timestamp),
    signer: &Signer<'a>,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Note>,
) -> Chain<'a> {
    let moments = Moments { signed: signer.made, now };
    let chain = Chain::of(keyring, signer.key.certificate(), moments);
    if signer.made > now {
        problems.push(Problem::SignedInTheFuture { made: signer.made });
    }
    if let Some(at) = signer.expires.filter(|at| *at <= now) {
        problems.push(Problem::SignatureExpired { at });
    }
    if signer.digest == HashAlgorithm::SHA1 {
        notes.push(Note::Sha1Signature);
    }
    let state = keyring.state(&signer.key, now);
    if let Some(revoked) = state.revoked {
        let flaw = KeyFlaw::Revoked { at: revoked.at, kind: revoked.kind };
        problems.push(Problem::Key(flaw));
    }
    if let Some(at) = state.expired(now) {
        problems.push(Problem::Key(KeyFlaw::Expired { at }));
    }
    match state.capability {
        Capability::Signs => {}
        Capability::SignsNot | Capability::Unbound => {
            problems.push(Problem::Key(KeyFlaw::NotForSigning));
        }
    }
    if signer.key.certificate().unverified_revoker() {
        problems.push(Problem::Key(KeyFlaw::UnverifiedRevoker));
    }
    of_chain(&chain, weak, problems, notes);
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

impl Verdict<'_> {
    fn without_signer(problem: Problem) -> Self {
        Self { signer: None, chain: None, problems: vec![problem], notes: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
