//! A request without the certificate that the other side holds.

use super::CompactError;
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{CertificateBlock, Object};
use crate::request::{MAX_BYTES, Request, RequestId};

const TITLE: &str = "countersign-request-by-reference 1";
/// The certificate's place in a request's text, and where it is left out.
const FULL: &str = "\"certificate\": [";
const EMPTY: &str = "\"certificate\": []";

/// A request's text in which the certificate is an empty list, and what belongs there. Untrusted
/// until [`Reference::request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    request: RequestId,
    certificate: Sha256,
    key: Fingerprint,
    text: String,
}

/// `certificate` in each form in which a request may carry it: with what all `masters` say on it,
/// and with what just one of them says. A form that exceeds a certificate's limits is left out.
pub fn as_carried(
    certificate: &Certificate,
    masters: &[Certificate],
) -> impl Iterator<Item = Vec<u8>> {
    let bytes = certificate.to_bytes();
    let all: Vec<&Certificate> = masters.iter().collect();
    let readers = std::iter::once(all).chain(masters.iter().map(|master| vec![master]));
    readers.filter_map(move |by| {
        Certificate::read(bytes.as_slice(), &by).ok().map(|seen| seen.to_bytes())
    })
}

impl Reference {
    /// `request` without its certificate; none where it is about something else.
    pub fn of(request: &Request) -> Option<Self> {
        let certificate = request.operation().certificate()?;
        let Some(Object::Key(key)) = request.operation().object() else { return None };
        let (before, rest) = request.text().split_once(FULL)?;
        // The list's end stands on a line of its own, behind base64 without brackets.
        let (_, after) = rest.split_once(']')?;
        let reference = Self {
            request: request.id(),
            certificate: Sha256::of(certificate.untrusted_bytes()),
            key,
            text: format!("{before}{EMPTY}{after}"),
        };
        let whole = reference.request(certificate.untrusted_bytes());
        whole.is_ok_and(|whole| whole == request.text()).then_some(reference)
    }

    /// Reads untrusted bytes.
    ///
    /// # Errors
    /// [`CompactError`] where they are anything but what [`Reference::text`] makes.
    pub fn parse(untrusted: &[u8]) -> Result<Self, CompactError> {
        if untrusted.len() > MAX_BYTES {
            return Err(CompactError::TooLong);
        }
        let broken = || CompactError::Form("a request by reference");
        let text = std::str::from_utf8(untrusted).map_err(|_| broken())?;
        let (head, body) = text.split_once("\n\n").ok_or_else(broken)?;
        let mut lines = head.split('\n');
        let mut value = |name: &str| {
            let line = lines.next().ok_or_else(broken)?;
            line.strip_prefix(name).ok_or_else(broken)
        };
        value(TITLE).and_then(|rest| rest.is_empty().then_some(()).ok_or_else(broken))?;
        let request = RequestId(value("request ")?.parse().map_err(|_| broken())?);
        let certificate = value("certificate ")?.parse().map_err(|_| broken())?;
        let key = value("key ")?.parse().map_err(|_| broken())?;
        let reference = Self { request, certificate, key, text: body.to_owned() };
        if reference.text().as_bytes() == untrusted { Ok(reference) } else { Err(broken()) }
    }

    /// The text that travels.
    pub fn text(&self) -> String {
        let Self { request, certificate, key, text } = self;
        format!("{TITLE}\nrequest {request}\ncertificate {certificate}\nkey {key}\n\n{text}")
    }

    /// The request that it stands for.
    pub fn id(&self) -> RequestId {
        self.request
    }

    /// Whose certificate is left out, as it claims.
    pub fn key(&self) -> Fingerprint {
        self.key
    }

    /// Whether these are the bytes of the certificate that is left out.
    pub fn leaves_out(&self, certificate: &[u8]) -> bool {
        Sha256::of(certificate) == self.certificate
    }

    /// The whole text of the request, with `certificate` in its place.
    ///
    /// # Errors
    /// [`CompactError`] where that is another certificate, or does not give the request that is
    /// named.
    pub fn request(&self, certificate: &[u8]) -> Result<String, CompactError> {
        if !self.leaves_out(certificate) {
            return Err(self.not_here());
        }
        let broken = || CompactError::Form("a request by reference");
        let (before, after) = self.text.split_once(EMPTY).ok_or_else(broken)?;
        let indent = before.len() - before.trim_end_matches(' ').len();
        // As a body spells it: the list's lines one level further in than its name.
        let list = serde_json::to_string_pretty(&CertificateBlock::new(certificate.to_vec()))
            .expect("a list of strings");
        let list = list.replace('\n', &format!("\n{}", " ".repeat(indent)));
        let whole = format!("{before}\"certificate\": {list}{after}");
        let actual = Request::parse(whole.as_bytes(), MAX_BYTES)?.id();
        if actual == self.request {
            Ok(whole)
        } else {
            Err(CompactError::OtherText { actual, expected: self.request })
        }
    }

    /// The error of whoever does not hold the certificate.
    pub fn not_here(&self) -> CompactError {
        let Self { request, certificate, key, .. } = self;
        CompactError::NotHere { request: *request, certificate: *certificate, key: *key }
    }
}
