//! What need not travel, because the station has it or the other side does.

use std::cell::OnceCell;

use countersign::certificate::Certificate;
use countersign::cli::qr::Shelf;
use countersign::digest::Sha256;
use countersign::exchange;
use countersign::exchange::compact::{
    ANSWER, Answer, CompactError, REFERENCE, Reference, as_carried,
};
use countersign::fingerprint::Fingerprint;
use countersign::journal::Ledger;
use countersign::operation::Object;
use countersign::request::{MAX_BYTES, Request, RequestId};
use countersign::response::{Outcome, Response};

use crate::station::Station;

/// Requests about one key that are looked through, the last ones: beyond that it travels whole.
const MOST: usize = 64;

/// The station's requests and what was signed for them.
pub struct Kept<'a> {
    station: &'a Station,
    ledger: OnceCell<Option<Ledger>>,
}

impl<'a> Kept<'a> {
    /// What `station` keeps.
    pub fn new(station: &'a Station) -> Self {
        Self { station, ledger: OnceCell::new() }
    }

    /// Every state of the key's certificate that the station has seen: as it came with a request,
    /// and with what was signed for it.
    fn certificates(&self, key: Fingerprint) -> Vec<Certificate> {
        let ledger = self.ledger.get_or_init(|| self.station.ledger().ok());
        let Some(ledger) = ledger else { return Vec::new() };
        let nobody = RequestId(Sha256::ZERO);
        let history = self.station.history(ledger, nobody, Some(&Object::Key(key)));
        let decisions = history.map(|history| history.decisions).unwrap_or_default();
        let masters: Vec<&Certificate> = self.station.authority().masters().iter().collect();
        let mut all: Vec<Certificate> = Vec::new();
        let mut sum: Option<Certificate> = None;
        for decision in decisions.iter().rev().take(MOST).rev() {
            let Some((came, signed)) = self.certificate(ledger, decision.request) else { continue };
            if let Some(signed) = signed {
                let merged = sum.as_ref().and_then(|s| s.merged(&signed, &masters).ok());
                let now = merged.unwrap_or_else(|| signed.clone());
                sum = Some(now.clone());
                all.extend([signed, now]);
            }
            all.push(came);
        }
        all.extend(self.station.authority().developer(key).ok().map(|d| d.certificate));
        all
    }

    /// The certificate of a request that was consented to and, where it was signed to its end,
    /// the same with its signatures.
    fn certificate(
        &self,
        ledger: &Ledger,
        id: RequestId,
    ) -> Option<(Certificate, Option<Certificate>)> {
        let bytes = exchange::read_path(&self.station.kept(id), MAX_BYTES).ok()?;
        let request = Request::parse(&bytes, MAX_BYTES).ok()?;
        let master = self.station.authority().master(request.master()).ok()?;
        let masters = self.station.authority().masters();
        let all: Vec<&Certificate> = masters.iter().collect();
        let came = request.certificate(&all).ok()??;
        let signatures = self.station.signatures(ledger, id).ok()?;
        let outcome = Outcome::Signed { master: master.fingerprint(), signatures };
        let verified = Response::new(id, outcome).verify(&request, master).ok();
        let signed = verified.and_then(|verified| verified.certificate(&all).ok()?);
        Some((came, signed))
    }
}

impl Shelf for Kept<'_> {
    /// Whoever asked can compute the whole answer from its RSA values.
    fn shrink(&self, name: &str, content: &[u8]) -> Option<(String, Vec<u8>)> {
        let stem = name.strip_suffix(ANSWER.1)?;
        let answer = Answer::of(&Response::parse(content).ok()?)?;
        Some((format!("{stem}{}", ANSWER.0), answer.to_bytes()))
    }

    fn grow(
        &self,
        name: &str,
        untrusted: &[u8],
    ) -> Result<Option<(String, Vec<u8>)>, CompactError> {
        let Some(stem) = name.strip_suffix(REFERENCE.0) else { return Ok(None) };
        let reference = Reference::parse(untrusted)?;
        let masters = self.station.authority().masters();
        let certificates = self.certificates(reference.key());
        let mut seen = certificates.iter().flat_map(|c| as_carried(c, masters));
        let left_out = seen.find(|bytes| reference.leaves_out(bytes));
        let text = reference.request(&left_out.ok_or_else(|| reference.not_here())?)?;
        Ok(Some((format!("{stem}{}", REFERENCE.1), text.into_bytes())))
    }
}
