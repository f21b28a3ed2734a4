//! One question for many requests of one kind, none of which wants a person to know anything.

mod screen;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use redb::{ReadableTable as _, TableDefinition};

use countersign::digest::Sha256;
use countersign::exchange::ExchangeError;
use countersign::fingerprint::Fingerprint;
use countersign::journal;
use countersign::operation::{Agreement, Recertify};
use countersign::policy::rules::recertification::Standing;
use countersign::policy::{Context, Review, Verdict, Witness};
use countersign::request::RequestId;
use countersign::safe::{Safe, clip};
use countersign::scratch::{Scratch, ScratchError};
use countersign::time::Timestamp;

use super::{Consent, ConsentParts, clipped, signed_by, why};
use crate::console::Console;

/// The requests in the order in which they came: id, the name that each came under, and a line.
const ITEMS: TableDefinition<'_, u64, ([u8; 32], &[u8], &str)> = TableDefinition::new("items");
/// The same by id.
const IDS: TableDefinition<'_, [u8; 32], ()> = TableDefinition::new("ids");

/// Requests that are to be consented to together. Once it is asked about, nothing is added.
#[derive(Debug)]
pub struct Batch {
    tables: Scratch,
    count: usize,
    signatures: usize,
    masters: BTreeMap<(Fingerprint, Fingerprint), usize>,
    ends: Option<(Timestamp, Timestamp)>,
    endless: usize,
    agreements: Agreements,
}

/// How many requests carry on which agreement.
#[derive(Clone, Copy, Debug, Default)]
struct Agreements {
    in_force: usize,
    other: usize,
    none: usize,
}

/// A batch that a person consented to. Only [`Batch::ask`] makes one.
#[derive(Debug)]
pub struct Agreed {
    batch: Batch,
    how: journal::Consent,
}

/// What a person said of a batch.
#[derive(Debug)]
pub enum BatchAnswer {
    /// The number of requests: yes to all.
    Consent(Agreed),
    /// No to all, for this reason.
    Refused(Batch, String),
    /// Each is to be asked for by itself.
    Singly(Batch),
    /// Not now: the requests stay undecided.
    Later(Batch),
    /// The person is gone.
    Gone(Batch),
}

/// One request of a batch: which one, and where its text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    place: u64,
    /// The request.
    pub request: RequestId,
    /// Where its text is.
    pub source: Source,
}

/// Where a request's text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The courier brought it, under this name.
    Courier(OsString),
    /// At the station, since an earlier session.
    Kept,
}

impl Batch {
    /// An empty one, on the disk of `folder`.
    ///
    /// # Errors
    /// [`ScratchError`] where that is not writable.
    pub fn beside(folder: &Path) -> Result<Self, ScratchError> {
        Ok(Self {
            tables: Scratch::beside(folder)?,
            count: 0,
            signatures: 0,
            masters: BTreeMap::new(),
            ends: None,
            endless: 0,
            agreements: Agreements::default(),
        })
    }

    /// Whether a request may be consented to together with others: a recertification for which
    /// every rule holds without a warning, and no witness has to give a word.
    pub fn takes(review: &Review) -> bool {
        let holds = |f: &countersign::policy::Finding| matches!(f.verdict, Verdict::Holds(_));
        review.request().operation().as_any::<Recertify>().is_some()
            && review.findings().iter().all(holds)
            && review.signers().witness != Witness::Word
    }

    /// Adds a request that [`Batch::takes`], with the certifications that it rests on; whether it
    /// was added.
    ///
    /// # Errors
    /// [`ScratchError`] where the disk fails.
    pub fn add(
        &mut self,
        review: &Review,
        rests_on: &[Standing],
        in_force: &Agreement,
        source: &Source,
    ) -> Result<bool, ScratchError> {
        let request = review.request();
        let asked = request.operation().as_any::<Recertify>().filter(|_| Self::takes(review));
        let (Some(asked), Some(certificate)) = (asked, review.certificate()) else {
            return Ok(false);
        };
        if self.tables.table(IDS)?.insert(request.id().0.as_bytes(), ())?.is_some() {
            return Ok(false);
        }
        let ids: Vec<String> =
            asked.user_ids.iter().map(|id| Safe(&clip(id)).to_string()).collect();
        let line = format!("{}  {}", certificate.fingerprint(), ids.join("; "));
        let name = match source {
            Source::Courier(name) => name.as_encoded_bytes(),
            Source::Kept => &[],
        };
        let row = (*request.id().0.as_bytes(), name, line.as_str());
        self.tables.table(ITEMS)?.insert(self.count as u64, row)?;
        self.count += 1;
        self.signatures += review.statements().len();
        let mut from: Vec<Fingerprint> = rests_on.iter().map(|s| s.master).collect();
        from.sort();
        from.dedup();
        for master in from {
            *self.masters.entry((master, request.master())).or_default() += 1;
        }
        match asked.expires {
            Some(at) => {
                let (first, last) = self.ends.unwrap_or((at, at));
                self.ends = Some((first.min(at), last.max(at)));
            }
            None => self.endless += 1,
        }
        match &asked.agreement {
            Some(agreement) if agreement == in_force => self.agreements.in_force += 1,
            Some(_) => self.agreements.other += 1,
            None => self.agreements.none += 1,
        }
        Ok(true)
    }

    /// How many requests there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The request after `item`; the very first where none is given.
    ///
    /// # Errors
    /// [`ScratchError`] where the disk fails.
    pub fn item_after(&self, item: Option<&Item>) -> Result<Option<Item>, ScratchError> {
        let place = item.map_or(0, |item| item.place + 1);
        let items = self.tables.table(ITEMS)?;
        let row = items.get(place)?;
        Ok(row.map(|row| {
            let (id, name, _) = row.value();
            let source = match name {
                [] => Source::Kept,
                name => Source::Courier(OsString::from_vec(name.to_vec())),
            };
            Item { place, request: RequestId(Sha256::from(id)), source }
        }))
    }

    /// The digest that names the set of requests ([`RequestId::digest_of_all`]).
    ///
    /// # Errors
    /// [`ScratchError`] where the disk fails.
    pub fn digest(&self) -> Result<Sha256, ScratchError> {
        let ids = self.tables.table(IDS)?;
        let ids = ids.iter()?.map(|row| row.map(|(id, _)| RequestId(Sha256::from(id.value()))));
        Ok(RequestId::digest_of_all(ids)?)
    }

    /// Shows what the batch is, and asks for the number of its requests. `list` is where all of
    /// them can be read.
    ///
    /// # Errors
    /// Where console or disk fail.
    pub fn ask(
        self,
        context: &Context<'_>,
        list: Option<&Path>,
        console: &mut impl Console,
    ) -> Result<BatchAnswer, BatchError> {
        console.show(&self.screen(context, list)?);
        let count = self.count.to_string();
        loop {
            let question = format!(
                "\nRECERTIFY {count} developers\nType their number to consent to all, List to page \
                 through them, Singly to be asked\nfor each, No to refuse all, Later to leave \
                 them: "
            );
            match console.ask(&question)?.as_deref() {
                Some(typed) if typed == count => {
                    let how = console.consent();
                    return Ok(BatchAnswer::Consent(Agreed { batch: self, how }));
                }
                Some("List") => self.page_through(console)?,
                Some("Singly") => return Ok(BatchAnswer::Singly(self)),
                Some("Later") => return Ok(BatchAnswer::Later(self)),
                Some("No") => {
                    return Ok(match why(console)? {
                        Some(reason) => BatchAnswer::Refused(self, clipped(&reason)),
                        None => BatchAnswer::Gone(self),
                    });
                }
                Some(typed) if !typed.is_empty() && typed.bytes().all(|b| b.is_ascii_digit()) => {
                    console.show("That is not their number: nothing is consented to.\n");
                }
                Some(_) => console.show("Nothing but their number and these words counts.\n"),
                None => return Ok(BatchAnswer::Gone(self)),
            }
        }
    }
}

impl Agreed {
    /// What was agreed to.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The consent to one request of the batch; the review back where the batch does not have it,
    /// or a rule wants a person to know something by now.
    ///
    /// # Errors
    /// [`ScratchError`] where the disk fails.
    pub fn consent(&self, review: Review) -> Result<Result<Consent, Box<Review>>, ScratchError> {
        let id = review.request().id();
        let inside = self.batch.tables.table(IDS)?.get(id.0.as_bytes())?.is_some();
        Ok(if inside && Batch::takes(&review) {
            Ok(Consent(ConsentParts { witness: signed_by(&review), review, how: self.how }))
        } else {
            Err(Box::new(review))
        })
    }
}

/// Why a batch could not be asked about.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The working space.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// The terminal.
    #[error("the console failed")]
    Console(#[from] io::Error),
    /// The list.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}
