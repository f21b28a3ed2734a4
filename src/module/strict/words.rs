//! Each problem in one sentence.

use std::fmt;

use super::problem::{FileFlaw, KeyFlaw, Problem};
use crate::fingerprint::Fingerprint;
use crate::module::chain::Lapse;
use crate::module::{Deviation, Flaw, Form, Kind};
use crate::safe::{Safe, clip};

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("there is no module.sig"),
            Self::Unreadable { reason } => write!(f, "module.sig is not a signed text: {reason}"),
            Self::Form(deviation) => f.write_str(deviation_words(*deviation)),
            Self::UnknownSigner { named: Some(key) } => {
                write!(f, "it names the key {key}, which is not in the keyring")
            }
            Self::UnknownSigner { named: None } => f.write_str("its signature names no key"),
            Self::TextAltered { claimed } => {
                write!(f, "the text is not what {claimed} signed: it was altered")
            }
            Self::UnusableSignature(flaw) => f.write_str(flaw_words(*flaw)),
            Self::SignatureExpired { at } => write!(f, "the signature ended on {}", at.date()),
            Self::SignedInTheFuture { made } => write!(f, "the signature is dated {made}"),
            Self::Key(flaw) => flaw.fmt(f),
            Self::Revoked { at, by } => {
                write!(f, "{by} took its certification of the signer back on {}", at.date())
            }
            Self::NotCertified { lapses } => not_certified(f, lapses),
            Self::WeakChain { made, by } => write!(
                f,
                "the signer's only certification, by {by}, is a SHA-1 one of {}",
                made.date()
            ),
            Self::List { reason } => write!(f, "the text is not a module's list: {reason}"),
            Self::OtherForm(form) => f.write_str(form_words(*form)),
            Self::SignedWith { written, actual } => {
                let written = clip(written);
                write!(f, "signedwith names {}, but {actual} signed", Safe(&written))
            }
            Self::RawName { written, actual } => {
                write!(f, "rawname is {written}, but the folder is {}", Safe(&clip(actual)))
            }
            Self::Blocked { reason, since } => {
                let reason = clip(reason);
                write!(f, "the authority blocked it on {}: {}", since.date(), Safe(&reason))
            }
            Self::ExpiresAfter { at } => write!(f, "the list was good until {at} only"),
            Self::NothingListed => f.write_str("no file is listed"),
            Self::File { path, flaw } => file(f, &Safe(path), flaw),
        }
    }
}

impl fmt::Display for KeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked { at, kind: Kind::Soft } => {
                write!(f, "the signer gave the key up on {}", at.date())
            }
            Self::Revoked { at, kind: Kind::Hard } => {
                write!(f, "the signer revoked the key on {}", at.date())
            }
            Self::Expired { at } => write!(f, "the signer's key ended on {}", at.date()),
            Self::NotForSigning => f.write_str("the signer's key was not made for signing"),
            Self::UnverifiedRevoker => {
                f.write_str("a revoker whose key is not at hand seems to have revoked the key")
            }
        }
    }
}

fn file(f: &mut fmt::Formatter<'_>, path: &Safe<'_>, flaw: &FileFlaw) -> fmt::Result {
    match flaw {
        FileFlaw::HiddenByParser => {
            write!(f, "FreePBX's parser does not see the entry {path}")
        }
        FileFlaw::Altered => write!(f, "{path} is altered"),
        FileFlaw::Missing => write!(f, "{path} is missing"),
        FileFlaw::Outside => write!(f, "{path} leads out of the module"),
        FileFlaw::Unreadable { reason } => write!(f, "{path} cannot be read: {}", Safe(reason)),
        FileFlaw::Unlisted => write!(f, "{path} is not listed"),
    }
}

fn not_certified(f: &mut fmt::Formatter<'_>, lapses: &[(Fingerprint, Lapse)]) -> fmt::Result {
    f.write_str("no master of this authority certified the signer")?;
    for (at, (by, lapse)) in lapses.iter().enumerate() {
        let before = if at == 0 { " so that it counts: " } else { "; " };
        write!(f, "{before}{}: {lapse}", by.key_id())?;
    }
    Ok(())
}

fn deviation_words(deviation: Deviation) -> &'static str {
    match deviation {
        Deviation::TextBefore => "text stands before the signed block",
        Deviation::TextAfter => "text stands after the signed block",
        Deviation::TextBetween => "text stands between signed blocks",
        Deviation::SeveralBlocks => "there are several signed blocks",
        Deviation::MessageAfter => "a second message stands after the first",
        Deviation::SeveralSignatures => "there are several signatures",
        Deviation::CarriageReturns => "lines end with carriage returns",
        Deviation::TrailingBlanks => "lines end with blanks, which are not signed",
        Deviation::UnescapedDash => "a line begins with a dash that is not escaped",
        Deviation::Header => "the signed block has other headers than one Hash",
        Deviation::HashHeader => "the Hash header names another algorithm than was used",
        Deviation::NoEnd => {
            "the signature's armor does not end as it should, or has other text in it"
        }
        Deviation::Inline => "it is a signed message, not a signed block of text",
        Deviation::SignatureType => "the signature is not of the type for texts",
    }
}

fn flaw_words(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::OlderThanItsKey => "the signature is older than the key that made it",
        Flaw::Digest => "the signature rests on MD5 or RIPEMD-160",
        Flaw::Critical => "the signature holds something critical that nobody here knows",
        Flaw::Type => "the signature is not one over a text",
        Flaw::Undated => "the signature does not say when it was made",
    }
}

fn form_words(form: Form) -> &'static str {
    match form {
        Form::Public | Form::Official => "it is a module's list",
        Form::Local => "it says type=local: the files are listed under /etc/freepbx.secure",
        Form::System => "it says type=system: it is a list of the system's files",
    }
}
