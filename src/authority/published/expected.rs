//! The signatures that belong on certificates by the answers on record, and are looked for there.

use std::collections::{BTreeMap, HashMap};

use super::super::Authority;
use super::Lack;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{Object, OperationName};
use crate::request::{Request, RequestId};

/// What is expected, by the key whose certificate it belongs on; the bare digest of each signature.
#[derive(Debug, Default)]
pub(super) struct Expected(BTreeMap<Fingerprint, HashMap<Sha256, (RequestId, OperationName)>>);

impl Expected {
    /// The signatures that `request` was answered with, where they stay on a certificate for good.
    pub(super) fn add(&mut self, authority: &Authority, request: &Request, made: &[Sha256]) {
        let operation = request.operation();
        let Some(Object::Key(key)) = operation.object() else { return };
        // Reading a certificate drops what a former master signed on it.
        if stays(operation.name()) && authority.master(request.master()).is_ok() {
            let because = (request.id(), operation.name());
            let of_key = self.0.entry(key).or_default();
            of_key.extend(made.iter().map(|digest| (*digest, because)));
        }
    }

    /// A signature was found on the certificate of `key`.
    pub(super) fn found(&mut self, key: Fingerprint, signature: Sha256) {
        if let Some(of_key) = self.0.get_mut(&key) {
            of_key.remove(&signature);
        }
    }

    /// The keys of which something was not found that may be on a former master's certificate:
    /// what only a master's certificate bears was signed on it.
    pub(super) fn of_masters(&self) -> Vec<Fingerprint> {
        let on_masters = |(_, name): &(RequestId, OperationName)| {
            matches!(name, OperationName::CrossCertify | OperationName::RevokeKey)
        };
        let keys = self.0.iter().filter(|(_, of_key)| of_key.values().any(on_masters));
        keys.map(|(key, _)| *key).collect()
    }

    /// Everything that was not found, each request once for each key.
    pub(super) fn missing(self, authority: &Authority) -> Vec<Lack> {
        let mut lacks = Vec::new();
        for (key, of_key) in self.0 {
            let mut requests: Vec<(RequestId, OperationName)> = of_key.into_values().collect();
            requests.sort_by_key(|(request, _)| request.0.to_string());
            requests.dedup_by_key(|(request, _)| request.0);
            let there = authority.has_certificate(key);
            lacks.extend(requests.into_iter().map(|(request, operation)| match there {
                true => Lack::TakenOff { request, operation, key },
                false => Lack::CertificateGone { request, operation, key },
            }));
        }
        lacks
    }
}

/// Whether the signatures of such an operation are on a certificate from then on.
fn stays(operation: OperationName) -> bool {
    match operation {
        OperationName::Certify
        | OperationName::Recertify
        | OperationName::CrossCertify
        | OperationName::RevokeCertification
        | OperationName::RevokeKey => true,
        // A newer self-signature takes the place of an older one.
        OperationName::RenewMaster
        // It is sealed.
        | OperationName::PrepareRevocation
        // They stand below texts.
        | OperationName::SignModule
        | OperationName::TransitionStatement
        | OperationName::TrustBundle
        | OperationName::SessionRecord => false,
    }
}
