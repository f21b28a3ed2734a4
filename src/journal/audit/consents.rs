//! Consents and signatures: each signature is the next one that was consented to, and the one that
//! its request asks for.

use std::collections::HashMap;

use super::super::entry::Event;
use super::finding::Wrong;
use super::{Basis, accept};
use crate::certificate::Certificate;
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::operation::{PrepareRevocation, Statement};
use crate::request::{Request, RequestId};
use crate::response::SignatureBlock;

/// What was consented to, and how far it was signed.
#[derive(Debug)]
struct Consented {
    master: Fingerprint,
    /// What the consent says that the request is.
    description: Sha256,
    statements: Vec<Sha256>,
    signed: Vec<Sha256>,
}

/// A signature as the journal has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made<'a> {
    /// The packet.
    Open(&'a SignatureBlock),
    /// The digest of a sealed one.
    Sealed(Sha256),
}

/// What a request asks for.
struct Predicted {
    statements: Vec<Statement>,
    sealed: bool,
}

/// Every consent, and the signatures that came of it.
#[derive(Default)]
pub(super) struct Consents {
    open: HashMap<RequestId, Consented>,
    /// What was signed to its end: the digest of each signature packet.
    pub(super) signed: HashMap<RequestId, Vec<Sha256>>,
    /// What the request that was looked at last asks for, held against its consent.
    predicted: Option<(RequestId, Result<Predicted, Wrong>)>,
}

impl Consents {
    /// Adds a consent. There may be another one before it, of a session that was cut off.
    pub(super) fn add(&mut self, event: &Event) -> Result<(), Wrong> {
        let Event::Consented { request, master, statements, .. } = event else { return Ok(()) };
        let signed = self.open.remove(request).map(|c| c.signed).unwrap_or_default();
        let consented = Consented {
            master: *master,
            description: described(event),
            statements: statements.clone(),
            signed,
        };
        self.open.insert(*request, consented);
        self.predicted.take_if(|(of, _)| of == request);
        if self.signed.contains_key(request) { Err(Wrong::Again(*request)) } else { Ok(()) }
    }

    /// The master that was asked.
    pub(super) fn asked(&self, request: RequestId) -> Option<Fingerprint> {
        self.open.get(&request).map(|consented| consented.master)
    }

    /// Adds a signature, and holds it against what was consented to and what was asked for.
    pub(super) fn signature(
        &mut self,
        (request, number): (RequestId, u32),
        made: Made<'_>,
        basis: &Basis<'_>,
    ) -> Result<(), Wrong> {
        let Some(mut consented) = self.open.remove(&request) else {
            return Err(Wrong::NoConsent(request));
        };
        let (next, all) = (consented.signed.len(), consented.statements.len());
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if number != next || number >= all {
            self.open.insert(request, consented);
            return Err(Wrong::Order(request));
        }
        consented.signed.push(made.digest());
        let result = self.examine(request, number, &consented, made, basis);
        if next + 1 == all {
            self.signed.insert(request, consented.signed);
        } else {
            self.open.insert(request, consented);
        }
        result
    }

    fn examine(
        &mut self,
        request: RequestId,
        number: usize,
        consented: &Consented,
        made: Made<'_>,
        basis: &Basis<'_>,
    ) -> Result<(), Wrong> {
        self.predicted.take_if(|(of, _)| *of != request);
        let (_, predicted) =
            self.predicted.get_or_insert_with(|| (request, predict(request, consented, basis)));
        let predicted = predicted.as_ref().map_err(Clone::clone)?;
        let statement = predicted.statements.get(number).ok_or(Wrong::Statements(request))?;
        match made {
            Made::Open(block) if !predicted.sealed => {
                accept(statement, block).map_err(|why| Wrong::Signature { request, why })
            }
            // What it is only its custodians can see.
            Made::Sealed(_) if predicted.sealed => Ok(()),
            Made::Open(_) | Made::Sealed(_) => Err(Wrong::Sealing(request)),
        }
    }

    /// What was signed to its end, and the signatures of everything else.
    pub(super) fn finish(self) -> (HashMap<RequestId, Vec<Sha256>>, Vec<Sha256>) {
        (self.signed, self.open.into_values().flat_map(|c| c.signed).collect())
    }
}

impl Made<'_> {
    pub(super) fn digest(self) -> Sha256 {
        match self {
            Self::Open(block) => block.digest(),
            Self::Sealed(digest) => digest,
        }
    }
}

/// What the request asks for, if it is what the consent says.
fn predict(id: RequestId, consented: &Consented, basis: &Basis<'_>) -> Result<Predicted, Wrong> {
    let request = (basis.request)(id).filter(|request| request.id() == id);
    let request = request.ok_or(Wrong::NoRequest(id))?;
    if description(&request) != Some(consented.description) {
        return Err(Wrong::Description(id));
    }
    let all: Vec<&Certificate> = basis.all().collect();
    let master = basis.master(consented.master).ok_or(Wrong::Master(consented.master))?;
    let certificate = request.certificate(&all).map_err(|_| Wrong::Statements(id))?;
    let operation = request.operation();
    let statements = operation.statements(request.created(), master, certificate.as_ref());
    let statements = statements.map_err(|_| Wrong::Statements(id))?;
    let asked = statements.iter().map(|s| Sha256::of(s.digest()));
    if !asked.eq(consented.statements.iter().copied()) {
        return Err(Wrong::Statements(id));
    }
    let sealed = operation.as_any::<PrepareRevocation>().is_some();
    Ok(Predicted { statements, sealed })
}

/// The digest of everything that a consent says of its request.
fn described(event: &Event) -> Sha256 {
    let Event::Consented { master, operation, object, user_ids, version, created, expires, .. } =
        event
    else {
        return Sha256::ZERO;
    };
    digest(&(master, operation, object, user_ids.as_slice(), version.as_deref(), created, expires))
}

/// The same of the request itself.
fn description(request: &Request) -> Option<Sha256> {
    let operation = request.operation();
    let version = operation.version();
    Some(digest(&(
        request.master(),
        operation.name(),
        operation.object()?,
        operation.user_ids(),
        version.as_deref(),
        request.created(),
        operation.expires(),
    )))
}

fn digest(described: &impl serde::Serialize) -> Sha256 {
    Sha256::of(serde_json::to_vec(described).expect("a description has only string keys"))
}
