//! What the ledger's index answers.

use redb::ReadableTable as _;

use super::{Ledger, OBJECTS, PENDING, Pending, REQUESTS, SIGNATURES, UNANSWERED};
use crate::digest::Sha256;
use crate::fingerprint::Fingerprint;
use crate::journal::entry::{Entry, Event};
use crate::journal::slot::{Slot, State};
use crate::operation::Object;
use crate::policy::{Decided, Decision, History};
use crate::request::RequestId;
use crate::response::SignatureBlock;
use crate::scratch::ScratchError;
use crate::sealed::SealedMessage;

impl Ledger {
    pub(super) fn slot(&self, request: RequestId) -> Result<Option<Slot>, ScratchError> {
        Ok(self.index.table(REQUESTS)?.get(request.0.as_bytes())?.map(|row| row.value().into()))
    }

    /// What was decided on `request` and on `object`; consent that waits for its signature counts.
    /// `load` reads the entry that begins at an offset of the journal.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn history(
        &self,
        request: RequestId,
        object: Option<&Object>,
        load: &dyn Fn(u64) -> Option<Entry>,
    ) -> Result<History, ScratchError> {
        let this = self.slot(request)?.and_then(|slot| match slot.state {
            State::Signed => Some(Decided::Signed { at: slot.at }),
            State::Refused => {
                let reason = reason(load(slot.offset)?.event)?;
                Some(Decided::Refused { at: slot.at, reason })
            }
            State::Pending | State::GivenUp => None,
        });
        let mut decisions = Vec::new();
        if let Some(object) = object.map(|object| *object.digest().as_bytes()) {
            let objects = self.index.table(OBJECTS)?;
            for consent in objects.range((object, 0)..=(object, u64::MAX))? {
                let offset = consent?.0.value().1;
                let Some(decision) = load(offset).and_then(|e| decision(e.event)) else { continue };
                let Some(slot) = self.slot(decision.request)? else { continue };
                // What was made of this very request before a rule stopped it must not stop it.
                if slot.offset == offset && decision.request != request {
                    decisions.push(slot.limit(decision));
                }
            }
        }
        Ok(History { this, decisions })
    }

    /// Hands every decision on a key to `each`, in no order; consent that waits for its signature
    /// counts.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn on_keys(
        &self,
        load: &dyn Fn(u64) -> Option<Entry>,
        each: &mut dyn FnMut(Fingerprint, &Decision),
    ) -> Result<(), ScratchError> {
        for consent in self.index.table(OBJECTS)?.iter()? {
            let offset = consent?.0.value().1;
            let Some(event) = load(offset).map(|entry| entry.event) else { continue };
            let Event::Consented { object: Object::Key(key), .. } = event else { continue };
            let Some(decision) = decision(event) else { continue };
            if let Some(slot) = self.slot(decision.request)?.filter(|slot| slot.offset == offset) {
                each(key, &slot.limit(decision));
            }
        }
        Ok(())
    }

    /// The first request after `request` (of all, where there is none given) that was consented to
    /// and not signed to its end.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn pending_after(
        &self,
        request: Option<RequestId>,
    ) -> Result<Option<Pending>, ScratchError> {
        let next = next(&self.index.table(PENDING)?, request)?;
        next.map_or(Ok(None), |request| self.pending(request))
    }

    /// The first request after `request` (of all, where there is none given) that was signed to
    /// its end and whose answer never reached a stick.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn unanswered_after(
        &self,
        request: Option<RequestId>,
    ) -> Result<Option<RequestId>, ScratchError> {
        next(&self.index.table(UNANSWERED)?, request)
    }

    /// A request that was consented to and not signed to its end.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn pending(&self, request: RequestId) -> Result<Option<Pending>, ScratchError> {
        let slot = self.slot(request)?.filter(|slot| slot.state == State::Pending);
        Ok(slot.map(|s| Pending { request, signed: s.signed, statements: s.statements }))
    }

    /// The signatures made so far of a request, in order.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn signatures(
        &self,
        request: RequestId,
        load: &dyn Fn(u64) -> Option<Entry>,
    ) -> Result<Vec<SignatureBlock>, ScratchError> {
        let id = *request.0.as_bytes();
        let made = self.slot(request)?.map_or(0, |slot| slot.signed);
        let mut blocks = Vec::new();
        for entry in self.index.table(SIGNATURES)?.range((id, 0)..(id, made))? {
            match load(entry?.1.value()).map(|entry| entry.event) {
                Some(Event::Signed { signature, .. }) => blocks.push(signature),
                _ => break,
            }
        }
        Ok(blocks)
    }

    /// The sealed signature of a request, and SHA-256 of what it holds.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn sealed(
        &self,
        request: RequestId,
        load: &dyn Fn(u64) -> Option<Entry>,
    ) -> Result<Option<(Sha256, SealedMessage)>, ScratchError> {
        let signatures = self.index.table(SIGNATURES)?;
        let offset = signatures.get((*request.0.as_bytes(), 0))?.map(|offset| offset.value());
        let made = self.slot(request)?.is_some_and(|slot| slot.signed > 0);
        let entry = offset.filter(|_| made).and_then(load);
        Ok(match entry.map(|entry| entry.event) {
            Some(Event::Sealed { sha256, message, .. }) => Some((sha256, message)),
            _ => None,
        })
    }

    /// Where the consent to a request begins.
    ///
    /// # Errors
    /// [`ScratchError`] where the index cannot be read.
    pub fn consent_offset(&self, request: RequestId) -> Result<Option<u64>, ScratchError> {
        let slot = self.slot(request)?.filter(|slot| slot.state != State::Refused);
        Ok(slot.map(|slot| slot.offset))
    }
}

fn next<V: redb::Value + 'static>(
    table: &redb::Table<'_, [u8; 32], V>,
    after: Option<RequestId>,
) -> Result<Option<RequestId>, ScratchError> {
    use std::ops::Bound::{Excluded, Unbounded};
    let after = after.map(|request| *request.0.as_bytes());
    let from = after.as_ref().map_or(Unbounded, Excluded);
    let first = table.range::<&[u8; 32]>((from, Unbounded))?.next().transpose()?;
    Ok(first.map(|(id, _)| RequestId(Sha256::from(id.value()))))
}

fn reason(event: Event) -> Option<String> {
    match event {
        Event::Refused { violations, .. } => {
            Some(violations.into_iter().next().map(|v| v.reason).unwrap_or_default())
        }
        _ => None,
    }
}

fn decision(event: Event) -> Option<Decision> {
    let Event::Consented {
        request, master, operation, user_ids, version, created, expires, ..
    } = event
    else {
        return None;
    };
    let names = user_ids.into_iter().chain(version).collect();
    Some(Decision { request, master, created, kind: operation.kind(expires), names })
}
