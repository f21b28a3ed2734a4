//! Where in a keyring the certificates stand, and which keys each has: so that one developer can be
//! looked up among ten thousand without reading the others.

use std::collections::HashMap;
use std::ops::Range;

use sequoia_openpgp as openpgp;

use openpgp::cert::raw::RawCertParser;
use openpgp::parse::Parse as _;

use crate::fingerprint::Fingerprint;

/// The places of a keyring's certificates.
#[derive(Debug)]
pub(super) struct Index {
    places: Vec<(Fingerprint, Range<usize>)>,
    keys: HashMap<[u8; 8], Vec<u32>>,
}

impl Index {
    /// Looks at the frame of each packet and at each key, and at nothing else.
    pub(super) fn of(keyring: &[u8]) -> anyhow::Result<Self> {
        let mut index = Self { places: Vec::new(), keys: HashMap::new() };
        let mut at = 0;
        if keyring.is_empty() {
            return Ok(index);
        }
        for certificate in RawCertParser::from_bytes(keyring)? {
            let certificate = certificate?;
            let bytes = certificate.as_bytes();
            // What the parser passed over would be in nobody's certificate.
            let here = at..at + bytes.len();
            anyhow::ensure!(keyring.get(here.clone()) == Some(bytes), "junk between certificates");
            let number = u32::try_from(index.places.len())?;
            for key in certificate.keys() {
                let id: [u8; 8] = key.keyid().as_bytes().try_into()?;
                let numbers = index.keys.entry(id).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
            at = here.end;
            index.places.push((certificate.fingerprint().try_into()?, here));
        }
        anyhow::ensure!(at == keyring.len(), "junk behind the certificates");
        Ok(index)
    }

    /// How many certificates there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Where each is.
    pub(super) fn places(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.places.iter().map(|(_, place)| place.clone())
    }

    /// Whose each is, and where.
    pub(super) fn by_fingerprint(&self) -> impl Iterator<Item = (Fingerprint, Range<usize>)> + '_ {
        self.places.iter().cloned()
    }

    /// Where those are that have a key with this key id, from the certificate `first` on.
    pub(super) fn named(
        &self,
        key_id: [u8; 8],
        first: usize,
    ) -> impl Iterator<Item = Range<usize>> + '_ {
        let numbers = self.keys.get(&key_id).map(Vec::as_slice).unwrap_or_default();
        let numbers = numbers.iter().map(|number| *number as usize);
        numbers.filter(move |number| *number >= first).map(|number| self.places[number].1.clone())
    }
}
