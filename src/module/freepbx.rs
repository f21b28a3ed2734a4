//! What FreePBX 15 and 17 say of a module: the status number and the words, as their `GPG` class
//! comes to them (`verifyModule`, `checkSig`, `checkStatus`, `processLocalSig`), holes included.
//!
//! It goes by gpg's status lines ([`super::gpg`]), never by who signed: so one trusted signature
//! beside a bad one is good, a list that its parser makes nothing of is good with no file checked,
//! and `type=local` needs no trust at all.

mod config;

use std::fmt;

use super::gpg::{self, Answer, Cause, Trust, Word};
use super::status::Status;
use super::{FileState, Keyring};
use crate::time::Timestamp;

pub use config::Config;

/// What FreePBX finds in a module's folder.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// No `module.sig`.
    Nothing,
    /// One, whatever is in it.
    Signature {
        /// What gpg answers, for each signature; nothing where the file is not OpenPGP.
        answers: &'a [Answer],
        /// What PHP's parser makes of the text that gpg puts out.
        config: &'a Config,
        /// Each file that the parser found, and what became of it.
        files: &'a [(String, FileState)],
        /// `/etc/freepbx.secure`.
        secure: Secure<'a>,
    },
}

/// What FreePBX finds at `/etc/freepbx.secure`, to which `type=local` leads it.
#[derive(Clone, Copy, Debug)]
pub enum Secure<'a> {
    /// Nothing: then the module's own list is believed, whoever signed it or did not.
    Absent,
    /// The list named after the module is as the tag says; these are its files. Its own signature
    /// is not looked at.
    Lists(&'a [(String, FileState)]),
    /// Something is wrong there: FreePBX throws an exception and shows no status.
    Refused,
}

/// FreePBX's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The number.
    pub status: Status,
    /// The lines under it.
    pub details: Vec<Detail>,
    /// How many files were looked at.
    pub checked: usize,
    /// Which way it came to the number.
    pub path: Path,
}

/// Which of its ways FreePBX went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// gpg's answer alone.
    Answer,
    /// gpg trusts the key: the list was held against the files.
    List,
    /// `type=local`: the list was held against the files, whatever gpg said.
    Local,
    /// `type=local`: the list under `/etc/freepbx.secure` was, whatever gpg said.
    Secure,
    /// An exception: no status at all.
    Exception,
}

/// One line of the details, in FreePBX's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// There is no `module.sig`.
    Unsigned,
    /// gpg's answer was not enough; the first thing that was wrong with it.
    CheckFailed(Option<Complaint>),
    /// `expiresafter` is past.
    Expired,
    /// A listed file is not there.
    Missing(String),
    /// A listed file differs, or is none.
    Altered(String),
}

/// What FreePBX says of a status line of gpg's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// `BADSIG`
    Bad,
    /// `TRUST_UNDEFINED`
    Untrusted,
    /// `ERRSIG`
    Unknown,
    /// `EXPKEYSIG`
    ExpiredKey,
    /// A master took a certification back.
    Revoked,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bad => "Bad Signature, Tampered!",
            Self::Untrusted => "Signed by unknown, untrusted key.",
            Self::Unknown => "Unknown Signature",
            Self::ExpiredKey => "Signed by Expired Key",
            Self::Revoked => "Signed by Revoked Key",
        })
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("unsigned"),
            Self::CheckFailed(None) => f.write_str("module.sig check failed!"),
            Self::CheckFailed(Some(what)) => write!(f, "module.sig check failed! {what}"),
            Self::Expired => f.write_str("Module signature expired"),
            Self::Missing(path) => write!(f, "{} missing", crate::safe::Safe(path)),
            Self::Altered(path) => write!(f, "{} altered", crate::safe::Safe(path)),
        }
    }
}

/// What FreePBX says at `now` of what it finds, with this keyring in gpg.
pub fn verdict(found: Found<'_>, keyring: &Keyring, now: Timestamp) -> Verdict {
    let Found::Signature { answers, config, files, secure } = found else {
        return Verdict::short(Status::UNSIGNED, Detail::Unsigned);
    };
    if answers.contains(&Answer::Error(Cause::NoPublicKey)) {
        return Verdict::short(Status::INVALID, Detail::CheckFailed(None));
    }
    let (status, trusted) = status_of(answers);
    if trusted {
        return of_files(Path::List, config, files, now);
    }
    if gpg::lists_a_revocation(signed_by(answers), keyring, now) {
        let detail = Detail::CheckFailed(Some(Complaint::Revoked));
        return Verdict::short(Status::REVOKED, detail);
    }
    if !config.is_local() {
        return Verdict::short(status, Detail::CheckFailed(complaints(answers).next()));
    }
    match secure {
        Secure::Absent => of_files(Path::Local, config, files, now),
        Secure::Lists(files) => of_files(Path::Secure, config, files, now),
        Secure::Refused => {
            Verdict { status: Status::NONE, details: Vec::new(), checked: 0, path: Path::Exception }
        }
    }
}

/// The bits that gpg's answers set, and whether one of them is trusted.
fn status_of(answers: &[Answer]) -> (Status, bool) {
    let mut status = Status::NONE;
    for answer in answers {
        status |= match answer {
            Answer::Valid { word, trust, .. } => {
                let expired = match word {
                    Word::ExpiredKey => Status::EXPIRED,
                    Word::Good | Word::ExpiredSignature | Word::RevokedKey => Status::NONE,
                };
                let trust = match trust {
                    Some(Trust::Undefined) => Status::TAMPERED | Status::INVALID,
                    Some(Trust::Fully | Trust::Ultimate) => Status::TRUSTED,
                    Some(Trust::Marginal) | None => Status::NONE,
                };
                Status::GOOD | expired | trust
            }
            Answer::Bad => Status::TAMPERED,
            Answer::Error(Cause::NoPublicKey | Cause::Unfit) => Status::INVALID,
        };
    }
    (status, status.has(Status::TRUSTED))
}

/// The key in the last `VALIDSIG`.
fn signed_by(answers: &[Answer]) -> Option<crate::fingerprint::Fingerprint> {
    let mut valid = answers.iter().filter_map(|answer| match answer {
        Answer::Valid { primary, .. } => Some(*primary),
        Answer::Bad | Answer::Error(_) => None,
    });
    valid.next_back()
}

fn complaints(answers: &[Answer]) -> impl Iterator<Item = Complaint> + '_ {
    answers.iter().filter_map(|answer| match answer {
        Answer::Valid { word: Word::ExpiredKey, .. } => Some(Complaint::ExpiredKey),
        Answer::Valid { trust: Some(Trust::Undefined), .. } => Some(Complaint::Untrusted),
        Answer::Valid { .. } => None,
        Answer::Bad => Some(Complaint::Bad),
        Answer::Error(_) => Some(Complaint::Unknown),
    })
}

/// The list against the files: each that is missing or differs takes the good bit away.
fn of_files(path: Path, config: &Config, files: &[(String, FileState)], now: Timestamp) -> Verdict {
    if config.has_expired(now) {
        let details = vec![Detail::Expired];
        return Verdict { status: Status::REVOKED, details, checked: 0, path };
    }
    let wrong = |(path, state): &(String, FileState)| match state {
        FileState::Same | FileState::SameOutside => None,
        FileState::Missing => Some(Detail::Missing(path.clone())),
        FileState::Altered { .. } | FileState::Unreadable { .. } => {
            Some(Detail::Altered(path.clone()))
        }
    };
    let details: Vec<Detail> = files.iter().filter_map(wrong).collect();
    let status = match details.is_empty() {
        true => Status::GOOD | Status::TRUSTED,
        false => Status::TAMPERED | Status::TRUSTED,
    };
    Verdict { status, details, checked: files.len(), path }
}

impl Verdict {
    fn short(status: Status, detail: Detail) -> Self {
        Self { status, details: vec![detail], checked: 0, path: Path::Answer }
    }
}

#[cfg(test)]
mod tests;
