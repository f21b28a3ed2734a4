//! Every signature by a master that the record holds, looked for in the journals.

use std::collections::HashSet;
use std::path::Path;

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketArea;
use openpgp::packet::{Packet, Signature};

use super::super::{Authority, AuthorityError, StationId};
use super::Lack;
use super::expected::Expected;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::journal::Audited;
use crate::module::SignedText;
use crate::response::SignatureBlock;
use crate::time::Timestamp;

/// What the journals know, and what they lack.
pub(super) struct Signatures {
    known: HashSet<Sha256>,
    begun: Timestamp,
    expected: Expected,
    /// Signatures that are older than every journal.
    pub(super) older: usize,
    pub(super) lacks: Vec<Lack>,
}

impl Signatures {
    /// Of these journals, and what has to be on certificates; none where they hold no entry.
    pub(super) fn of(stations: &[(StationId, Audited)], expected: Expected) -> Option<Self> {
        let begun = stations.iter().filter_map(|(_, a)| a.span.map(|(first, _)| first)).min()?;
        let made = stations.iter().flat_map(|(_, a)| a.signed.values().flatten().chain(&a.partial));
        let known = made.copied().collect();
        Some(Self { known, begun, expected, older: 0, lacks: Vec::new() })
    }

    fn hold(&mut self, master: Fingerprint, on: &str, signature: &Signature) {
        let created = signature.signature_creation_time().map(Timestamp::from);
        // GnuPG believes no signature without a time.
        let Some(created) = created else { return };
        if self.known.contains(&bare(signature).digest()) {
            return;
        }
        if created <= self.begun {
            self.older += 1;
        } else {
            self.lacks.push(Lack::Unknown { master, on: on.to_owned(), created });
        }
    }
}

impl Authority {
    /// Every signature by a master, made since the first journal begins, is in a journal: on a
    /// certificate, a module's list, a transition statement, a bundle. And what was signed for a
    /// certificate is on it.
    pub(super) fn hold_signatures(&self, all: &mut Signatures) -> Result<(), AuthorityError> {
        for master in self.masters() {
            self.hold_certificate(master, all);
        }
        for key in self.developers()? {
            self.hold_certificate(&self.developer(key)?.certificate, all);
        }
        for key in all.expected.of_masters() {
            if let Some(former) = self.former_master(key)? {
                self.hold_certificate(&former, all);
            }
        }
        all.lacks.extend(std::mem::take(&mut all.expected).missing(self));
        let modules = self.folder().join("modules");
        if modules.exists() {
            for name in exchange::list(&modules, "", exchange::MAX_LISTED)? {
                self.hold_texts(&modules.join(name), ".module.sig", all)?;
            }
        }
        self.hold_texts(&self.folder().join("transitions"), ".asc", all)?;
        for bundle in self.all_bundles()? {
            let on = format!("bundle {}", bundle.head().serial);
            if let Some(master) = self.signer(bundle.signature()) {
                all.hold(master, &on, bundle.signature());
            }
        }
        Ok(())
    }

    fn hold_certificate(&self, certificate: &Certificate, all: &mut Signatures) {
        let own = certificate.fingerprint();
        let born = Timestamp::from(certificate.primary().creation_time());
        for packet in certificate.cert().clone().into_packets() {
            let Packet::Signature(signature) = packet else { continue };
            let Some(master) = self.signer(&signature) else { continue };
            all.expected.found(own, bare(&signature).digest());
            let created = signature.signature_creation_time().map(Timestamp::from);
            // A master's first self-signature was made with its key, before any session.
            if master != own || created != Some(born) {
                all.hold(master, &format!("{own}"), &signature);
            }
        }
    }

    fn hold_texts(
        &self,
        folder: &Path,
        suffix: &str,
        all: &mut Signatures,
    ) -> Result<(), AuthorityError> {
        if !folder.is_dir() {
            return Ok(());
        }
        for name in exchange::list(folder, suffix, exchange::MAX_LISTED)? {
            let text = exchange::read(folder, &name, crate::module::MAX_BYTES)?;
            // What is no signed text is nothing to anybody else either.
            let Ok(signed) = SignedText::parse(&text) else { continue };
            for signature in signed.signatures() {
                if let Some(master) = self.signer(signature) {
                    all.hold(master, &name.to_string_lossy(), signature);
                }
            }
        }
        Ok(())
    }

    /// The master that a signature says it is by. Old programs name a key by its id alone.
    fn signer(&self, signature: &Signature) -> Option<Fingerprint> {
        let issuers = signature.get_issuers();
        let by = |m: &&Certificate| issuers.iter().any(|i| i.aliases(m.primary().key_handle()));
        self.masters().iter().find(by).map(Certificate::fingerprint)
    }
}

/// A signature without what anybody may add to it.
fn bare(signature: &Signature) -> SignatureBlock {
    let mut bare = signature.clone();
    *bare.unhashed_area_mut() = SubpacketArea::default();
    SignatureBlock::new(&bare)
}
