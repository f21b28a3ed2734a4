//! What consumers make of an answer: ours, GnuPG and FreePBX, each asked by itself.
//!
//! For rehearsals: what is looked at was signed by a stand-in for the master, and the stand-in has
//! the master's place in the consumers' keyring.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::certificate::Certificate;
use crate::drill::{Gpg, GpgError, Told, Validity, View};
use crate::fingerprint::Fingerprint;
use crate::module::freepbx::{self, Found, Secure};
use crate::module::strict::WeakChains;
use crate::module::{FileState, Keyring, Reading, SignedText, Status, gpg};
use crate::operation::{
    CrossCertify, PrepareRevocation, RevokeCertification, RevokeKey, SignModule,
    TransitionStatement, TrustBundle,
};
use crate::request::Request;
use crate::response::Rehearsed;
use crate::safe::chain;
use crate::time::Timestamp;

/// Who looks.
pub struct Consumers<'a> {
    /// The masters that they trust, the stand-in in the place of the one that is asked.
    pub masters: &'a [Certificate],
    /// The stand-in.
    pub stand_in: &'a Certificate,
    /// The gpg program, where there is one; what it would say is modelled otherwise.
    pub gpg: Option<&'a Gpg>,
    /// When.
    pub now: Timestamp,
}

/// A consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// This program.
    Countersign,
    /// GnuPG.
    Gnupg,
    /// FreePBX.
    Freepbx,
}

/// What one of them says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub consumer: Consumer,
    /// What.
    pub text: String,
    /// Whether it is what the request is for.
    pub good: bool,
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Countersign => "countersign",
            Self::Gnupg => "GnuPG",
            Self::Freepbx => "FreePBX",
        })
    }
}

/// What a request is for, in the eyes of a consumer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The key is one that counts.
    Valid,
    /// The key is not, or not any more.
    NotValid,
}

impl Wanted {
    fn fits(self, validity: Validity) -> bool {
        (validity == Validity::Valid) == (self == Self::Valid)
    }
}

/// What gpg was asked about several keys at once.
#[derive(Debug, Default)]
pub struct Asked(Option<(BTreeSet<Fingerprint>, Told)>);

impl Asked {
    /// What it said of this key, where it was asked about it.
    fn of(&self, key: Fingerprint) -> Option<Validity> {
        let (known, told) = self.0.as_ref()?;
        known.contains(&key).then(|| told.of(key))
    }
}

impl Consumers<'_> {
    /// Asks gpg once what it makes of all the keys that these answers are about, for
    /// [`Consumers::look`]. It is asked for itself about a key that comes twice, and about masters.
    pub fn told<'r>(&self, answers: impl Iterator<Item = (&'r Request, &'r Rehearsed)>) -> Asked {
        let all: Vec<&Certificate> = self.masters.iter().collect();
        let (mut keys, mut twice) = (BTreeMap::new(), BTreeSet::new());
        for (_, answer) in answers.filter(|(request, _)| is_about_somebody(request)) {
            let Ok(Some(certificate)) = answer.certificate(&all) else { continue };
            let key = certificate.fingerprint();
            if keys.insert(key, certificate).is_some() {
                twice.insert(key);
            }
        }
        keys.retain(|key, _| !twice.contains(key));
        let Some(gpg) = self.gpg.filter(|_| !keys.is_empty()) else { return Asked::default() };
        let known = keys.keys().copied().collect();
        let keyring = Keyring::from_certificates(self.masters, keys.into_values());
        Asked(gpg.told(&keyring, self.now).ok().map(|told| (known, told)))
    }

    /// What they say of the answer to `request`; `asked` is what gpg was asked before.
    pub fn look(&self, request: &Request, answer: &Rehearsed, asked: &Asked) -> Vec<Word> {
        let operation = request.operation();
        if let Some(module) = operation.as_any::<SignModule>() {
            return self.module(answer.signed_text(&module.text()));
        }
        if let Some(statement) = operation.as_any::<TransitionStatement>() {
            let text = statement.text();
            return self.text(&text, answer.signed_text(&text));
        }
        if let Some(bundle) = operation.as_any::<TrustBundle>() {
            let text = bundle.head.text();
            return self.text(&text, answer.signed_text(&text));
        }
        let wanted = match operation.as_any::<RevokeCertification>().is_some()
            || operation.as_any::<RevokeKey>().is_some()
            || operation.as_any::<PrepareRevocation>().is_some()
        {
            true => Wanted::NotValid,
            false => Wanted::Valid,
        };
        let all: Vec<&Certificate> = self.masters.iter().collect();
        let own = operation.certificate().is_none() || about(request) == Some(request.master());
        let read = match own {
            true => answer.about_itself(self.stand_in).map(Some),
            false => answer.certificate(&all),
        };
        match read {
            Ok(Some(certificate)) if own => self.master(&certificate, wanted),
            Ok(Some(certificate)) if operation.as_any::<CrossCertify>().is_some() => {
                // Nobody trusts it but for the new signature.
                let masters = [self.stand_in.clone()];
                let keyring = Keyring::from_certificates(&masters, []);
                self.key(&keyring, &certificate, wanted, &Asked::default())
            }
            Ok(Some(certificate)) => {
                let keyring = Keyring::from_certificates(self.masters, []);
                self.key(&keyring, &certificate, wanted, asked)
            }
            Ok(None) => vec![ours("it is about no certificate".into(), false)],
            Err(error) => vec![ours(chain(&error), false)],
        }
    }

    /// Somebody's key, with what was signed about it.
    fn key(
        &self,
        keyring: &Keyring,
        certificate: &Certificate,
        wanted: Wanted,
        asked: &Asked,
    ) -> Vec<Word> {
        let keyring = keyring.with(certificate.clone());
        let view = View::of(&keyring, certificate, WeakChains::Refuse, self.now);
        let good = view.problems.is_empty() == (wanted == Wanted::Valid);
        let problems: Vec<String> = view.problems.iter().map(ToString::to_string).collect();
        let text = match (problems.is_empty(), wanted) {
            (true, _) => "good".to_owned(),
            (false, Wanted::Valid) => problems.join("; "),
            // What other masters say of the key did not come along.
            (false, Wanted::NotValid) => format!("by this master alone: {}", problems.join("; ")),
        };
        let freepbx = match wanted {
            Wanted::Valid => view.freepbx.is_good(),
            Wanted::NotValid => view.freepbx.has(Status::REVOKED),
        };
        vec![
            ours(text, good),
            match asked.of(certificate.fingerprint()) {
                Some(told) => of_gnupg(told.to_string(), wanted.fits(told)),
                None => self.validity(&keyring, certificate.fingerprint(), view.gpg, wanted),
            },
            of_freepbx(view.freepbx, freepbx),
        ]
    }

    /// The stand-in, with what it signed about itself.
    fn master(&self, certificate: &Certificate, wanted: Wanted) -> Vec<Word> {
        let revoked = certificate.is_revoked(self.now);
        let text = if revoked { "the master is revoked" } else { "the master is good" };
        let good = revoked == (wanted == Wanted::NotValid);
        let keyring = Keyring::from_certificates(std::slice::from_ref(certificate), []);
        let modelled = if revoked { Validity::Revoked } else { Validity::Valid };
        let told = self.validity(&keyring, certificate.fingerprint(), modelled, wanted);
        vec![ours(text.into(), good), told]
    }

    fn validity(
        &self,
        keyring: &Keyring,
        key: Fingerprint,
        modelled: Validity,
        wanted: Wanted,
    ) -> Word {
        let (text, good) = match self.gpg.map(|gpg| gpg.told(keyring, self.now)) {
            Some(Err(error)) => (chain(&error), false),
            Some(Ok(told)) => (told.of(key).to_string(), wanted.fits(told.of(key))),
            None => (format!("{modelled} (by our model of it)"), wanted.fits(modelled)),
        };
        of_gnupg(text, good)
    }

    /// A signed text.
    fn text(&self, text: &str, signed: Option<String>) -> Vec<Word> {
        let Some(signed) = signed else { return vec![ours("there is no text".into(), false)] };
        let word = match SignedText::parse(signed.as_bytes()) {
            Ok(read) if read.text().trim_ascii_end() == text.trim_end().as_bytes() => {
                ours("a signature over just this text".into(), true)
            }
            Ok(_) => ours("a signature over another text".into(), false),
            Err(error) => ours(chain(&error), false),
        };
        vec![word].into_iter().chain(self.verified(&signed)).collect()
    }

    fn verified(&self, signed: &str) -> Option<Word> {
        let keyring = Keyring::from_certificates(self.masters, []);
        let (text, good) = match self.gpg?.verifies(&keyring, signed, self.now) {
            Ok(()) => ("good signature".to_owned(), true),
            Err(error @ (GpgError::Run(_) | GpgError::Failed { .. })) => (chain(&error), false),
        };
        Some(Word { consumer: Consumer::Gnupg, text, good })
    }

    /// A module's list. Its files were hashed by the review; here they count as they are listed.
    fn module(&self, signed: Option<String>) -> Vec<Word> {
        let Some(signed) = signed else { return vec![ours("there is no list".into(), false)] };
        let reading = match Reading::parse(signed.as_bytes()) {
            Ok(reading) => reading,
            Err(error) => return vec![ours(chain(&error), false)],
        };
        let word = match &reading.manifest {
            Ok(list) => ours(format!("a list of {} files", list.entries.len()), true),
            Err(error) => ours(chain(error), false),
        };
        let keyring = Keyring::from_certificates(self.masters, []);
        let answers = gpg::answers(&reading.signed, &keyring, self.now);
        let entries = reading.entries().into_iter();
        let files: Vec<_> = entries.map(|e| (e.path, FileState::Same)).collect();
        let config = &reading.parsed.config;
        let found =
            Found::Signature { answers: &answers, config, files: &files, secure: Secure::Absent };
        let status = freepbx::verdict(found, &keyring, self.now).status;
        let words = vec![word].into_iter().chain(self.verified(&signed));
        words.chain([of_freepbx(status, status.is_good())]).collect()
    }
}

/// The key that a request carries.
fn about(request: &Request) -> Option<Fingerprint> {
    request.certificate(&[]).ok().flatten().map(|c| c.fingerprint())
}

fn ours(text: String, good: bool) -> Word {
    Word { consumer: Consumer::Countersign, text, good }
}

/// Whether an answer is about the key of somebody who is no master.
fn is_about_somebody(request: &Request) -> bool {
    let operation = request.operation();
    operation.as_any::<CrossCertify>().is_none()
        && operation.certificate().is_some()
        && about(request) != Some(request.master())
}

fn of_gnupg(text: String, good: bool) -> Word {
    Word { consumer: Consumer::Gnupg, text, good }
}

fn of_freepbx(status: Status, good: bool) -> Word {
    let text = format!("{} {}", status.number(), status.words());
    Word { consumer: Consumer::Freepbx, text: text.trim_end().to_owned(), good }
}
