//! What an audit finds: what is wrong, and what people explained.

use super::super::counters::Gap;
use crate::fingerprint::Fingerprint;
use crate::request::RequestId;
use crate::safe::Safe;
use crate::time::Timestamp;

/// Most findings, and most explanations, that are kept; those beyond are counted.
pub const MAX_FINDINGS: usize = 1_000;

/// Something in a journal that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry}: {what}")]
pub struct Finding {
    /// The number of the entry.
    pub entry: u64,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A journal begins with the set-up of its station, and sets up no other.
    #[error("a station is set up by the first entry of its journal, and by no other")]
    SetUp,
    /// A signature that nobody consented to before.
    #[error("request {} was signed without consent", .0.0.short())]
    NoConsent(RequestId),
    /// A request that was signed to its end before.
    #[error("request {} was signed to its end before", .0.0.short())]
    Again(RequestId),
    /// A signature out of its order.
    #[error("request {}: this is not the signature that comes next", .0.0.short())]
    Order(RequestId),
    /// A signature in no session with a card.
    #[error("a signature before the card's counter was read")]
    NoCounter,
    /// A signature by another master than the one on the card that was counted.
    #[error("a signature by {asked}, where the card of {counted} was counted")]
    OtherMaster {
        /// The master on the card.
        counted: Fingerprint,
        /// Who signed.
        asked: Fingerprint,
    },
    /// A request that is nowhere.
    #[error("request {} was signed, and its text is not on record", .0.0.short())]
    NoRequest(RequestId),
    /// Consent in other words than the request's.
    #[error("the journal says something else of request {} than the request does", .0.0.short())]
    Description(RequestId),
    /// Consent to something else.
    #[error("request {} asks for other signatures than were consented to", .0.0.short())]
    Statements(RequestId),
    /// A sealed signature that was to be open, or an open one that was to be sealed.
    #[error("request {}: only a master's own revocation is sealed, and always", .0.0.short())]
    Sealing(RequestId),
    /// A signature that is not the predicted one.
    #[error("request {}: {why}", request.0.short())]
    Signature {
        /// The request.
        request: RequestId,
        /// Why not.
        why: String,
    },
    /// A counter that nobody explained.
    #[error(
        "the counter of card {} is {} where the journal adds up to {}, and nobody explained it",
        Safe(&.0.card), .0.actual, .0.expected
    )]
    Counter(Gap),
    /// A master that is not the authority's, and never was.
    #[error("{0} is not one of the authority's masters")]
    Master(Fingerprint),
    /// A record that does not follow from the journal.
    #[error("the record is not the one that follows from this journal")]
    Record,
    /// A record that is dated before the entry above it, or after the one that announces it.
    #[error("the record is dated at another time than the entries around it")]
    RecordDate,
    /// A record's signature.
    #[error("the record's signature: {0}")]
    RecordSignature(String),
    /// A record's signature that was not announced by the entry before it.
    #[error("a record was signed that the entry before did not announce")]
    NotAnnounced,
}

/// Signatures that a journal does not know, and what a person said of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The number of the entry.
    pub entry: u64,
    /// When it was said.
    pub at: Timestamp,
    /// The card.
    pub card: String,
    /// How many there are; negative where the counter went back.
    pub unknown: i64,
    /// What was said (untrusted text).
    pub text: String,
}

/// The first findings, and the number of the others.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) more: u64,
}

impl Findings {
    pub(super) fn add(&mut self, entry: u64, what: Wrong) {
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(Finding { entry, what });
        } else {
            self.more += 1;
        }
    }

    /// Of a request with many signatures what is wrong with each of them is said once.
    pub(super) fn add_once(&mut self, entry: u64, what: Wrong) {
        if self.kept.last().is_none_or(|last| last.what != what) {
            self.add(entry, what);
        }
    }
}
