//! Everything that stations published, held against the public record of what was installed:
//! nothing is missing, and nothing is there that no journal knows.

mod expected;
mod signatures;

use std::collections::HashMap;

use self::expected::Expected;
use self::signatures::Signatures;
use super::{Authority, AuthorityError, StationId};
use crate::digest::Sha256;
use crate::exchange;
use crate::fingerprint::Fingerprint;
use crate::journal::{Audited, End};
use crate::operation::OperationName;
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
    /// Signatures by masters that are older than every journal, and in none.
    pub older: usize,
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
        /// What it is on: a certificate's fingerprint, a file, a bundle.
        on: String,
        /// When it was made.
        created: Timestamp,
    },
    /// A signature of an answer on record that is not on the certificate where it belongs.
    #[error(
        "the signature of request {} ({operation}) is not on {key}: it was taken off, or an older \
         certificate was put in its place",
        request.0.short()
    )]
    TakenOff {
        /// The request.
        request: RequestId,
        /// What it asked for.
        operation: OperationName,
        /// The key whose certificate it belongs on.
        key: Fingerprint,
    },
    /// A signature of an answer on record whose certificate is not on record.
    #[error(
        "request {} ({operation}) was signed, and the certificate of {key} is not on record",
        request.0.short()
    )]
    CertificateGone {
        /// The request.
        request: RequestId,
        /// What it asked for.
        operation: OperationName,
        /// The key whose certificate it belongs on.
        key: Fingerprint,
    },
    /// A journal in the place of another station's.
    #[error("the journal in the place of station {place} is that of station {actual}")]
    Misplaced {
        /// Whose place it is.
        place: StationId,
        /// Whose journal it is.
        actual: StationId,
    },
    /// A journal without any entry.
    #[error("the journal of station {0} holds no entry")]
    Empty(StationId),
    /// A journal whose end was cut in the middle of a line, or to which something was added.
    #[error("the journal of station {station} is whole to byte {at} only")]
    Torn {
        /// The station.
        station: StationId,
        /// Bytes that are whole entries.
        at: u64,
    },
    /// A journal that ends before a record of it.
    #[error(
        "the journal of station {station} has {entries} entries, and a record covers those to \
         number {covered}: it was cut, or the newest one was not brought yet"
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

impl Lack {
    /// Whether it may be only that the newest journal of a station was not brought yet.
    pub fn may_be_late(&self) -> bool {
        match self {
            Self::NotInJournal(_)
            | Self::Unknown { .. }
            | Self::Cut { .. }
            | Self::Torn { .. }
            | Self::Empty(_)
            | Self::NoJournal(_) => true,
            Self::OtherAnswer(_)
            | Self::NotInstalled { .. }
            | Self::TakenOff { .. }
            | Self::CertificateGone { .. }
            | Self::Misplaced { .. }
            | Self::NoSuchRecord { .. } => false,
        }
    }
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
        lacks.extend(stations.iter().filter_map(|(station, audited)| misplaced(station, audited)));
        self.hold_records(&stations, &mut lacks)?;
        let mut expected = Expected::default();
        self.hold_answers(&stations, &mut expected, &mut lacks)?;
        let mut older = 0;
        if let Some(mut signatures) = Signatures::of(&stations, expected) {
            self.hold_signatures(&mut signatures)?;
            older = signatures.older;
            lacks.append(&mut signatures.lacks);
        }
        Ok(Published { stations, lacks, older })
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
        expected: &mut Expected,
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
                Some(_) => {
                    // Without its text the journal's own check says so.
                    if let Some(request) = self.request(response.request) {
                        expected.add(self, &request, &made);
                    }
                }
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
}

/// Whether a file on record is something else than the whole journal of the station that it is
/// named after: nobody keeps it that way.
fn misplaced(place: &StationId, audited: &Audited) -> Option<Lack> {
    let actual = audited.first.map(StationId::of);
    match (actual, audited.end) {
        (None, _) => Some(Lack::Empty(place.clone())),
        (Some(actual), _) if actual != *place => {
            Some(Lack::Misplaced { place: place.clone(), actual })
        }
        (Some(station), End::Torn { at }) => Some(Lack::Torn { station, at }),
        (Some(_), End::Whole) => None,
    }
}
