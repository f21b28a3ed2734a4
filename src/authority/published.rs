//! Everything that stations published, held against the public record of what was installed:
//! nothing is missing, and nothing is there that no journal knows.

use std::collections::{HashMap, HashSet};

use sequoia_openpgp as openpgp;

use openpgp::packet::signature::subpacket::SubpacketArea;
use openpgp::packet::{Packet, Signature};

use super::{Authority, AuthorityError, StationId};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::journal::Audited;
use crate::request::RequestId;
use crate::response::{self, Outcome, Response, SignatureBlock};
use crate::time::Timestamp;

/// What the journals say together, and what of it does not agree with the record.
#[derive(Debug)]
pub struct Published {
    /// Each station's journal.
    pub stations: Vec<(StationId, Audited)>,
    /// What does not agree.
    pub lacks: Vec<Lack>,
}

/// Something in which journals and record do not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// An answer on record that no station gave.
    #[error("the answer to request {} is on record, and in no journal", .0.0.short())]
    NotInJournal(RequestId),
    /// An answer with other signatures than the journal has.
    #[error("the answer to request {} is another one than the journal has", .0.0.short())]
    OtherAnswer(RequestId),
    /// A request that was signed and whose answer is not on record.
    #[error("request {} was signed at station {station}, and its answer is not on record", request.0.short())]
    NotInstalled {
        /// The request.
        request: RequestId,
        /// Where it was signed.
        station: StationId,
    },
    /// A signature by a master that no journal has.
    #[error("the signature that {master} made on {on} at {created} is in no journal")]
    Unknown {
        /// The master.
        master: Fingerprint,
        /// Whose certificate it is on.
        on: Fingerprint,
        /// When it was made.
        created: Timestamp,
    },
    /// A journal that ends before a record of it.
    #[error(
        "the journal of station {station} was cut: it has {entries} entries, and a record covers \
         those to number {covered}"
    )]
    Cut {
        /// The station.
        station: StationId,
        /// How many entries its journal has.
        entries: u64,
        /// The last entry that a record covers.
        covered: u64,
    },
    /// A record that the journal does not have.
    #[error("the record of session {session} at station {station} is not in its journal")]
    NoSuchRecord {
        /// The station.
        station: StationId,
        /// The session.
        session: u64,
    },
    /// A record of a station without a journal.
    #[error("there is a record of station {0}, and its journal is not on record")]
    NoJournal(StationId),
}

impl Authority {
    /// Checks every journal on record, and holds them against requests, answers, certificates and
    /// session records.
    ///
    /// # Errors
    /// [`AuthorityError`] where a file of the record is damaged.
    pub fn published(&self) -> Result<Published, AuthorityError> {
        let stations = self.stations()?.into_iter();
        let stations: Vec<(StationId, Audited)> = stations
            .map(|station| self.audit(&station).map(|audited| (station, audited)))
            .collect::<Result<_, _>>()?;
        let mut lacks = Vec::new();
        self.hold_records(&stations, &mut lacks)?;
        self.hold_answers(&stations, &mut lacks)?;
        self.hold_certificates(&stations, &mut lacks)?;
        Ok(Published { stations, lacks })
    }

    fn hold_records(
        &self,
        stations: &[(StationId, Audited)],
        lacks: &mut Vec<Lack>,
    ) -> Result<(), AuthorityError> {
        for file in self.session_records()? {
            let (record, station) = (file.record(), file.station());
            let Some((_, audited)) = stations.iter().find(|(of, _)| *of == station) else {
                lacks.push(Lack::NoJournal(station));
                continue;
            };
            let covered = record.journal.last;
            if covered >= audited.entries {
                lacks.push(Lack::Cut { station, entries: audited.entries, covered });
            } else if !audited.records.contains(&(record.journal, file.digest())) {
                lacks.push(Lack::NoSuchRecord { station, session: record.session });
            }
        }
        Ok(())
    }

    fn hold_answers(
        &self,
        stations: &[(StationId, Audited)],
        lacks: &mut Vec<Lack>,
    ) -> Result<(), AuthorityError> {
        let mut signed: HashMap<RequestId, (&StationId, &Vec<Sha256>)> = HashMap::new();
        for (station, audited) in stations {
            signed.extend(audited.signed.iter().map(|(id, made)| (*id, (station, made))));
        }
        let folder = self.folder().join("responses");
        for name in exchange::list(&folder, ".response.json", exchange::MAX_LISTED)? {
            let bytes = exchange::read_path(&folder.join(&name), response::MAX_BYTES)?;
            let response =
                Response::parse(&bytes).map_err(|e| AuthorityError::Response(Box::new(e)))?;
            let made = match &response.outcome {
                Outcome::Signed { signatures, .. } => {
                    signatures.iter().map(SignatureBlock::digest).collect()
                }
                Outcome::Sealed { sha256, .. } => vec![*sha256],
                Outcome::Refused { .. } => continue,
            };
            match signed.remove(&response.request) {
                None => lacks.push(Lack::NotInJournal(response.request)),
                Some((_, journalled)) if *journalled != made => {
                    lacks.push(Lack::OtherAnswer(response.request));
                }
                Some(_) => {}
            }
        }
        let mut left: Vec<Lack> = signed
            .into_iter()
            .map(|(request, (station, _))| Lack::NotInstalled { request, station: station.clone() })
            .collect();
        left.sort_by_key(ToString::to_string);
        lacks.append(&mut left);
        Ok(())
    }

    /// Every signature by a master on a certificate of the record, made since the first journal
    /// begins, is in a journal.
    fn hold_certificates(
        &self,
        stations: &[(StationId, Audited)],
        lacks: &mut Vec<Lack>,
    ) -> Result<(), AuthorityError> {
        let begun = stations.iter().filter_map(|(_, a)| a.span.map(|(first, _)| first)).min();
        let Some(begun) = begun else { return Ok(()) };
        let known: HashSet<Sha256> = stations
            .iter()
            .flat_map(|(_, a)| a.signed.values().flatten().chain(&a.partial))
            .copied()
            .collect();
        for master in self.masters() {
            self.hold_certificate(master, begun, &known, lacks);
        }
        for key in self.developers()? {
            self.hold_certificate(&self.developer(key)?.certificate, begun, &known, lacks);
        }
        Ok(())
    }

    fn hold_certificate(
        &self,
        certificate: &Certificate,
        begun: Timestamp,
        known: &HashSet<Sha256>,
        lacks: &mut Vec<Lack>,
    ) {
        let on = certificate.fingerprint();
        let born = Timestamp::from(certificate.primary().creation_time());
        for packet in certificate.cert().clone().into_packets() {
            let Packet::Signature(signature) = packet else { continue };
            let issuers = signature.issuer_fingerprints();
            let mut issuers = issuers.filter_map(|f| Fingerprint::try_from(f.clone()).ok());
            let Some(master) = issuers.find(|f| self.is_master(*f)) else { continue };
            let created = signature.signature_creation_time().map(Timestamp::from);
            // A master's first self-signature was made with its key, before any session.
            let Some(created) = created.filter(|at| *at > begun && *at > born) else { continue };
            if !known.contains(&bare(&signature).digest()) {
                lacks.push(Lack::Unknown { master, on, created });
            }
        }
    }
}

/// A signature without what anybody may add to it.
fn bare(signature: &Signature) -> SignatureBlock {
    let mut bare = signature.clone();
    *bare.unhashed_area_mut() = SubpacketArea::default();
    SignatureBlock::new(&bare)
}
