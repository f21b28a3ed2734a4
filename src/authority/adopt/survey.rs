//! Everybody in a keyring, and what each says of every other.

use std::collections::{BTreeSet, HashMap};

use crate::certificate::{Certificate, Opinion};
use crate::fingerprint::Fingerprint;
use crate::module::keyring::{Gatherer, Refused};

/// Certificates, nobody of them trusted.
#[derive(Debug)]
pub struct Survey {
    certificates: Vec<Certificate>,
    refused: Vec<Refused>,
}

/// One certification, or its revocation, by somebody else.
#[derive(Clone, Debug)]
pub struct Certification {
    /// Whom it is about.
    pub whom: Fingerprint,
    /// Whose it is.
    pub by: Fingerprint,
    /// What it says.
    pub opinion: Opinion,
}

impl Survey {
    /// Reads everything that was gathered.
    pub fn of(gatherer: Gatherer) -> Self {
        let (certificates, refused) = gatherer.everybody();
        Self { certificates, refused }
    }

    /// Everybody, in the order of reading.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Files and certificates that could not be read.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The certificate with this primary key.
    pub fn certificate(&self, key: Fingerprint) -> Option<&Certificate> {
        self.certificates.iter().find(|c| c.fingerprint() == key)
    }

    /// Everything that somebody said about somebody else, all of it verified, oldest first.
    pub fn certifications(&self) -> Vec<Certification> {
        let mut places: HashMap<String, Vec<&Certificate>> = HashMap::new();
        for certificate in &self.certificates {
            places.entry(certificate.fingerprint().key_id()).or_default().push(certificate);
        }
        let mut all = Vec::new();
        for certificate in &self.certificates {
            let whom = certificate.fingerprint();
            let others = issuers(certificate).into_iter().filter_map(|id| places.get(&id));
            for by in others.flatten().filter(|by| by.fingerprint() != whom) {
                let said = certificate.opinions_of(by).into_iter();
                let by = by.fingerprint();
                all.extend(said.map(|opinion| Certification { whom, by, opinion }));
            }
        }
        all.sort_by_key(|c| (c.opinion.created, c.whom, c.by));
        all
    }
}

/// The key ids of those who signed something on a certificate's user IDs.
fn issuers(certificate: &Certificate) -> BTreeSet<String> {
    let user_ids = certificate.cert().userids();
    let signatures = user_ids.flat_map(|u| {
        let bundle = u.bundle();
        bundle.certifications().chain(bundle.other_revocations()).cloned().collect::<Vec<_>>()
    });
    let ids = signatures.flat_map(|s| s.get_issuers());
    ids.map(|issuer| sequoia_openpgp::KeyID::from(issuer).to_hex()).collect()
}
