//! A keyring whose masters are known: what counts today, and what does not and why.

use super::Survey;
use crate::authority::{Authority, AuthorityError};
use crate::certificate::{Certificate, Opinion, Strength};
use crate::drill::View;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::module::chain::{Chain, Lapse, Moments};
use crate::module::strict::WeakChains;
use crate::module::{Keyring, gpg};
use crate::policy::Policy;
use crate::time::Timestamp;

/// What a keyring amounts to, the masters being these.
#[derive(Debug)]
pub struct Adoption {
    keyring: Keyring,
    known: Vec<Known>,
    now: Timestamp,
}

/// Somebody of the keyring.
#[derive(Debug)]
pub struct Known {
    /// The certificate, with what masters and introducers say on it.
    pub certificate: Certificate,
    /// What they are.
    pub standing: Standing,
    /// What masters and introducers ever said of them, oldest first.
    pub said: Vec<Said>,
    /// What gpg, FreePBX and we say of modules that they sign now.
    pub view: View,
}

/// What somebody is to the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One of the masters.
    Master,
    /// A master or an introducer certified them, or once did.
    Developer,
    /// Nobody who matters ever certified them: they do not go into the record.
    Stranger,
}

/// One certification or revocation, and for whom it counts today.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whose it is.
    pub by: Fingerprint,
    /// What it says.
    pub opinion: Opinion,
    /// Whether gpg counts it.
    pub for_gpg: bool,
    /// Why we do not count it, where we do not.
    pub lapse: Option<Lapse>,
    /// How strong its digest is.
    pub strength: Strength,
    /// Whether the same certifier said something newer about the same user ID.
    pub outdated: bool,
}

/// Why a project cannot be taken over so.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// A master that was named is not there.
    #[error("the keyring holds no certificate of {0}")]
    NoSuchMaster(Fingerprint),
    /// The record.
    #[error(transparent)]
    Record(#[from] AuthorityError),
}

impl Adoption {
    /// Judges a survey at `now`, the masters being these.
    ///
    /// # Errors
    /// [`AdoptError::NoSuchMaster`].
    pub fn of(
        survey: &Survey,
        masters: &[Fingerprint],
        weak: WeakChains,
        now: Timestamp,
    ) -> Result<Self, AdoptError> {
        let find = |key: &Fingerprint| {
            survey.certificate(*key).cloned().ok_or(AdoptError::NoSuchMaster(*key))
        };
        let named = masters.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        // Once more, with what the masters and nobody else say: what travels in a record.
        let masters: Vec<Certificate> = named.iter().map(|m| reread(m, &named)).collect();
        let is_master =
            |c: &&Certificate| masters.iter().any(|m| m.fingerprint() == c.fingerprint());
        let others = survey.certificates().iter().filter(|c| !is_master(c));
        let all: Vec<u8> = others.flat_map(Certificate::to_bytes).collect();
        let gatherer = Keyring::of(&masters);
        let keyring = if all.is_empty() { gatherer } else { gatherer.bytes("keyring", &all) };
        let keyring = keyring.finish();
        let known = keyring.all().map(|c| Known::of(&keyring, c, weak, now)).collect();
        Ok(Self { keyring, known, now })
    }

    /// The keyring with its masters.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Everybody: masters first, then the others in the order of reading.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Those who go into the record as developers.
    pub fn developers(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|k| k.standing == Standing::Developer)
    }

    /// The time of judgement.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Writes a new record with these masters and developers into `folder`.
    ///
    /// # Errors
    /// [`AdoptError::Record`] where a file exists already or cannot be written.
    pub fn write(
        &self,
        folder: &std::path::Path,
        policy: &Policy,
        agreement: &[u8],
        managers: &[Certificate],
    ) -> Result<Authority, AdoptError> {
        let masters = self.keyring.masters();
        let authority = Authority::create(folder, policy, agreement, masters, managers)?;
        for known in self.developers() {
            let key = known.certificate.fingerprint();
            let path = folder.join("developers").join(format!("{key}.asc"));
            let text = known.certificate.armored();
            exchange::write_path(&path, text.as_bytes()).map_err(AuthorityError::from)?;
        }
        Ok(authority)
    }
}

fn reread(master: &Certificate, masters: &[Certificate]) -> Certificate {
    let all: Vec<&Certificate> = masters.iter().collect();
    // It was read before, and less of it is kept now.
    Certificate::read(master.to_bytes().as_slice(), &all).unwrap_or_else(|_| master.clone())
}

impl Known {
    fn of(keyring: &Keyring, certificate: &Certificate, weak: WeakChains, now: Timestamp) -> Self {
        let said = said(keyring, certificate, now);
        let standing = if keyring.master(certificate.fingerprint()).is_some() {
            Standing::Master
        } else if !said.is_empty() {
            Standing::Developer
        } else {
            Standing::Stranger
        };
        let view = View::of(keyring, certificate, weak, now);
        Self { certificate: certificate.clone(), standing, said, view }
    }

    /// Whether `master` certifies them today, with a digest that lasts.
    pub fn is_certified_by(&self, master: Fingerprint) -> bool {
        self.said.iter().any(|s| s.by == master && s.counts_strictly())
    }
}

impl Said {
    /// Whether it certifies, stands, and rests on a digest that lasts.
    pub fn counts_strictly(&self) -> bool {
        let stands = !self.opinion.revokes && self.lapse.is_none() && !self.outdated;
        stands && self.strength == Strength::Full
    }
}

fn said(keyring: &Keyring, certificate: &Certificate, now: Timestamp) -> Vec<Said> {
    let counted = gpg::counted(certificate, keyring, now);
    let moments = Moments { signed: now, now };
    let chain = Chain::of(keyring, certificate, moments);
    let own = certificate.fingerprint();
    let mut all = Vec::new();
    for by in keyring.masters().iter().chain(keyring.introducers()) {
        if by.fingerprint() == own {
            continue;
        }
        for opinion in certificate.opinions_of(by) {
            let same = |o: &Opinion| {
                o.user_id == opinion.user_id
                    && o.created == opinion.created
                    && o.revokes == opinion.revokes
                    && o.digest == opinion.digest
            };
            let by = by.fingerprint();
            let word = chain.words.iter().find(|w| {
                w.by.certificate().fingerprint() == by && w.opinion.user_id == opinion.user_id
            });
            let last = word.filter(|w| same(&w.opinion));
            let nothing = opinion.strength() == Strength::Nothing && !opinion.revokes;
            let digest = nothing.then_some(Lapse::Digest { at: opinion.created });
            all.push(Said {
                by,
                for_gpg: counted.iter().any(|c| c.by == by && same(&c.opinion)),
                lapse: last.and_then(|w| w.lapse).or(digest),
                strength: last.map_or_else(|| opinion.strength(), |w| w.strength),
                outdated: last.is_none() && digest.is_none(),
                opinion,
            });
        }
    }
    all.sort_by_key(|s| (s.opinion.created, s.by));
    all
}
