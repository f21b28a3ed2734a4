//! In plain words: what is in a `module.sig`, and why FreePBX and the strict verdict differ.

use std::fmt;

use super::chain::{Certifier, Chain, Word};
use super::freepbx::{self, Path};
use super::strict::{self, FileFlaw, KeyFlaw, Problem};
use super::{Deviation, Manifest, Reading, Signer, Status};
use crate::certificate::Strength;
use crate::fingerprint::Fingerprint;
use crate::safe::{Safe, clip};

/// Why the two verdicts differ, in one sentence; none where they agree, or where FreePBX's words
/// say what is wrong.
///
/// Of several problems, one that FreePBX does not look for explains the most.
pub fn difference(strict: &strict::Verdict<'_>, freepbx: &freepbx::Verdict) -> Option<String> {
    match (strict.is_good(), freepbx.status.is_good()) {
        (true, true) => None,
        (false, true) => Some(missed(strict, freepbx)),
        (true, false) => Some(stricter(freepbx)),
        (false, false) => misworded(strict, freepbx).map(str::to_owned),
    }
}

/// FreePBX says good, and it is not.
fn missed(strict: &strict::Verdict<'_>, freepbx: &freepbx::Verdict) -> String {
    let reason = match freepbx.path {
        Path::Local => {
            "FreePBX believes any key, and even an altered text, where the list says type=local \
             and /etc/freepbx.secure does not exist."
        }
        Path::Secure => {
            "FreePBX believes any key where the list says type=local: it goes by the list under \
             /etc/freepbx.secure, which root wrote and nobody has to sign."
        }
        Path::Answer | Path::List | Path::Exception if freepbx.checked == 0 => {
            "FreePBX's parser makes nothing of the list, so FreePBX checks no file at all."
        }
        Path::Answer | Path::List | Path::Exception => {
            strict.problems.first().map_or("FreePBX finds nothing wrong.", why_missed)
        }
    };
    reason.to_owned()
}

/// Why FreePBX does not see a problem.
fn why_missed(problem: &Problem) -> &'static str {
    match problem {
        Problem::Form(deviation) => why_form_missed(*deviation),
        Problem::File { flaw, .. } => why_file_missed(flaw),
        Problem::SignedWith { .. } => "FreePBX never compares signedwith with the key that signed.",
        Problem::RawName { .. } => {
            "FreePBX never compares rawname: a module's signature is good in another's folder."
        }
        Problem::SignatureExpired { .. } | Problem::SignedInTheFuture { .. } => {
            "FreePBX does not look at the dates of the signature itself, and gpg only names them."
        }
        Problem::Revoked { .. } => {
            "gpg still counts another certification, made before the revocation: a revocation has \
             to be made by every master and for every user ID."
        }
        Problem::NotCertified { .. } => {
            "gpg looks at certifications as they are now, even from the future, and not at those \
             when the module was signed."
        }
        Problem::WeakChain { .. } => "gpg still counts SHA-1 certifications of before 2019-01-19.",
        Problem::Key(KeyFlaw::Revoked { .. }) => {
            "FreePBX does not look whether the key is revoked but whether gpg trusts it, and gpg \
             goes on trusting a revoked master, and what a revoked subkey signed."
        }
        Problem::Key(KeyFlaw::UnverifiedRevoker) => {
            "gpg needs the revoker's key to believe a revocation."
        }
        Problem::List { .. } | Problem::NothingListed | Problem::OtherForm(_) => {
            "FreePBX takes any text that its parser accepts for a list."
        }
        Problem::Blocked { .. } => "FreePBX knows no module that was blocked by itself.",
        Problem::ExpiresAfter { .. } => "FreePBX honours expiresafter only from version 2 on.",
        Problem::Key(KeyFlaw::Expired { .. } | KeyFlaw::NotForSigning)
        | Problem::Unsigned
        | Problem::Unreadable { .. }
        | Problem::UnknownSigner { .. }
        | Problem::TextAltered { .. }
        | Problem::UnusableSignature(_) => {
            "FreePBX counted another signature or list than the one that is wrong here."
        }
    }
}

fn why_form_missed(deviation: Deviation) -> &'static str {
    if deviation == Deviation::SeveralSignatures {
        "FreePBX is content with one trusted signature, whatever the others are."
    } else {
        "FreePBX goes by what gpg puts out, and not by what is in the file."
    }
}

fn why_file_missed(flaw: &FileFlaw) -> &'static str {
    match flaw {
        FileFlaw::Unlisted => "FreePBX looks at listed files only: it never notices an added one.",
        FileFlaw::Outside => "FreePBX follows links wherever they lead.",
        FileFlaw::Altered | FileFlaw::Missing | FileFlaw::Unreadable { .. } => {
            "FreePBX looks for this file elsewhere, does not check it, or does not see its entry."
        }
        FileFlaw::HiddenByParser => "FreePBX's parser does not see every entry, and nobody tells.",
    }
}

/// FreePBX complains, and nothing is wrong.
fn stricter(freepbx: &freepbx::Verdict) -> String {
    match freepbx.path {
        Path::Answer if freepbx.status == Status::REVOKED => {
            "FreePBX takes a revocation by a master for the last word where gpg counts no \
             certification."
                .to_owned()
        }
        Path::Answer => format!(
            "gpg, which FreePBX asks, does not trust the key as it knows it ({}).",
            freepbx.status
        ),
        Path::List | Path::Local | Path::Secure | Path::Exception => {
            "FreePBX looks for the files elsewhere than in this folder.".to_owned()
        }
    }
}

/// Both complain, and FreePBX's words mislead.
fn misworded(strict: &strict::Verdict<'_>, freepbx: &freepbx::Verdict) -> Option<&'static str> {
    let uncertified = Status::GOOD | Status::TAMPERED | Status::INVALID;
    let altered = strict.problems.iter().any(|p| matches!(p, Problem::TextAltered { .. }));
    if freepbx.status == uncertified {
        Some(
            "FreePBX says tampered and means that gpg does not trust the signer's key: it has \
             looked at no file.",
        )
    } else if freepbx.status == Status::REVOKED && altered {
        Some(
            "gpg names no signer for an altered text, so FreePBX searches the whole keyring for a \
             revocation and finds somebody else's.",
        )
    } else if freepbx.status == Status::GOOD {
        Some("FreePBX shows Good for a signature that gpg trusts in part only, and checks no file.")
    } else {
        None
    }
}

/// A `module.sig` in plain words: who signed, by which chain, and what it lists.
pub struct Explained<'a> {
    /// The file.
    pub reading: &'a Reading,
    /// The verdict on it.
    pub verdict: &'a strict::Verdict<'a>,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict.signer {
            Some(signer) => signed_by(f, signer)?,
            None => match claimed(self.verdict) {
                Some(key) => writeln!(f, "Made with the key {key}, and changed afterwards.")?,
                None => writeln!(f, "Nobody in the keyring signed this.")?,
            },
        }
        if let Some(chain) = &self.verdict.chain {
            by_chain(f, chain)?;
        }
        match &self.reading.manifest {
            Ok(manifest) => lists(f, manifest),
            Err(error) => writeln!(f, "What it lists cannot be read: {error}."),
        }
    }
}

/// The key that signed another text than this.
fn claimed(verdict: &strict::Verdict<'_>) -> Option<Fingerprint> {
    verdict.problems.iter().find_map(|problem| match problem {
        Problem::TextAltered { claimed } => Some(*claimed),
        _ => None,
    })
}

fn signed_by(f: &mut fmt::Formatter<'_>, signer: &Signer<'_>) -> fmt::Result {
    let certificate = signer.key.certificate();
    let name = certificate.user_ids().next().map(|id| String::from_utf8_lossy(id.value()));
    let name = clip(&name.unwrap_or_default());
    write!(f, "Signed on {} by {}", signer.made.date(), Safe(&name))?;
    writeln!(f, ", key {}, over {}.", certificate.fingerprint(), signer.digest)?;
    if !signer.key.is_primary() {
        let subkey = signer.key.fingerprint().map(|f| f.to_string()).unwrap_or_default();
        writeln!(f, "The key that signed is the subkey {subkey}.")?;
    }
    Ok(())
}

fn by_chain(f: &mut fmt::Formatter<'_>, chain: &Chain<'_>) -> fmt::Result {
    if chain.own.is_some() {
        return writeln!(f, "That is a master of this authority.");
    }
    if chain.words.is_empty() {
        return writeln!(f, "No master of this authority says anything about that key.");
    }
    chain.words.iter().try_for_each(|word| says(f, word))
}

fn says(f: &mut fmt::Formatter<'_>, word: &Word<'_>) -> fmt::Result {
    let opinion = &word.opinion;
    let who = match word.by {
        Certifier::Master(_) => "The master",
        Certifier::Introducer(_) => "The introducer",
    };
    let did = if opinion.revokes { "took the certification back of" } else { "certified" };
    let name = clip(&String::from_utf8_lossy(opinion.user_id.value()));
    let key = word.by.certificate().fingerprint();
    write!(f, "{who} {key} {did} {} on {}", Safe(&name), opinion.created.date())?;
    if word.strength == Strength::Legacy {
        write!(f, " (weak: {})", opinion.digest)?;
    }
    match word.lapse {
        None => writeln!(f, ": this counts."),
        Some(lapse) => writeln!(f, ": {lapse}."),
    }
}

fn lists(f: &mut fmt::Formatter<'_>, manifest: &Manifest) -> fmt::Result {
    let config = &manifest.config;
    let files = manifest.entries.len();
    let s = if files == 1 { "" } else { "s" };
    write!(f, "It lists {files} file{s}, repository {}", Safe(&config.repo))?;
    writeln!(f, ", written by {}.", Safe(&config.signed_by))?;
    if let Some(at) = config.expires_after {
        writeln!(f, "It is good until {at}.")?;
    }
    Ok(())
}
